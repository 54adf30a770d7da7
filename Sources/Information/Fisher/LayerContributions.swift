// Information per layer and example: what shares and their bootstrap are computed from.

/// Information per layer and example at one checkpoint.
public struct LayerContributions: Sendable, Hashable {
  /// The layers' names, in forward order.
  public let layers: [String]
  /// N.
  public let examples: Int
  /// `[layers, examples]`.
  public let values: [Double]

  /// Wraps values; `values.count` must be the product of the other two.
  public init(layers: [String], examples: Int, values: [Double]) {
    precondition(values.count == layers.count * examples, "one value a layer and example")
    self.layers = layers
    self.examples = examples
    self.values = values
  }

  /// Each layer's mean over the examples.
  public var means: [Double] {
    layers.indices.map { l in
      values[l * examples..<(l + 1) * examples].reduce(0, +) / Double(max(examples, 1))
    }
  }
}
