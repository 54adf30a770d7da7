// A network whose forward pass is made once, for two who want it: the first learns from all outputs
// what the second needs before it goes backward.
public import Diagnostics
public import Tensors

/// A network that keeps what `forward` gave.
public final class ForwardedNetwork: DifferentiableNetwork {
  private let network: any DifferentiableNetwork
  private var outputs: [Float]?

  /// Takes over a network; nobody else may run it any more.
  public init(_ network: any DifferentiableNetwork) { self.network = network }

  /// As the network has it.
  public var exampleCount: Int { network.exampleCount }
  /// As the network has it.
  public var outputShape: Shape { network.outputShape }
  /// As the network has them.
  public var parameters: [NetworkParameter] { network.parameters }
  /// As the network has them.
  public var layers: [NetworkLayer] { network.layers }
  /// As the network has them.
  public var connections: [LayerConnection] { network.connections }

  /// The outputs, computed when they are asked for first.
  public func forward() throws(Problem) -> [Float] {
    if let outputs { return outputs }
    let computed = try network.forward()
    outputs = computed
    return computed
  }

  /// As the network has it.
  public func recording(ofLayer layer: Int) -> Tensor { network.recording(ofLayer: layer) }

  /// As the network has it.
  public func activation(ofLayer layer: Int) -> Tensor? { network.activation(ofLayer: layer) }

  /// As the network does it.
  public func backward(
    cotangents: [Float], count: Int, reader: any GradientReader
  ) throws(Problem) {
    try network.backward(cotangents: cotangents, count: count, reader: reader)
  }
}
