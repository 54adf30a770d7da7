// Graph + parameters + the shapes of one block of examples → a list of bound operators. Nodes are
// taken in the graph's (topological) order; whatever is known already is folded on the way.
internal import Diagnostics
internal import Tensors

/// What a name of the graph stands for while binding.
enum Value {
  /// Known now; `isBatched` if it was computed from a graph input, example by example.
  case known(HostArray, isBatched: Bool)
  case array(ArrayValue)
  case sequence([Value])
}

/// An array that the executor computes: memory seen in a shape.
struct ArrayValue {
  let storage: Int
  let shape: Shape
  /// The memory holds the matrix transposed: `shape` is `[i, o]`, the memory `[o, i]`.
  var isTransposed = false
  /// The product of the extents before the examples: 1 where they come first.
  var outer = 1
}

/// One piece of memory of the executor.
struct Storage {
  enum Origin {
    case parameter(String)
    case input(FloatBuffer)
    /// An index into the binder's steps.
    case step(Int)
    /// An index into the binder's parameter-only steps.
    case prologue(Int)
  }

  let count: Int
  /// Whether each example has its own part, `count / N` elements at `n · count / N`.
  let isBatched: Bool
  let origin: Origin
  /// Whether a parameter flows into it.
  let dependsOnParameters: Bool
}

/// A bound operator with its connections.
struct Step {
  let node: Node
  /// Its place among all steps, of parameters and of activations.
  let position: Int
  let operation: any Operator
  let inputs: [Term]
  /// An index into the storages.
  let output: Int
  /// The output's extents.
  let shape: Shape
  /// The product of the output's extents before the examples: 1 where they come first.
  let outer: Int
}

/// Binds one graph once.
final class Binder {
  let graph: Graph
  let parameters: NetworkParameters
  /// N.
  let exampleCount: Int
  var values: [String: Value] = [:]
  /// Shared by the operators of the network.
  let scratch = Scratch()
  var storages: [Storage] = []
  /// Operators on activations, in forward order.
  var steps: [Step] = []
  /// Operators on parameters alone, in forward order; they run once.
  var prologue: [Step] = []
  private var parameterStorages: [String: Int] = [:]
  var constantTerms: [String: Term] = [:]
  private var freshNames = 0
  /// Nodes bound in place of loops and branches.
  var nodesOfBodies = 0

  init(
    graph: Graph, parameters: NetworkParameters, inputs: [String: BatchArray]
  ) throws(Problem) {
    self.graph = graph
    self.parameters = parameters
    exampleCount = try Binder.exampleCount(graph, inputs)
    for input in graph.inputs {
      guard let array = inputs[input.name] else { continue }
      values[input.name] = try value(of: input, array)
    }
  }

  /// Binds a graph to values of its inputs that stand for one example, or for no example at all.
  init(graph: Graph) throws(Problem) {
    self.graph = graph
    parameters = try NetworkParameters(graph: graph, tensors: [:], tied: [:])
    exampleCount = 1
  }

  /// Binds every node that the prediction needs.
  func bind() throws(Problem) -> ArrayValue {
    try bind(for: [graph.prediction])
    let name = graph.prediction
    guard case .array(let value)? = values[name], storages[value.storage].isBatched else {
      throw Problem(
        "constant-output", at: "\(graph.path): output \"\(name)\"",
        "it does not depend on the inputs",
        remedy: "name the network's prediction as `output:` in probe.yaml")
    }
    return value
  }

  /// Binds every node that outputs need.
  func bind(for outputs: [String]) throws(Problem) {
    let needed = neededNodes(for: outputs)
    for (index, node) in graph.nodes.enumerated() where needed[index] { try bind(node) }
  }

  /// Binds one node: of the graph, of a subgraph, or one that stands for a part of either.
  func bind(_ node: Node, layer: String? = nil) throws(Problem) {
    let site = NodeSite(
      node: node, path: graph.path, operatorSet: graph.operatorSet,
      layer: layer ?? self.layer(of: node))
    guard node.domain.isEmpty else {
      throw site.unsupported("operator \(node.domain).\(node.operation) is not supported")
    }
    if try fold(site) { return }
    guard let bindOperator = operatorTable[node.operation] else {
      throw site.unsupported("operator \(node.operation) is not supported here")
    }
    try bindOperator(self, site)
  }

