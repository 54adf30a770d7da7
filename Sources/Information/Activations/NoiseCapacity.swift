// The capacity of a layer's output as a noisy Gaussian channel (measurements.md §5.3).
internal import Glibc
internal import LinearAlgebra

/// ½ log2 det(I + Σ_T/σ²), Σ_T the covariance of the recorded activations over the examples.
public struct NoiseCapacity: Sendable, Hashable {
  /// Bits, at the noise level below.
  public let bits: Double
  /// σ as a share of the layer's root mean square activation.
  public let noiseToRMS: Double
  /// Whether there are no more features than N − 1 examples can span; when false, more examples
  /// would raise the number.
  public let spansFeatures: Bool

  /// Measures a recording.
  ///
  /// The determinant is taken on the examples' side: det(I + XᵀX/((N−1)σ²)) over features is
  /// det(I + XXᵀ/((N−1)σ²)) over examples.
  ///
  /// - Parameter noiseToRMS: the noise that each feature is thought to bear.
  /// - Returns: absent below two examples and for a layer that is all zero.
  public static func of(
    _ gram: ExampleGram, noiseToRMS: Double = 0.1
  ) -> Measured<NoiseCapacity> {
    let n = gram.examples
    guard n >= 2 else { return .absent("one example has no covariance") }
    let noise = noiseToRMS * gram.rootMeanSquare
    guard noise > 0, (noise * noise).isNormal else { return .absent("the layer's output is zero") }
    let scale = 1 / (Double(n - 1) * noise * noise)
    var matrix = gram.values.map { Double($0) * scale }
    for i in 0..<n { matrix[i * n + i] += 1 }
    guard let nats = logDeterminant(positiveDefinite: matrix, order: n) else {
      return .absent("its covariance is not positive definite in single precision")
    }
    return .known(
      NoiseCapacity(
        bits: max(0, nats / 2 / M_LN2), noiseToRMS: noiseToRMS,
        spansFeatures: gram.features <= n - 1))
  }
}
