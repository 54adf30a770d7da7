// Which layer holds which share of the information (measurements.md §5.1).
internal import Glibc

/// A point on the simplex: s[l] = I_l / Σ I.
public struct Shares: Sendable, Hashable {
  /// In the order of the layers, adding up to one.
  public let values: [Double]

  /// The shares of non-negative amounts.
  ///
  /// - Returns: absent when one is negative or not finite, or all are zero.
  public static func of(_ amounts: [Double]) -> Measured<Shares> {
    let sum = amounts.reduce(0, +)
    guard sum.isFinite, amounts.allSatisfy({ $0 >= 0 }) else {
      return .absent("a layer's information is not finite and positive")
    }
    guard sum > 0 else { return .absent("no layer holds information") }
    return .known(Shares(values: amounts.map { $0 / sum }))
  }

  /// The shares of information per weight: I_l/n_l over their sum.
  public static func perWeight(_ amounts: [Double], counts: [Int]) -> Measured<Shares> {
    precondition(amounts.count == counts.count, "one count a layer")
    return of(zip(amounts, counts).map { $1 > 0 ? $0 / Double($1) : 0 })
  }

  /// The Jensen–Shannon divergence to other shares of the same layers, bits, in [0, 1].
  public func divergenceBits(to other: Shares) -> Double {
    precondition(values.count == other.values.count, "shares of the same layers")
    var sum = 0.0
    for (p, q) in zip(values, other.values) {
      let mean = (p + q) / 2
      if p > 0 { sum += p * log2(p / mean) / 2 }
      if q > 0 { sum += q * log2(q / mean) / 2 }
    }
    return min(max(sum, 0), 1)
  }
}