  /// The module of the first parameter that a node reads, for messages.
  private func layer(of node: Node) -> String? {
    node.inputs.lazy.compactMap { self.parameters.entries[$0]?.name }.first.map(layerName)
  }

  /// Marks the nodes from which outputs can be reached.
  private func neededNodes(for outputs: [String]) -> [Bool] {
    var needed = [Bool](repeating: false, count: graph.nodes.count)
    var names = Set(outputs)
    for index in graph.nodes.indices.reversed() {
      let node = graph.nodes[index]
      guard node.outputs.contains(where: { !$0.isEmpty && names.contains($0) }) else { continue }
      needed[index] = true
      names.formUnion(node.allInputs)
    }
    return needed
  }

  // MARK: Values

  /// The value of an input that the operator cannot do without.
  func value(_ site: NodeSite, _ input: Int) throws(Problem) -> Value {
    guard let value = try optionalValue(site, input) else {
      throw site.invalid("input \(input) is missing")
    }
    return value
  }

  /// The value of an input, nil when it is left out.
  func optionalValue(_ site: NodeSite, _ input: Int) throws(Problem) -> Value? {
    guard input < site.node.inputs.count, !site.node.inputs[input].isEmpty else { return nil }
    let name = site.node.inputs[input]
    if let value = values[name] { return value }
    let value: Value
    if let entry = parameters.entries[name] {
      value = .array(ArrayValue(storage: storage(of: name, entry), shape: entry.shape))
    } else if let constant = graph.constants[name] {
      value = .known(try constant.decoded(in: graph), isBatched: false)
    } else {
      throw site.invalid("input \"\(name)\" is computed nowhere before it")
    }
    values[name] = value
    return value
  }

  /// A name that no graph has.
  func freshName() -> String {
    freshNames += 1
    return "\u{0}\(freshNames)"
  }

  private func storage(of name: String, _ entry: NetworkParameters.Entry) -> Int {
    // Two graph names may be tied to one tensor of the checkpoint: one parameter.
    if let storage = parameterStorages[entry.name] { return storage }
    storages.append(
      Storage(
        count: entry.shape.count, isBatched: false, origin: .parameter(name),
        dependsOnParameters: entry.isTrained))
    parameterStorages[entry.name] = storages.count - 1
    return storages.count - 1
  }

  /// Names a node's output.
  func set(_ site: NodeSite, _ value: Value, output: Int = 0) {
    guard output < site.node.outputs.count, !site.node.outputs[output].isEmpty else { return }
    values[site.node.outputs[output]] = value
  }

  /// The shape of an input.
  func shape(_ site: NodeSite, _ input: Int) throws(Problem) -> Shape {
    switch try value(site, input) {
    case .known(let array, _): return array.shape
    case .array(let array): return array.shape
    case .sequence: throw site.invalid("input \(input) is a sequence")
    }
  }

  /// Known integers that an operator needs, such as axes or a shape.
  func integers(_ site: NodeSite, _ input: Int) throws(Problem) -> [Int]? {
    guard let value = try optionalValue(site, input) else { return nil }
    guard case .known(let array, _) = value, let integers = array.integers else {
      throw site.unsupported("input \(input) depends on the network's values")
    }
    return integers.map { Int($0) }
  }

  /// Axes from the second input, or from the attribute that older operator sets use.
  func axes(_ site: NodeSite) throws(Problem) -> [Int]? {
    if let axes = try integers(site, 1) { return axes }
    return try site.integers("axes")
  }

  /// Known real numbers that an operator needs, such as bounds.
  func reals(_ site: NodeSite, _ input: Int) throws(Problem) -> [Double]? {
    guard let value = try optionalValue(site, input) else { return nil }
    guard case .known(let array, _) = value else {
      throw site.unsupported("input \(input) depends on the network's values")
    }
    return array.reals
  }
}

/// The module that owns a parameter: its name without the last component, or the whole of a name
/// that has only one.
func layerName(_ parameter: String) -> String {
  guard let dot = parameter.lastIndex(of: "."), dot > parameter.startIndex else {
    return parameter
  }
  return String(parameter[..<dot])
}
