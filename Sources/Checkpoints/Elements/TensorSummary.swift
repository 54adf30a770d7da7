/// Sums over one tensor, taken in float64 without going through float32.
public struct TensorSummary: Sendable {
  /// The number of elements.
  public let count: Int
  /// Σ w over the finite elements.
  public let sum: Double
  /// Σ |w| over the finite elements.
  public let sumAbsolute: Double
  /// Σ w² over the finite elements.
  public let sumSquares: Double
  /// Elements that are not a number.
  public let nanCount: Int
  /// Elements that are infinite.
  public let infiniteCount: Int
  /// SHA-256 of type, extents and content in hexadecimal; nil when it was not asked for.
  public let digest: String?

  /// (Σ w²)^½, or nil when the tensor holds NaN or infinity, or the sum overflows.
  public var frobeniusNorm: Double? {
    guard nanCount == 0, infiniteCount == 0, sumSquares.isFinite else { return nil }
    return sumSquares.squareRoot()
  }

  /// Mean |w|, or nil when the tensor is empty or holds NaN or infinity.
  public var meanAbsolute: Double? {
    guard count > 0, nanCount == 0, infiniteCount == 0 else { return nil }
    return sumAbsolute / Double(count)
  }

  /// Whether it holds zeros and infinities alone, some of each: what is added to scores to mask some of them, and no
  /// weight.
  public var isMask: Bool {
    nanCount == 0 && infiniteCount > 0 && infiniteCount < count && sumAbsolute == 0
  }
}

/// What one pass over a checkpoint's weights tells.
public struct Survey: Sendable {
  /// One summary per tensor of the checkpoint, in its order.
  public let summaries: [TensorSummary]
  /// SHA-256 in hexadecimal over (name, type, shape, content) of all tensors, sorted by the bytes
  /// of their names: the same for the same weights in any container.
  public let digest: String
  /// What the checksums of the container say.
  public let findings: [Finding]
}

/// What one pass over an optimizer's moments tells.
public struct MomentsSurvey: Sendable {
  /// One summary per entry; nil where the optimizer keeps no first moment.
  public let first: [TensorSummary?]
  /// One summary per entry; its `sum` is the Σ v that the windowed second moment needs.
  public let second: [TensorSummary]
  /// What the checksums of the container say.
  public let findings: [Finding]
}
