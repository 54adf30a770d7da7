// A network's weights with the curvature of the loss in each: what two tasks are compared by
// (measurements.md §8).
public import Tensors

/// Weights and diagonal curvature of every parameter of a checkpoint.
public struct CurvedNetwork: Sendable {
  /// One parameter.
  public struct Parameter: Sendable {
    /// The checkpoint's name of it.
    public let name: String
    /// Index into `layers`.
    public let layer: Int
    /// Its extents.
    public let shape: Shape
    /// Its values, `[P]`.
    public let weights: [Float]
    /// Curvature of the loss in each, `[P]`.
    public let curvature: [Float]
    /// The axes that count its output units; nil to tell them by the bias beside it.
    public let unitAxes: Range<Int>?

    /// Creates a parameter; `weights` and `curvature` have the shape's count, and `unitAxes` are of it.
    public init(
      name: String, layer: Int, shape: Shape, weights: [Float], curvature: [Float],
      unitAxes: Range<Int>? = nil
    ) {
      precondition(weights.count == shape.count, "one weight for each element")
      precondition(curvature.count == shape.count, "one curvature for each element")
      self.name = name
      self.layer = layer
      self.shape = shape
      self.weights = weights
      self.curvature = curvature
      self.unitAxes = unitAxes
    }
  }

  /// The layers' names, in forward order.
  public let layers: [String]
  /// In forward order.
  public let parameters: [Parameter]
  /// What `curvature` is multiplied by to be that of the mean loss.
  public let curvatureScale: Double

  /// Whether the last matrix is another layer's too, and none of these.
  public let hasTiedHead: Bool

  /// Creates a network.
  public init(
    layers: [String], parameters: [Parameter], curvatureScale: Double = 1, hasTiedHead: Bool = false
  ) {
    self.hasTiedHead = hasTiedHead
    self.layers = layers
    self.parameters = parameters
    self.curvatureScale = curvatureScale
  }

  /// What `WeightInformation` needs of every layer.
  public var weightedLayers: [WeightedLayer] {
    layers.enumerated().map { index, name in
      WeightedLayer(
        name: name,
        segments: parameters.filter { $0.layer == index }.map {
          WeightedLayer.Segment(weights: $0.weights, curvature: $0.curvature)
        }, curvatureScale: curvatureScale)
    }
  }

  /// The classifier: the last layer in forward order, if it multiplies by a matrix. A language model
  /// whose head is tied to its embedding has none of its own.
  public var classifier: Int? {
    guard !hasTiedHead, let last = layers.indices.last,
      parameters.contains(where: { $0.layer == last && $0.shape.rank >= 2 })
    else { return nil }
    return last
  }
}
