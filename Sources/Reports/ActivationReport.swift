// What a layer puts out on the probe, in a checkpoint's report (measurements.md §5).

/// A layer's recorded output in summary.
public struct ActivationReport: Codable, Sendable {
  /// Numbers that one example's output has.
  public var features: Int
  /// ½ log2 det(I + Σ/σ²) at σ = 0.1 of the layer's RMS, bits.
  public var capacityBits: Quantity
  /// True when that is within 10 % of log2 of the examples, or above: more examples would raise it.
  public var saturated: Bool?
  /// Σ over features of E(∂ log p/∂T_j)²·Var T_j, nats²: how much the prediction depends on what
  /// the layer says of the example.
  public var activationFisher: Quantity?
  /// exp of the entropy of the recording's singular values as shares.
  public var effectiveRank: Quantity
  /// Singular values of the recording that make 99 % of their sum.
  public var srank99: Quantity
  /// Units of the layer, where a nonlinearity follows it directly.
  public var units: Int?
  /// Share of units whose mean |output| after the nonlinearity is at most 0.025 of the layer's mean.
  public var dormantFraction: Quantity?
  /// Share of units that are zero after it for every example.
  public var deadFraction: Quantity?

  private enum CodingKeys: String, CodingKey {
    case features, capacityBits, saturated, activationFisher, effectiveRank
    case srank99 = "srank_99"
    case units, dormantFraction, deadFraction
  }

  /// Creates a section of what every recording gives.
  public init(
    features: Int, capacityBits: Quantity, saturated: Bool?, effectiveRank: Quantity,
    srank99: Quantity
  ) {
    self.features = features
    self.capacityBits = capacityBits
    self.saturated = saturated
    self.effectiveRank = effectiveRank
    self.srank99 = srank99
  }
}
