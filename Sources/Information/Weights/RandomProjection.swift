// Seeded random projections of tensors: how far weights moved when the earlier file may be gone.
internal import CKernels

/// A count sketch of a tensor (Charikar, Chen and Farach-Colton 2002; a Johnson–Lindenstrauss map
/// by Weinberger et al. 2009) with its exact norm.
///
/// Every element is added under a random sign to one of `width` buckets; the map is linear, so the
/// difference of two sketches is the sketch of the difference, and its squared norm is that of the
/// difference with relative standard error √(2/width). Tensors with at most `width` elements are
/// kept whole, and exact.
public struct RandomProjection: Sendable, Hashable {
  /// Buckets for tensors that are larger: 2.2 % error of a squared norm is 1.1 % of a norm.
  public static let standardWidth = 4096

  /// Elements of the tensor.
  public let count: Int
  /// What the signs and buckets hang on.
  public let seed: UInt64
  /// ‖W‖², exact.
  public let square: Double
  /// The sketch, or the tensor itself.
  public let values: [Float]

  /// Rebuilds a projection that was stored.
  public init(count: Int, seed: UInt64, square: Double, values: [Float]) {
    self.count = count
    self.seed = seed
    self.square = square
    self.values = values
  }

  /// Projects a tensor.
  ///
  /// - Parameters:
  ///   - seed: the same for all checkpoints of a run; different for its tensors.
  ///   - width: a power of two.
  /// - Complexity: one pass.
  public init(of values: [Float], seed: UInt64, width: Int = standardWidth) {
    var meter = ProjectionMeter(count: values.count, seed: seed, width: width)
    values.withUnsafeBufferPointer { meter.add($0) }
    self = meter.projection()
  }

  /// ‖W‖² of a tensor, in float64.
  public static func square(of values: [Float]) -> Double {
    values.withUnsafeBufferPointer { square(of: $0) }
  }

  static func square(of values: UnsafeBufferPointer<Float>) -> Double {
    ck_sum_of_squares(values.baseAddress, values.count)
  }

  /// The change to a later checkpoint's projection of the same tensor.
  ///
  /// - Returns: absent when the two are not of one tensor, seed and width.
  public func update(to later: RandomProjection) -> Measured<WeightUpdate> {
    guard count == later.count, values.count == later.values.count, seed == later.seed else {
      return .absent("the projections are not of the same tensor")
    }
    let distance = squaredDistance(values, later.values)
    // Half the relative error of a square is that of its root.
    let error = count > values.count ? (0.5 / Double(values.count)).squareRoot() : nil
    return WeightUpdate.of(
      earlierSquare: square, laterSquare: later.square, distanceSquare: distance,
      relativeError: error)
  }

  /// ‖W₂ − W₁‖² to a later projection of the same tensor, which adds up over the tensors of a layer
  /// and is defined also when the earlier weights are zero; nil when the projections do not match
  /// or it is not finite. Its relative standard error is √(2/width), zero for a tensor kept whole.
  public func squaredDistance(to later: RandomProjection) -> Double? {
    guard count == later.count, values.count == later.values.count, seed == later.seed else {
      return nil
    }
    let square = squaredDistance(values, later.values)
    return square.isFinite ? square : nil
  }

  private func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { ck_squared_distance(a.baseAddress, $0.baseAddress, a.count) }
    }
  }
}
