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

  /// The layout that a layer's parameters tell; nil when they do not.
  ///
  /// - Parameters:
  ///   - kind: the operator, by its ONNX name.
  ///   - shapes: of the layer's parameters.
  ///   - features: numbers that one example's output has.
  init?(kind: String, _ shapes: [Shape], features: Int) {
    let isChannelFirst = Self.channelFirst.contains(kind)
    let candidates =
      shapes.filter { $0.rank == 1 }.map(\.count)
      + shapes.filter { $0.rank >= 2 }.flatMap { shape -> [Int] in
        let ends = [shape.dimensions[0], shape.dimensions[shape.rank - 1]]
        // Products and tables lie input by output, all others output first.
        return isChannelFirst || kind == "Gemm" ? ends : ends.reversed()
      }
    guard let units = candidates.first(where: { $0 > 0 && features > 0 && features % $0 == 0 })
    else { return nil }
    self.init(units: units, inner: isChannelFirst ? features / units : 1)
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
