// A run's lives: a training that is resumed, or begun again, and writes steps anew starts the next.

/// Where the lives of a run begin in its trajectory.
struct Lives {
  private let rows: [TrajectoryRow]
  private var starts: [(index: Int, step: Int)] = []

  /// - Parameter rows: by segment and step, then those without a step, which are of no life.
  init(_ rows: [TrajectoryRow]) {
    self.rows = rows
    for (index, row) in rows.enumerated() {
      guard let step = row.step else { continue }
      if let last = starts.last, rows[last.index].segment == row.segment { continue }
      starts.append((index, step))
    }
  }

  /// The checkpoints of each life.
  var each: [[TrajectoryRow]] {
    starts.map { start in
      Array(
        rows[start.index...].prefix { $0.step != nil && $0.segment == rows[start.index].segment })
    }
  }

  /// How each life but the first began, in words, by the position of its first checkpoint.
  var beginnings: [Int: String] {
    var words: [Int: String] = [:]
    var earliest = starts.first?.step ?? 0
    for start in starts.dropFirst() {
      // Nobody resumes from before the first checkpoint there ever was.
      let began = start.step > earliest ? "resumed" : "begun again"
      words[start.index] = "\(began) at step \(start.step)"
      earliest = min(earliest, start.step)
    }
    return words
  }

  /// How the last of several lives began.
  var lastBeginning: String? { starts.last.flatMap { beginnings[$0.index] } }
}
