// How far weights moved between two checkpoints (measurements.md §4).
internal import CKernels
public import Tensors

/// The change of a tensor, or of a layer, between two checkpoints.
public struct WeightUpdate: Sendable, Hashable {
  /// ‖ΔW‖/‖W‖, W the earlier weights.
  public let relativeNorm: Double
  /// ⟨W₁, W₂⟩/(‖W₁‖‖W₂‖), in [−1, 1]; nil when the later weights are all zero.
  public let cosine: Double?
  /// Standard error of `relativeNorm` and `cosine` when they were taken from projections, as a
  /// share of `relativeNorm` (and, for the cosine, of 1 − cosine); nil when exact.
  public let relativeError: Double?

  /// The exact change between two tensors of one shape.
  public static func between(_ earlier: Tensor, _ later: Tensor) -> Measured<WeightUpdate> {
    guard earlier.shape == later.shape else {
      return .absent("the shape changed from \(earlier.shape) to \(later.shape)")
    }
    let count = earlier.values.count
    return earlier.values.withUnsafeBufferPointer { a in
      later.values.withUnsafeBufferPointer { b in
        of(
          earlierSquare: ck_sum_of_squares(a.baseAddress, count),
          laterSquare: ck_sum_of_squares(b.baseAddress, count),
          distanceSquare: ck_squared_distance(a.baseAddress, b.baseAddress, count),
          relativeError: nil)
      }
    }
  }

  /// ‖W₂ − W₁‖², which adds up over the tensors of a layer and is defined also when the earlier
  /// weights are zero, as biases are at the start; nil when the shapes differ or it is not finite.
  public static func squaredDistance(_ earlier: Tensor, _ later: Tensor) -> Double? {
    guard earlier.shape == later.shape else { return nil }
    let square = earlier.values.withUnsafeBufferPointer { a in
      later.values.withUnsafeBufferPointer { b in
        ck_squared_distance(a.baseAddress, b.baseAddress, a.count)
      }
    }
    return square.isFinite ? square : nil
  }

  /// The change from squared norms, which add up over the tensors of a layer.
  ///
  /// The cosine is formed from the distance, 1 − (d² − (‖a‖ − ‖b‖)²)/(2‖a‖‖b‖), which keeps its
  /// precision where it matters: near 1.
  static func of(
    earlierSquare: Double, laterSquare: Double, distanceSquare: Double, relativeError: Double?
  ) -> Measured<WeightUpdate> {
    guard earlierSquare.isFinite, laterSquare.isFinite, distanceSquare.isFinite else {
      return .absent("a weight, or its square, is not finite")
    }
    guard earlierSquare > 0 else { return .absent("the earlier weights are all zero") }
    let a = earlierSquare.squareRoot()
    let b = laterSquare.squareRoot()
    let gap = max(0, distanceSquare - (a - b) * (a - b))
    return .known(
      WeightUpdate(
        relativeNorm: distanceSquare.squareRoot() / a,
        cosine: b > 0 ? max(-1, 1 - gap / (2 * a * b)) : nil, relativeError: relativeError))
  }
}
