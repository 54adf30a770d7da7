import CriticalPeriods
import Pipeline
import Reports

extension Timeline {
  /// The comparable points, with the mean over layers of the cosine distance to the first of each
  /// segment: only a baseline asks for it.
  var pointsWithRotation: [SeriesPoint] {
    entries.filter(\.isComparable).map { entry in
      var point = entry.point
      guard let first = entries.first(where: { $0.segment == entry.segment }) else { return point }
      let movement = Movement(
        to: entry.row.kept.projections, since: first.row.kept.projections,
        layers: entry.row.layers.count)
      let cosines = movement.layers.compactMap(\.cosine.value)
      if first.step == entry.step {
        point.rotation = 0
      } else if !cosines.isEmpty {
        point.rotation = 1 - cosines.reduce(0, +) / Double(cosines.count)
      }
      return point
    }
  }
}
