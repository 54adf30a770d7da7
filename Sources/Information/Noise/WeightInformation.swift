// Information in the weights at a tolerance (measurements.md §3): the information Lagrangian of
// Achille, Paolini and Soatto (2019) with Gaussian noise and the best prior per layer.
internal import Glibc

/// The information in a network's weights at one tolerance.
///
/// With Q = N(w, diag σ²), P = N(0, λ_l² I) per layer, h the curvature of the mean loss and
/// s_i = λ_l² h_i/β:
///
///     σ_i² = λ_l²/(1 + s_i),   λ_l² = mean(w² + σ²),   KL(Q‖P) = ½ Σ ln(1 + s_i)
///     predicted rise of the loss = ½ Σ h σ² = (β/2) Σ s/(1+s)
///
/// β is solved so that the predicted rise over all layers is the tolerance. This is the convention
/// of measurements.md §3, in which KL has the factor ½ and the loss is a mean. The number is a code
/// length at a tolerance.
public struct WeightInformation: Sendable {
  /// One layer's share of it.
  public struct Layer: Sendable {
    /// The module's name.
    public let name: String
    /// The number of weights.
    public let parameters: Int
    /// ½ Σ log2(1 + s_i); zero when `reason` says why there is nothing to measure.
    public let informationBits: Double
    /// √(mean σ²)/rms(w): the relative noise that the layer bears. Nil without information.
    public let noiseBudget: Double?
    /// 20 log10 of it: the noise against the weights in decibels. Nil without information.
    public var noiseBudgetDecibels: Double? { noiseBudget.map { 20 * log10($0) } }
    /// λ², the prior variance that costs least. Nil without information.
    public let priorVariance: Double?
    /// Its part of the predicted rise, nats.
    public let predictedRise: Double
    /// Why the layer's information is zero, if it is for a reason.
    public let reason: String?
  }

  /// The rise of the loss that was allowed, nats.
  public let toleranceNats: Double
  /// The Lagrangian's multiplier.
  public let beta: Double
  /// (β/2) Σ s/(1+s), nats: the tolerance, but for rounding.
  public let predictedRise: Double
  /// Sum over the layers.
  public let informationBits: Double
  /// In the order given.
  public let layers: [Layer]

  /// The information at one tolerance.
  ///
  /// - Returns: absent when no layer has both weights and finite positive curvature, or the
  ///   tolerance is not positive. A layer that has none counts as 0 bits and says why.
  public static func at(
    toleranceNats: Double, layers: [WeightedLayer]
  ) -> Measured<WeightInformation> {
    curve(tolerancesNats: [toleranceNats], layers: layers).first?.information
      ?? .absent("no tolerance")
  }

  /// Tolerances of the reported curve: 0.001 to 0.1 nats, four to the decade.
  public static let standardTolerancesNats: [Double] = (0...8).map {
    pow(10, -3 + Double($0) / 4)
  }

  /// The information at several tolerances: the rate–distortion curve of the weights.
  ///
  /// - Complexity: about ten passes over the weights a tolerance.
  public static func curve(
    tolerancesNats: [Double], layers: [WeightedLayer]
  ) -> [(toleranceNats: Double, information: Measured<WeightInformation>)] {
    var solver = NoiseSolver(layers)
    return tolerancesNats.map { ($0, solver.information(toleranceNats: $0)) }
  }
}
