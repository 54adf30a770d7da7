/// The line of least squares through the newest of many points. Every point enters and leaves once, so that
/// one more costs the same in a long series as in a short one. A place before the last begins a new line.
struct RecentLine: Sendable {
  /// How far before the newest place a point still counts.
  let span: Double
  /// How many points count however far back they lie.
  let least: Int

  private var points: ArraySlice<(x: Double, y: Double)> = []
  /// What `sums` are relative to: they would lose digits far from zero.
  private var origin = (x: 0.0, y: 0.0)
  private var sums = (x: 0.0, y: 0.0, xx: 0.0, xy: 0.0, yy: 0.0)

  init(span: Double, least: Int = 1) {
    self.span = span
    self.least = least
  }

  /// How many points the line is drawn through.
  var count: Int { points.count }

  mutating func append(x: Double, y: Double) {
    if let last = points.last, x < last.x { removeAll() }
    if points.isEmpty {
      origin = (x, y)
      sums = (0, 0, 0, 0, 0)
    }
    points.append((x, y))
    add((x, y), times: 1)
    while points.count > least, let oldest = points.first, oldest.x < x - span - 1e-9 {
      add(points.removeFirst(), times: -1)
    }
  }

  mutating func removeAll() { points = [] }

  private mutating func add(_ point: (x: Double, y: Double), times sign: Double) {
    let (x, y) = (point.x - origin.x, point.y - origin.y)
    sums.x += sign * x
    sums.y += sign * y
    sums.xx += sign * x * x
    sums.xy += sign * x * y
    sums.yy += sign * y * y
  }

  /// Sums of squares and products around the means; nil where all places are one.
  private var centred: (xx: Double, xy: Double, yy: Double)? {
    let n = Double(count)
    let xx = sums.xx - sums.x * sums.x / n
    guard count >= 2, xx > 1e-12 * sums.xx else { return nil }
    return (xx, sums.xy - sums.x * sums.y / n, sums.yy - sums.y * sums.y / n)
  }

  /// Its slope; nil where the places do not tell one.
  var slope: Double? { centred.map { $0.xy / $0.xx } }

  /// The slope's standard error; nil with fewer than three points.
  var slopeError: Double? {
    guard count >= 3, let (xx, xy, yy) = centred else { return nil }
    return (max(yy - xy * xy / xx, 0) / Double(count - 2) / xx).squareRoot()
  }
}
