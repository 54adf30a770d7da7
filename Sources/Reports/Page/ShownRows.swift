import Glibc

/// Which checkpoints of a long run are shown: so many, evenly in log(step), and wherever the state changes
/// or a life of the run begins or ends.
struct ShownRows {
  /// Positions in the trajectory, in its order.
  let indices: [Int]

  /// - Parameters:
  ///   - rows: the trajectory.
  ///   - slots: into how many pieces of equal length log(step) is cut; of each the first row is shown.
  init(_ rows: [TrajectoryRow], slots: Int) {
    guard rows.count > slots else {
      indices = Array(rows.indices)
      return
    }
    let places = rows.map { log(Double(max($0.step ?? 1, 1))) }
    let (low, high) = (places.min() ?? 0, places.max() ?? 0)
    let width = max(high - low, 1e-9) / Double(max(slots, 1))
    let slot = places.map { Int(($0 - low) / width) }
    indices = rows.indices.filter { index in
      index == 0 || index == rows.count - 1 || slot[index] != slot[index - 1]
        || rows[index].state != rows[index - 1].state
        || rows[index].segment != rows[index - 1].segment
        || rows[index].segment != rows[index + 1].segment
    }
  }
}
