// Gives a graph from an exporter that optimises its weights back, where what was done is certain:
// torch.onnx folds transpositions, reshapes and the gates' order of weights into new arrays, lets
// weights of equal values (biases of zero, norms of one) share one array, leaves biases of zero out, and
// multiplies batch normalisations into the layers before them. Nothing is concluded from values.
public import Tensors

extension Graph {
  /// How to export a graph that keeps every weight.
  public static let exportAgain =
    "export again with probes/make_probe.py, or with torch.onnx.export(model, (x,), \"graph.onnx\", "
    + "dynamo=True, optimize=False, external_data=True)"

  /// The graph with the weights that can be restored under the names of the `state_dict`.
  ///
  /// - Parameters:
  ///   - checkpoint: the checkpoint's tensors of real numbers: the older exporter (`dynamo=False`)
  ///     names modules only, and a module's weight is looked up there.
  ///   - shared: names of the checkpoint that are other tensors of it → those tensors' names.
  public func restored(
    checkpoint: [(name: String, shape: Shape)], shared: [String: String] = [:]
  ) -> Graph {
    var restoration = GraphRestoration(self, checkpoint, shared)
    for node in nodes { restoration.add(node) }
    return restoration.graph(of: self)
  }

  /// Parameters that the network reads and that no array of the graph stands for.
  public var lostParameters: [String] {
    let names = Set(initializers.map(\.name))
    var lost: [String] = []
    for call in nodes.compactMap({ $0.origin.flatMap(TracedCall.init) }) {
      for argument in call.arguments {
        guard let name = placeholders[argument], !names.contains(name), !lost.contains(name)
        else { continue }
        lost.append(name)
      }
    }
    return lost
  }
}

/// A graph while its weights are given back.
struct GraphRestoration {
  private var names: Set<String>
  let constants: [String: StoredTensor]
  /// Name in the traced program → name in the `state_dict`.
  let placeholders: [String: String]
  /// Names of the `state_dict` that the traced program has.
  let traced: Set<String>
  private let checkpoint: [(name: String, shape: Shape)]
  private let shared: [String: String]
  private var added: [String: Shape] = [:]
  private var order: [String] = []
  /// Those of them that are read and not trained.
  private var buffers: Set<String> = []
  /// Nodes that make of weights what the exporter folded, before all others.
  private var prepared: [Node] = []
  private var preparedNames: Set<String> = []
  /// Lines of the traced program that have a node that adds.
  let linesWithSum: Set<String>
  /// Modules of the older exporter that normalise.
  let normalisingModules: Set<String>
  /// By line of the traced program, or module: how many recurrent nodes came from it so far.
  var recurrentNodes: [String: Int] = [:]
  var nodes: [Node] = []

  init(
    _ graph: Graph, _ checkpoint: [(name: String, shape: Shape)], _ shared: [String: String]
  ) {
    self.shared = shared
    names = Set(graph.initializers.map(\.name))
    constants = graph.constants
    placeholders = graph.placeholders
    traced = Set(graph.placeholders.values)
    self.checkpoint = checkpoint
    linesWithSum = Set(graph.nodes.filter { $0.operation == "Add" }.compactMap(\.origin))
    normalisingModules = Set(
      graph.nodes.filter { $0.operation == "InstanceNormalization" }
        .map { GraphRestoration.path(ofNode: $0.name) })
  }

  mutating func add(_ node: Node) {
    if restoresCopy(node) || restoresNormalisation(node) { return }
    var restored = node
    if let weight = linearWeight(of: node) {
      restored.inputs[1] = transposition(of: weight)
    } else if !restoresRecurrence(&restored), !restoresChannels(&restored),
      let call = node.origin.flatMap(TracedCall.init)
    {
      separate(&restored.inputs, of: node, call)
    }
    append(restored)
  }

  func graph(of graph: Graph) -> Graph {
    guard !added.isEmpty || !prepared.isEmpty else { return graph }
    var graph = graph
    for name in order {
      guard let shape = added[name] else { continue }
      graph.constants[name] = StoredTensor(
        name: name, shape: shape, type: .float, storage: .external(ExternalData([:])))
      graph.initializers.append(
        GraphInitializer(
          name: name, shape: shape, isFloatingPoint: true, hasValues: false,
          role: buffers.contains(name) ? .buffer : .parameter))
    }
    graph.nodes = prepared + nodes
    let used = Set(graph.nodes.flatMap(\.inputs))
    graph.initializers.removeAll { !used.contains($0.name) && !traced.contains($0.name) }
    return graph
  }

  // MARK: A linear layer's folded weight

  /// The weight W of `x Wᵀ` where the graph holds Wᵀ under a name of its own.
  private mutating func linearWeight(of node: Node) -> String? {
    guard node.operation == "MatMul" || node.operation == "Gemm", node.inputs.count > 1,
      let folded = constants[node.inputs[1]], folded.type.isFloatingPoint, folded.shape.rank == 2,
      !traced.contains(folded.name)
    else { return nil }
    if case .integer(1)? = node.attributes["transB"] { return nil }
    let shape = Shape(folded.shape.dimensions.reversed())
    if let call = node.origin.flatMap(TracedCall.init) {
      // The traced program reads the parameter itself: nothing but a transposition lies between.
      guard call.operation == "linear", call.arguments.count > 1,
        let weight = placeholders[call.arguments[1]]
      else { return nil }
      return introduce(weight, shape) ? weight : nil
    }
    guard folded.name.hasPrefix("onnx::MatMul_") else { return nil }
    let candidates = GraphRestoration.modules(ofNode: node.name).map { $0 + ".weight" }
    let found = candidates.compactMap { stored($0) }.filter { $0.shape == shape }
    guard found.count == 1, introduce(found[0].name, shape) else { return nil }
    return found[0].name
  }

