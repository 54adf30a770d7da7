import Glibc

/// The slope of log2 information against log2 step between consecutive checkpoints: what the
/// statistical baselines watch, because it is dimensionless and does not depend on the spacing.
func logDerivative(_ series: [SeriesPoint]) -> [(from: Int, step: Int, slope: Double)] {
  var before: (step: Int, x: Double, y: Double)?
  var found: [(from: Int, step: Int, slope: Double)] = []
  for point in series {
    guard point.step > 0, let information = point.information, information.isFinite,
      information > 0
    else { continue }
    let now = (step: point.step, x: log2(Double(point.step)), y: log2(information))
    if let before, now.x > before.x {
      found.append((before.step, now.step, (now.y - before.y) / (now.x - before.x)))
    }
    before = now
  }
  return found
}
