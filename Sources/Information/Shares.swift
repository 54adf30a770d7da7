// Which layer holds which share of the information (SCIENCE.md §5.1).
internal import Glibc

/// Information per layer and example at one checkpoint.
public struct LayerContributions: Sendable, Hashable {
  /// The layers' names, in forward order.
  public let layers: [String]
  /// N.
  public let examples: Int
  /// `[layers, examples]`.
  public let values: [Double]

  /// Wraps values; `values.count` must be the product of the other two.
  public init(layers: [String], examples: Int, values: [Double]) {
    precondition(values.count == layers.count * examples, "one value a layer and example")
    self.layers = layers
    self.examples = examples
    self.values = values
  }

  /// Each layer's mean over the examples.
  public var means: [Double] {
    layers.indices.map { l in
      values[l * examples..<(l + 1) * examples].reduce(0, +) / Double(max(examples, 1))
    }
  }
}

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
