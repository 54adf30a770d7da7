// A layer's weights and the curvature of the loss in each: what measurements.md §3 starts from.

/// What measurements.md §3 needs of one layer.
public struct WeightedLayer: Sendable {
  /// One of the layer's arrays.
  public struct Segment: Sendable {
    /// The values, `[P]`.
    public let weights: [Float]
    /// Diagonal curvature, `[P]`, at least zero.
    public let curvature: [Float]

    /// Wraps two arrays of one length.
    public init(weights: [Float], curvature: [Float]) {
      precondition(weights.count == curvature.count, "one curvature for each weight")
      self.weights = weights
      self.curvature = curvature
    }
  }

  /// The module's name.
  public let name: String
  /// Its arrays.
  public let segments: [Segment]
  /// What `curvature` is multiplied by to be that of the mean loss: 1/positions when the curvature
  /// is a language model's Fisher diagonal, which is summed over positions.
  public let curvatureScale: Double

  /// Creates a layer.
  public init(name: String, segments: [Segment], curvatureScale: Double = 1) {
    self.name = name
    self.segments = segments
    self.curvatureScale = curvatureScale
  }

  /// The number of weights.
  public var parameters: Int { segments.reduce(0) { $0 + $1.weights.count } }
}
