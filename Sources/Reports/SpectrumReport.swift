// A matrix's singular values in summary, in a checkpoint's report (measurements.md §4).

/// Singular-value summaries of the layer's largest matrix, kernels flattened to out × in·k.
public struct SpectrumReport: Codable, Sendable {
  /// ‖W‖_F²/‖W‖₂².
  public var stableRank: Quantity
  /// exp of the entropy of σ/Σσ.
  public var effectiveRank: Quantity
  /// Number of singular values that make 99 % of Σσ.
  public var srank99: Quantity
  /// Power-law exponent of the tail of the eigenvalues of WᵀW.
  public var alpha: Quantity
  /// ‖W‖₂.
  public var spectralNorm: Quantity
  /// ‖W‖_F.
  public var frobeniusNorm: Quantity

  private enum CodingKeys: String, CodingKey {
    case stableRank, effectiveRank
    case srank99 = "srank_99"
    case alpha, spectralNorm, frobeniusNorm
  }

  /// Creates a section.
  public init(
    stableRank: Quantity, effectiveRank: Quantity, srank99: Quantity, alpha: Quantity,
    spectralNorm: Quantity, frobeniusNorm: Quantity
  ) {
    self.stableRank = stableRank
    self.effectiveRank = effectiveRank
    self.srank99 = srank99
    self.alpha = alpha
    self.spectralNorm = spectralNorm
    self.frobeniusNorm = frobeniusNorm
  }
}
