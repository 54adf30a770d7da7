import Glibc

/// How fast information rises with the step: the exponent a of I ∝ step^a over the last doubling.
struct InformationGrowth: Sendable {
  let exponent: Double
  let standardError: Double
  let checkpoints: Int

  /// Least squares of log I on log step over the checkpoints of the last doubling of the step (at
  /// least three, reaching further back if need be); nil when there are not that many.
  init?(_ history: [Observation]) {
    guard let now = history.last?.doublings else { return nil }
    var points: [(x: Double, y: Double)] = []
    for observation in history.reversed() {
      guard let x = observation.doublings, let information = observation.information else {
        continue
      }
      if x < now - 1 - 1e-9 && points.count >= 3 { break }
      points.append((x - now, log2(information)))
    }
    guard points.count >= 3 else { return nil }
    let n = Double(points.count)
    let meanX = points.reduce(0) { $0 + $1.x } / n
    let meanY = points.reduce(0) { $0 + $1.y } / n
    let xx = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
    let xy = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
    guard xx > 0 else { return nil }
    let slope = xy / xx
    let residual = points.reduce(0) {
      let r = $1.y - meanY - slope * ($1.x - meanX)
      return $0 + r * r
    }
    exponent = slope
    standardError = sqrt(residual / (n - 2) / xx)
    checkpoints = points.count
  }
}
