// Intervals of numbers, and quantiles of samples.

/// A closed interval of numbers.
public struct Interval: Sendable, Hashable {
  /// Its lower end.
  public let lower: Double
  /// Its upper end.
  public let upper: Double

  /// Creates an interval.
  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// The central interval of a sample that holds a share `mass` of it (linear interpolation
  /// between order statistics); nil of fewer than two values.
  static func percentile(_ sample: [Double], mass: Double) -> Interval? {
    let tail = (1 - mass) / 2
    guard let lower = quantile(sample, tail), let upper = quantile(sample, 1 - tail),
      sample.count > 1
    else { return nil }
    return Interval(lower: lower, upper: upper)
  }

  /// The quantile of a sample, linear between order statistics; nil of nothing.
  static func quantile(_ sample: [Double], _ probability: Double) -> Double? {
    guard !sample.isEmpty, sample.allSatisfy(\.isFinite) else { return nil }
    let sorted = sample.sorted()
    let position = probability * Double(sorted.count - 1)
    let below = min(max(Int(position), 0), sorted.count - 1)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }
}
