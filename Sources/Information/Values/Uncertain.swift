// A mean over the probe's examples with its standard error.

/// A number and how far it is from what more examples would give.
public struct Uncertain: Sendable, Hashable {
  /// The estimate.
  public let value: Double
  /// Its standard error over the examples, `sd / √N`; nil when the value is exact, or when one
  /// example cannot tell.
  public let standardError: Double?

  /// Creates a number with its error.
  public init(value: Double, standardError: Double?) {
    self.value = value
    self.standardError = standardError
  }

  /// The mean of one number per example, with its standard error.
  ///
  /// Examples were drawn once and are the same at every checkpoint, so this error says how far the
  /// value is from another probe's, not from the next checkpoint's. With sampled labels it
  /// includes their noise.
  public static func mean(of contributions: [Double]) -> Measured<Uncertain> {
    guard !contributions.isEmpty else { return .absent("the probe has no examples") }
    let count = Double(contributions.count)
    let mean = contributions.reduce(0, +) / count
    guard mean.isFinite else { return .absent("not finite on the probe") }
    guard count > 1 else { return .known(Uncertain(value: mean, standardError: nil)) }
    let squares = contributions.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = (squares / (count - 1) / count).squareRoot()
    guard error.isFinite else { return .absent("its spread over the examples is not finite") }
    return .known(Uncertain(value: mean, standardError: error))
  }
}
