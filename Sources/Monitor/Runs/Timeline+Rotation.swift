import CriticalPeriods
import Pipeline
import Reports

extension Timeline {
  /// The comparable points, with the mean over layers of the cosine distance to the first of each
  /// segment: only a baseline asks for it.
  var pointsWithRotation: [SeriesPoint] {
    entries.filter(\.isComparable).map { entry in
      var point = entry.point
      if let movement = entry.movementSinceFirst {
        let cosines = movement.layers.compactMap(\.cosine.value)
        if !cosines.isEmpty {
          point.rotation = 1 - cosines.reduce(0, +) / Double(cosines.count)
        }
      } else {
        point.rotation = 0
      }
      return point
    }
  }
}
