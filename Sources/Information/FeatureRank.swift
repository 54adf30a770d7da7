// How many directions a layer's features use (measurements.md §5.4): a network that loses plasticity
// uses fewer (Kumar et al. 2021; Dohare et al. 2024).
internal import LinearAlgebra
public import Tensors

/// Ranks of a layer's recording, from the singular values of the features as they are, not centred.
public struct FeatureRank: Sendable, Hashable {
  /// e^H of the singular values as shares of their sum (Roy and Vetterli 2007).
  public let effectiveRank: Double
  /// Singular values, from the largest, that make 99 % of their sum: srank_0.01 of Kumar et al. 2021.
  public let srank99: Int
  /// The most that either could be: the smaller of examples and features.
  public let greatest: Int

  /// Measures a recording.
  ///
  /// - Parameters:
  ///   - recording: `[N, features]`.
  ///   - maximumFeatures: wider recordings are not decomposed: a convolution's maps are no features.
  /// - Returns: absent for a wider one, a layer that is all zero, and values that are not finite.
  public static func of(
    _ recording: Tensor, maximumFeatures: Int = 8192
  ) -> Measured<FeatureRank> {
    guard recording.shape.rank == 2, recording.shape.count > 0 else {
      return .absent("the recording is empty")
    }
    let (examples, features) = (recording.shape.dimensions[0], recording.shape.dimensions[1])
    guard features <= maximumFeatures else {
      return .absent("\(features) features, above \(maximumFeatures)")
    }
    guard let sigma = singularValues(recording.values, rows: examples, columns: features) else {
      return .absent("an activation is not finite")
    }
    guard let top = sigma.first, top > 0, top.isFinite else {
      return .absent("the layer's output is zero")
    }
    return .known(
      FeatureRank(
        effectiveRank: Spectrum.effectiveRank(sigma), srank99: Spectrum.srank99(sigma),
        greatest: min(examples, features)))
  }
}