  /// The one tensor that bears a name of the graph, with or without a prefix, and its own name
  /// without that prefix: another one where tensors are shared.
  func stored(_ name: String) -> (name: String, shape: Shape)? {
    let names = checkpoint.map(\.name) + shared.keys
    let bearers = names.contains(name) ? [name] : names.filter { $0.hasSuffix("." + name) }
    guard bearers.count == 1 else { return nil }
    let prefix = bearers[0].dropLast(name.count)
    let kept = shared[bearers[0]] ?? bearers[0]
    guard kept.hasPrefix(prefix), let tensor = checkpoint.first(where: { $0.name == kept }) else {
      return nil
    }
    return (String(kept.dropFirst(prefix.count)), tensor.shape)
  }

  /// The modules that a node's name of the older exporter may mean: `/layer1/layer1.0/conv/Conv` is
  /// `layer1.0.conv`, and `/net/net.0/Gemm` is `net.0`, or `net.net.0` where a list bears its owner's
  /// name.
  static func modules(ofNode name: String) -> [String] {
    let parts = name.split(separator: "/").map(String.init).dropLast()
    guard name.hasPrefix("/"), let first = parts.first else { return [] }
    var paths = [first]
    for (previous, part) in zip(parts, parts.dropFirst()) {
      let continued = part.hasPrefix(previous + ".")
      paths = paths.flatMap { path -> [String] in
        let nested = path + "." + part
        guard continued, path.hasSuffix(previous) else { return [nested] }
        return [path.dropLast(previous.count) + part, nested]
      }
      if paths.count > 64 { return [] }
    }
    return paths
  }

  /// The path of a node's name of the older exporter: all but the operator.
  static func path(ofNode name: String) -> String {
    name.split(separator: "/").dropLast().joined(separator: "/")
  }

  static let transposedEnding = " transposed"

  private mutating func transposition(of weight: String) -> String {
    prepare("Transpose", [weight], ["perm": .integers([1, 0])], as: weight + Self.transposedEnding)
  }

  /// Adds a node that makes an array of weights, once per name.
  mutating func prepare(
    _ operation: String, _ inputs: [String], _ attributes: [String: Attribute] = [:],
    as name: String
  ) -> String {
    if preparedNames.insert(name).inserted {
      prepared.append(
        Node(
          name: name, operation: operation, inputs: inputs, outputs: [name],
          attributes: attributes))
    }
    return name
  }

  /// A known list of integers for such nodes.
  mutating func list(_ values: [Int]) -> String {
    prepare(
      "Constant", [], ["value_ints": .integers(values.map { Int64($0) })], as: "\(values)")
  }

  // MARK: Weights that share an array

  /// `Identity` of a weight under another weight's name, as the older exporter writes two weights of
  /// equal values.
  private mutating func restoresCopy(_ node: Node) -> Bool {
    guard node.operation == "Identity", node.inputs.count == 1, node.outputs.count == 1,
      node.origin == nil, let source = constants[node.inputs[0]], source.type.isFloatingPoint,
      let other = stored(node.outputs[0]), other.name == node.outputs[0],
      other.shape == source.shape
    else { return false }
    let name = node.outputs[0]
    return introduce(
      name, source.shape,
      isBuffer: layerName(name) + ".running_mean" == name
        || layerName(name) + ".running_var" == name)
  }

  /// Gives a node the parameters that its line of the traced program reads.
  private mutating func separate(_ inputs: inout [String], of node: Node, _ call: TracedCall) {
    let read = call.arguments.compactMap { placeholders[$0] }
    let places = inputs.indices.filter { traced.contains(inputs[$0]) && names.contains(inputs[$0]) }
    guard !read.isEmpty, !places.isEmpty else { return }
    var meant: [String] = []
    if call.operation == "linear", places.count == 1, let last = read.last {
      // One line, several nodes: the sum reads the bias, the product the weight.
      meant = [node.operation == "Add" ? last : read[0]]
    } else if places.count == read.count {
      meant = read
    } else {
      return
    }
    // In the same order on both sides; a permutation is the operator's own.
    guard Set(meant) != Set(places.map { inputs[$0] }) else { return }
    for (place, name) in zip(places, meant) where inputs[place] != name {
      guard let shape = shape(of: inputs[place]), introduce(name, shape)
      else { continue }
      inputs[place] = name
    }
  }

  /// Makes sure that the graph has a weight; false if it has one of another shape.
  mutating func introduce(_ name: String, _ shape: Shape, isBuffer: Bool = false) -> Bool {
    if let known = self.shape(of: name) { return known == shape }
    names.insert(name)
    added[name] = shape
    order.append(name)
    if isBuffer { buffers.insert(name) }
    return true
  }

  /// The shape of a weight of the graph.
  func shape(of name: String) -> Shape? { constants[name]?.shape ?? added[name] }
}
