import Testing

@testable import CriticalPeriods

@Suite("Least squares over the newest points")
struct RecentLineTests {
  @Test(
    "it is the line through the points in reach, whatever entered and left before",
    arguments: 1...20)
  func agreesWithTheSlowWay(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let uniform = { Double(random.next() >> 11) / Double(1 << 53) }
    let least = Int(1 + 4 * uniform())
    let span = 0.5 + uniform()
    var line = RecentLine(span: span, least: least)
    var all: [(x: Double, y: Double)] = []
    var x = 20 * uniform()
    for _ in 0..<500 {
      x += uniform() < 0.1 ? 0 : 0.2 * uniform() * uniform()
      all.append((x, 30 * uniform() - 0.7 * x))
      line.append(x: x, y: all[all.count - 1].y)
      let reach = all.filter { $0.x >= x - span - 1e-9 }
      let recent = reach.count >= least ? reach : all.suffix(least)
      #expect(line.count == recent.count, "seed \(seed)")
      guard let expected = leastSquaresSlope(recent) else { continue }
      let slope = try #require(line.slope, "seed \(seed)")
      #expect(abs(slope - expected) <= 1e-9 * (1 + abs(expected)), "seed \(seed)")
      guard recent.count >= 3 else { continue }
      let error = try #require(line.slopeError)
      let slow = standardError(recent, slope: expected)
      #expect(abs(error - slow) <= 1e-6 * (1 + slow), "seed \(seed)")
    }
  }

  private func standardError(_ points: [(x: Double, y: Double)], slope: Double) -> Double {
    let n = Double(points.count)
    let (x, y) = (
      points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n
    )
    let residuals = points.reduce(0) {
      let residual = $1.y - y - slope * ($1.x - x)
      return $0 + residual * residual
    }
    let spread = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    return (residuals / (n - 2) / spread).squareRoot()
  }

  @Test("one place has no slope, and a place before the last begins a new line")
  func needsTwoPlaces() {
    var line = RecentLine(span: 1)
    line.append(x: 7, y: 1)
    #expect(line.slope == nil)
    for y in 2...40 { line.append(x: 7, y: Double(y)) }
    #expect(line.slope == nil)
    #expect(line.slopeError == nil)
    line.append(x: 1, y: 0)
    line.append(x: 1.5, y: 2)
    #expect(line.count == 2)
    #expect(line.slope == 4)
    #expect(line.slopeError == nil)
  }
}

@Suite("The normal distribution")
struct NormalTests {
  @Test(
    "quantiles are those of the tables",
    arguments: [
      (0.5, 0.0), (0.75, 0.674490), (0.9, 1.281552), (0.975, 1.959964), (0.9995, 3.290527),
    ])
  func quantile(_ probability: Double, _ expected: Double) {
    #expect(abs(normalQuantile(probability) - expected) < 1e-5)
    #expect(abs(normalProbability(below: normalQuantile(probability)) - probability) < 1e-12)
  }
}
