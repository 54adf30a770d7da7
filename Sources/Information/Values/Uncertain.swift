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
    ratio(of: contributions, to: [Double](repeating: 1, count: contributions.count))
  }

  /// The sum of one number per example over the sum of another, as a mean over labels is where examples differ in
  /// how many they have; its standard error is the ratio estimator's (Cochran, *Sampling Techniques*, §6.3).
  ///
  /// - Parameter sizes: as many, none negative.
  static func ratio(of contributions: [Double], to sizes: [Double]) -> Measured<Uncertain> {
    guard !contributions.isEmpty else { return .absent("the probe has no examples") }
    let count = Double(contributions.count)
    let size = sizes.reduce(0, +)
    guard size > 0 else { return .absent("no label counts in the examples that were measured") }
    let value = contributions.reduce(0, +) / size
    guard value.isFinite else { return .absent("not finite on the probe") }
    guard count > 1 else { return .known(Uncertain(value: value, standardError: nil)) }
    let squares = zip(contributions, sizes).reduce(0) { sum, example in
      let residual = example.0 - value * example.1
      return sum + residual * residual
    }
    let error = (squares * count / (count - 1)).squareRoot() / size
    guard error.isFinite else { return .absent("its spread over the examples is not finite") }
    return .known(Uncertain(value: value, standardError: error))
  }
}
