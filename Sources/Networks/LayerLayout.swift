// How one example's output of a layer is made of units.
public import Tensors

/// A row of a layer's output is `[…, units, inner]`.
public struct LayerLayout: Sendable, Hashable {
  /// Features of a dense layer, channels of a convolution.
  public let units: Int
  /// Values of a unit that lie together: positions of a channel-first map, else 1.
  public let inner: Int

  /// Creates a layout.
  public init(units: Int, inner: Int) {
    self.units = units
    self.inner = inner
  }

  private static let channelFirst: Set<String> = [
    "Conv", "ConvTranspose", "BatchNormalization", "InstanceNormalization", "GroupNormalization",
  ]

  /// The layout of what a layer gives; nil where its shape does not tell.
  ///
  /// - Parameters:
  ///   - kind: the operator, by its ONNX name.
  ///   - example: extents of one example's output.
  ///   - axis: the one of them that counts examples, and their positions where these were merged with them.
  ///   - factors: extents in which a parameter meets the output number by number; empty where it is multiplied
  ///     with it as a matrix.
  init?(kind: String, example: [Int], axis: Int, factors: [Shape]) {
    let unitAxis: Int
    if let factor = factors.max(by: { $0.count < $1.count }) {
      // A scale or a shift says which axis is its own; one number for all does not.
      unitAxis =
        factor.dimensions.lastIndex { $0 > 1 }.map { example.count - factor.rank + $0 }
        ?? (example.count > 3 ? axis + 1 : example.count - 1)
    } else if Self.channelFirst.contains(kind) {
      unitAxis = axis + 1
    } else {
      unitAxis = axis == example.count - 1 ? axis - 1 : example.count - 1
    }
    guard example.indices.contains(unitAxis), !example.contains(0) else { return nil }
    self.init(
      units: example[unitAxis], inner: example[(unitAxis + 1)...].reduce(1, *))
  }
}

extension NetworkLayer {
  /// Nonlinearities that act on each number alone and are flat on one side, by their ONNX names.
  static let rectifiers: Set<String> = [
    "Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Celu", "Selu", "Gelu", "HardSwish",
    "Mish", "Softplus", "Clip",
  ]
}

extension DifferentiableNetwork {
  /// None, for networks that do not know.
  public func activation(ofLayer layer: Int) -> Tensor? { nil }
}
