/// The slope of the line of least squares; nil where the places do not tell one.
func leastSquaresSlope(_ points: [(x: Double, y: Double)]) -> Double? {
  let n = Double(points.count)
  let meanX = points.reduce(0) { $0 + $1.x } / n
  let meanY = points.reduce(0) { $0 + $1.y } / n
  let xx = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
  let xy = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
  return xx > 0 ? xy / xx : nil
}
