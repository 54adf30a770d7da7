// Where the error of a sampled trace comes from: too few examples, or too few labels drawn for each
// (measurements.md §1).

/// The two parts of a trace's standard error.
public struct SamplingError: Sendable, Hashable {
  /// What more labels an example would take away.
  public let labels: Double
  /// What only more examples would.
  public let examples: Double

  /// Whether drawing more labels would help more than measuring more examples.
  public var isDominatedByLabels: Bool { labels > examples }

  /// Splits an error from halves of the draws.
  ///
  /// With every example's trace A from its even draws and B from its odd ones, (A − B)² has the mean
  /// v(1/n₁ + 1/n₂), v the variance of one draw; the mean over all draws and examples has the variance
  /// v/(K N) of it. The rest of the variance over examples is the examples' own.
  ///
  /// - Parameters:
  ///   - totals: each example's trace, the mean over its K draws, `[N]`.
  ///   - evenParts: what the even draws have part in it: their sum divided by K, `[N]`.
  ///   - draws: K.
  /// - Returns: nil for fewer than two draws or examples.
  static func split(totals: [Double], evenParts: [Double], draws: Int) -> SamplingError? {
    let count = Double(totals.count)
    guard draws >= 2, totals.count >= 2, totals.count == evenParts.count,
      let error = Uncertain.mean(of: totals).value?.standardError
    else { return nil }
    let (even, odd) = (Double((draws + 1) / 2), Double(draws / 2))
    let all = Double(draws)
    let spread = zip(totals, evenParts).reduce(0) { sum, pair in
      let difference = pair.1 * all / even - (pair.0 - pair.1) * all / odd
      return sum + difference * difference
    }
    let variance = spread / count / (1 / even + 1 / odd) / all / count
    guard variance.isFinite else { return nil }
    return SamplingError(
      labels: min(variance, error * error).squareRoot(),
      examples: max(error * error - variance, 0).squareRoot())
  }

  /// The number of draws at which the total error would be `wanted`, if any number is enough.
  func draws(for wanted: Double, from draws: Int) -> Int? {
    let room = wanted * wanted - examples * examples
    guard room > 0 else { return nil }
    let needed = (Double(draws) * labels * labels / room).rounded(.up)
    return needed <= 1e6 ? max(Int(needed), draws) : nil
  }
}
