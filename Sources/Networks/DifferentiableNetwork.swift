public import Diagnostics
public import Tensors

/// A network bound to one checkpoint's parameters and one block of examples: what the information
/// engine asks of it, whatever it is made of.
///
/// Arrays are row-major with the example first. `N` is the number of examples, `K` the number of
/// cotangents that each example is given at once, `P` a parameter's element count.
public protocol DifferentiableNetwork: AnyObject {
  /// N.
  var exampleCount: Int { get }
  /// The shape of one example's output: `[classes]`, or `[positions, classes]` for a sequence.
  var outputShape: Shape { get }
  /// The parameters that the output depends on, in forward order; a tied one appears once.
  var parameters: [NetworkParameter] { get }
  /// The modules that own those parameters, in forward order.
  var layers: [NetworkLayer] { get }
  /// The real connections between layers: data flows from one to the other through no third.
  var connections: [LayerConnection] { get }

  /// Computes the output, `[N] + outputShape`, and keeps the activations for `backward`.
  func forward() throws(Problem) -> [Float]

  /// The output of a layer as left by the last `forward`, `[N, features]`.
  func recording(ofLayer layer: Int) -> Tensor

  /// The output of the nonlinearity that directly follows a layer, `[N, features]`, as left by the
  /// last `forward`; nil where none does.
  func activation(ofLayer layer: Int) -> Tensor?

  /// Per-example gradients of the output contracted with cotangents: of example n, row k is
  /// Σ_outputs cotangent[n, k] · ∂output[n]/∂parameter.
  ///
  /// - Parameters:
  ///   - cotangents: `[N, K] + outputShape`.
  ///   - count: K.
  ///   - reader: is given the gradients of every parameter, or what it wants of them.
  func backward(
    cotangents: [Float], count: Int, reader: any GradientReader
  ) throws(Problem)
}

/// A trainable array that the output depends on.
public struct NetworkParameter: Sendable {
  /// The graph's name for it.
  public let name: String
  /// Its extents, as in the graph (which are the checkpoint's).
  public let shape: Shape
  /// Index into `layers`.
  public let layer: Int

  /// Creates a parameter description.
  public init(name: String, shape: Shape, layer: Int) {
    self.name = name
    self.shape = shape
    self.layer = layer
  }
}

/// A module: the parameters whose names share all but the last component (`conv1.weight` and
/// `conv1.bias` are the layer `conv1`).
public struct NetworkLayer: Sendable {
  /// The module's name, `conv1`.
  public let name: String
  /// The operator that uses its parameters first, by its ONNX name: `Conv`, `Gemm`, ….
  public let kind: String
  /// How one example's output is made of units; nil when that is not known.
  public let layout: LayerLayout?

  /// Creates a layer description.
  public init(name: String, kind: String, layout: LayerLayout? = nil) {
    self.name = name
    self.kind = kind
    self.layout = layout
  }
}

/// An edge of the flow graph, between indices into `layers`.
public struct LayerConnection: Sendable, Hashable {
  /// The layer whose output is read.
  public let from: Int
  /// The layer that reads it.
  public let to: Int

  /// Creates an edge.
  public init(from: Int, to: Int) {
    self.from = from
    self.to = to
  }
}
