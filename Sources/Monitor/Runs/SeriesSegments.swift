import Reports

/// The rows of a run placed in order of the step, in segments.
///
/// A resumed run writes a step anew with other content: from there on it is another segment. Rows
/// may arrive in any order, so a step that merely goes back starts none.
struct SeriesSegments {
  struct Placed {
    let row: SeriesRow
    let segment: Int
    let step: Int
  }

  /// Rows with a step, by segment and step.
  let placed: [Placed]
  /// Rows without a step, or with one of another unit, in order of arrival: listed, never judged.
  let unplaced: [SeriesRow]

  /// - Parameter rows: in order of arrival.
  init(_ rows: [SeriesRow]) {
    let unit = StepUnit(rows)
    var segments: [Set<Int>] = [[]]
    var placed: [Placed] = []
    var unplaced: [SeriesRow] = []
    for row in rows {
      guard let step = row.step, unit.includes(row) else {
        unplaced.append(row)
        continue
      }
      let latest = segments.count - 1
      var segment = latest
      if segments[latest].contains(step) {
        segments.append([])
        segment += 1
      } else if latest > 0, let first = segments[latest].min(), step < first,
        !segments[latest - 1].contains(step)
      {
        // A late arrival from before the resumption.
        segment = latest - 1
      }
      segments[segment].insert(step)
      placed.append(Placed(row: row, segment: segment, step: step))
    }
    self.placed = placed.sorted { ($0.segment, $0.step) < ($1.segment, $1.step) }
    self.unplaced = unplaced
  }
}
