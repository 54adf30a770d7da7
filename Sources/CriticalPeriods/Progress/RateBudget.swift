import Glibc

/// What a run has spent of its learning rate and what its schedule leaves, both in steps at the present
/// rate.
///
/// What is left is extrapolated from the rates seen: log(rate) to second order over the last half of the
/// stretch of smooth decay. That is exact for an exponential schedule and, until it is half through, up
/// to 1.4 times too long for a cosine and 1.6 for a linear one; a constant rate leaves any number of
/// steps. An abrupt change (a step of the schedule, a restart) begins a new stretch and counts neither
/// way: rates are taken as if it had not happened.
struct RateBudget: Sendable {
  /// Rates of the present stretch, thinned out evenly as it grows.
  private var stretch: [(step: Double, log: Double)] = []
  private var stride = 1
  private var seen = 0
  private var last: (step: Double, rate: Double)?
  /// The product of the abrupt changes' factors.
  private var level = 1.0

  /// The sum of the rates, abrupt changes taken out; of steps while no rate is known.
  private(set) var sum = 0.0
  /// Steps at the present rate that would have spent as much.
  private(set) var spent = 0.0
  /// Steps at the present rate that the schedule leaves; infinite where none is in sight.
  private(set) var left = Double.infinity

  /// How many rates are kept.
  private static let capacity = 64

  /// - Parameter start: the step at which nothing is spent yet.
  init(start: Int) { origin = Double(start) }

  private let origin: Double

  /// Takes the rate of the newest checkpoint into account.
  ///
  /// - Parameter change: the abrupt change that led there, if it was one.
  mutating func observe(step: Int, rate: Double?, change: ScheduleWatch.Change?) {
    let step = Double(step)
    guard step >= origin, let rate = rate ?? last?.rate else {
      sum = max(step - origin, 0)
      spent = sum
      return
    }
    if let change, change.before > 0, change.after > 0 {
      // Hundreds of restarts, each with its decay, must not leave what can be counted.
      level = min(max(level * (change.after / change.before), 1e-100), 1e100)
      stretch = []
    }
    let even = rate / level
    if let last {
      sum += (step - last.step) * (even + (change == nil ? last.rate / level : even)) / 2
    } else {
      sum = (step - origin) * even
    }
    spent = even > 0 ? sum / even : .infinity
    if rate > 0 {
      keep(step, log(rate))
      left = extrapolated(from: step)
    } else {
      left = 0
    }
    last = (step, rate)
  }

  private mutating func keep(_ step: Double, _ log: Double) {
    if let before = stretch.last, log > before.log + 1e-9 { stretch = [] }
    if stretch.isEmpty { (stride, seen) = (1, 0) }
    // Every `stride`-th one stays; the newest stands until the next one comes.
    if seen % stride != 0 { stretch.removeLast() }
    seen += 1
    stretch.append((step, log))
    if stretch.count == Self.capacity, seen % stride == 0 {
      stretch = stretch.indices.filter { $0 % 2 == 1 }.map { stretch[$0] }
      stride *= 2
      seen = 0
    }
  }

  /// ∫ exp(−g s − h s²/2) ds over s > 0, with −g and −h the slope and curvature of log(rate) now.
  private func extrapolated(from step: Double) -> Double {
    guard let first = stretch.first else { return .infinity }
    let middle = (first.step + step) / 2
    var recent = stretch.filter { $0.step >= middle }
    if recent.count < 4 { recent = stretch.suffix(4) }
    guard let oldest = recent.first, oldest.step < step, oldest.log > stretch[stretch.count - 1].log
    else { return .infinity }
    let unit = step - oldest.step
    let points = recent.map { (x: ($0.step - step) / unit, y: $0.log) }
    var (slope, curvature) = (leastSquaresSlope(points) ?? 0, 0.0)
    if points.count > 3, let parabola = Parabola(points), parabola.curvature < 0 {
      (slope, curvature) = (parabola.slope, parabola.curvature)
    }
    let (g, h) = (max(-slope, 0), -curvature)
    // A curvature that does not show within the e-fold of the rate is none.
    guard h > 1e-3 * g * g else { return g > 0 ? unit / g : .infinity }
    return unit * (Double.pi / (2 * h)).squareRoot() * scaledErfc(g / (2 * h).squareRoot())
  }
}

/// The parabola of least squares, by its derivatives at x = 0.
private struct Parabola {
  let slope: Double
  let curvature: Double

  /// Nil for fewer than three places.
  init?(_ points: [(x: Double, y: Double)]) {
    // Normal equations of 1, x, x², after the constant is taken out of each.
    let n = Double(points.count)
    let mean = { (value: (Double, Double) -> Double) in
      points.reduce(0) { $0 + value($1.x, $1.y) } / n
    }
    let (x, xx, y) = (mean { x, _ in x }, mean { x, _ in x * x }, mean { _, y in y })
    let a = mean { u, _ in (u - x) * (u - x) }
    let b = mean { u, _ in (u - x) * (u * u - xx) }
    let c = mean { u, _ in (u * u - xx) * (u * u - xx) }
    let p = mean { u, v in (u - x) * (v - y) }
    let q = mean { u, v in (u * u - xx) * (v - y) }
    let determinant = a * c - b * b
    guard determinant > 1e-12 * a * c else { return nil }
    slope = (c * p - b * q) / determinant
    curvature = 2 * (a * q - b * p) / determinant
  }
}

/// exp(x²) erfc(x) for x ≥ 0, which stays finite where its factors do not.
private func scaledErfc(_ x: Double) -> Double {
  guard x > 5 else { return exp(x * x) * erfc(x) }
  // 1/(x√π) · (1 − 1/2x² + 3/4x⁴), to 1e-4 of itself from 5 on.
  let s = 1 / (2 * x * x)
  return (1 - s + 3 * s * s) / (x * Double.pi.squareRoot())
}
