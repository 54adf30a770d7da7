import Glibc

/// Baseline: layer rotation (Carbonnelle and De Vleeschouwer, 2018, arXiv 1806.01603), as it is used
/// to time the end of an early phase: the mean over layers of the cosine distance to the first
/// checkpoint, its slope over five points against the epoch scaled to 0 … 1; the period ends when
/// arctan of the slope falls below 45°.
///
/// The scale needs the length of the run, which no one knows online: without `lastStep` the length of
/// the series given is taken, an advantage over the other methods.
public struct LayerRotationDetector: EndDetector {
  /// Points of the regression.
  public var points: Int
  /// Slope at which it ends: tan 45°.
  public var slope: Double
  /// The run's last step.
  public var lastStep: Int?

  /// The baseline with these parameters.
  public init(points: Int = 5, slope: Double = 1, lastStep: Int? = nil) {
    self.points = points
    self.slope = slope
    self.lastStep = lastStep
  }

  /// `layer-rotation`.
  public var name: String { "layer-rotation" }

  /// The first point whose slope is below the limit, after one that was above.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    let distances = series.compactMap { point in
      point.rotation.flatMap { $0.isFinite ? (step: point.step, distance: $0) : nil }
    }
    guard points > 1, let last = lastStep ?? series.last?.step, last > 0 else { return nil }
    var wasFast = false
    for end in stride(from: points - 1, to: distances.count, by: 1) {
      let window = distances[(end - points + 1)...end]
      guard
        let steepness = leastSquaresSlope(
          window.map { (Double($0.step) / Double(last), $0.distance) })
      else { continue }
      if steepness >= slope {
        wasFast = true
      } else if wasFast {
        let now = distances[end].step
        return DetectedEnd(step: now, decidedAtStep: now)
      }
    }
    return nil
  }
}
