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
}

/// Binds one graph once.
final class Binder {
  let graph: Graph
  let parameters: NetworkParameters
  /// N.
  let exampleCount: Int
  private(set) var values: [String: Value] = [:]
  private(set) var storages: [Storage] = []
  /// Operators on activations, in forward order.
  private(set) var steps: [Step] = []
  /// Operators on parameters alone, in forward order; they run once.
  private(set) var prologue: [Step] = []
  private var parameterStorages: [String: Int] = [:]
  private var constantTerms: [String: Term] = [:]

  init(
    graph: Graph, parameters: NetworkParameters, inputs: [String: BatchArray]
  ) throws(Problem) {
    self.graph = graph
    self.parameters = parameters
    exampleCount = try Binder.exampleCount(graph, inputs)
    for input in graph.inputs {
      guard let array = inputs[input.name] else { continue }
      switch array {
      case .integer(let tensor):
        values[input.name] = .known(
          HostArray(shape: tensor.shape, type: .int64, integers: tensor.values), isBatched: true)
      case .real(let tensor):
        storages.append(
          Storage(
            count: tensor.shape.count, isBatched: true,
            origin: .input(FloatBuffer(tensor.values)), dependsOnParameters: false))
        values[input.name] = .array(
          ArrayValue(storage: storages.count - 1, shape: tensor.shape))
      }
    }
  }

  /// Binds every node that the prediction needs.
  func bind() throws(Problem) -> ArrayValue {
    let needed = try neededNodes()
    for (index, node) in graph.nodes.enumerated() where needed[index] { try bind(node) }
    let name = graph.prediction
    guard case .array(let value)? = values[name], storages[value.storage].isBatched else {
      throw Problem(
        "constant-output", at: "\(graph.path): output \"\(name)\"",
        "it does not depend on the inputs",
        remedy: "name the network's prediction as `output:` in probe.yaml")
    }
    return value
  }

  private func bind(_ node: Node) throws(Problem) {
    let site = NodeSite(
      node: node, path: graph.path, operatorSet: graph.operatorSet, layer: layer(of: node))
    guard node.domain.isEmpty || node.domain == "ai.onnx" else {
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

  /// Marks the nodes from which the prediction can be reached.
  private func neededNodes() throws(Problem) -> [Bool] {
    var needed = [Bool](repeating: false, count: graph.nodes.count)
    var names: Set<String> = [graph.prediction]
    for index in graph.nodes.indices.reversed() {
      let node = graph.nodes[index]
      guard node.outputs.contains(where: { !$0.isEmpty && names.contains($0) }) else { continue }
      needed[index] = true
      names.formUnion(node.inputs)
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

  // MARK: Terms

  /// An input as memory to compute with, row-major in its shape.
  func term(_ site: NodeSite, _ input: Int) throws(Problem) -> Term {
    switch try value(site, input) {
    case .known(let array, let isBatched):
      let name = site.node.inputs[input]
      if let term = constantTerms[name] { return term }
      let term = Term(
        source: .constant(FloatBuffer(array.reals)), shape: array.shape, isBatched: isBatched)
      constantTerms[name] = term
      return term
    case .array(let array):
      if !array.isTransposed { return term(array) }
      // The memory in the order that the shape says, made once per name.
      let untransposed = ArrayValue(
        storage: array.storage, shape: Shape(array.shape.dimensions.reversed()))
      let ordered = try StridedCopy.emitTransposition(self, site, term(untransposed), [1, 0])
      guard case .array(let value) = ordered else { throw site.invalid("it reads nothing") }
      values[site.node.inputs[input]] = ordered
      return term(value)
    case .sequence: throw site.invalid("input \(input) is a sequence")
    }
  }

  /// A matrix as it lies in memory, and whether that is the transpose of what the graph means.
  func matrixTerm(
    _ site: NodeSite, _ input: Int
  ) throws(Problem) -> (term: Term, isTransposed: Bool) {
    if case .array(let array) = try value(site, input), array.isTransposed {
      let shape = Shape(array.shape.dimensions.reversed())
      return (term(ArrayValue(storage: array.storage, shape: shape)), true)
    }
    return (try term(site, input), false)
  }

  /// The memory of an array that is not transposed.
  func term(_ array: ArrayValue) -> Term {
    Term(
      source: .storage(array.storage), shape: array.shape,
      isBatched: storages[array.storage].isBatched)
  }

  // MARK: Steps

  /// Adds an operator: on known arrays it is computed at once, on parameters alone before the first
  /// forward pass, otherwise in every pass.
  @discardableResult
  func emit(
    _ site: NodeSite, _ terms: [Term], output: Shape, isBatched: Bool = false,
    _ make: (Frame) throws(Problem) -> any Operator
  ) throws(Problem) -> Value {
    let isBatched = isBatched || terms.contains(where: \.isBatched)
    let examples = isBatched ? exampleCount : 1
    if examples > 1 {
      guard let first = output.dimensions.first, first % examples == 0 else {
        throw site.examplesMoved()
      }
    }
    let operation = try make(
      Frame(site: site, terms: terms, output: output, examples: examples))
    let constants: [FloatBuffer] = terms.compactMap { term in
      if case .constant(let buffer) = term.source { return buffer }
      return nil
    }
    if constants.count == terms.count {
      let result = FloatBuffer(count: output.count)
      operation.forward(Arrays(inputs: constants.map(\.pointer), output: result.pointer))
      let values = UnsafeBufferPointer(start: result.pointer, count: output.count)
      return .known(
        HostArray(shape: output, reals: values.map { Double($0) }), isBatched: isBatched)
    }
    let dependsOnParameters = terms.indices.contains { index in
      guard case .storage(let storage) = terms[index].source else { return false }
      return storages[storage].dependsOnParameters && operation.isDifferentiable(index)
    }
    let step = Step(
      node: site.node, position: steps.count + prologue.count, operation: operation,
      inputs: terms, output: storages.count)
    storages.append(
      Storage(
        count: output.count, isBatched: isBatched,
        origin: isBatched ? .step(steps.count) : .prologue(prologue.count),
        dependsOnParameters: dependsOnParameters))
    if isBatched { steps.append(step) } else { prologue.append(step) }
    return .array(ArrayValue(storage: storages.count - 1, shape: output))
  }

  /// The same memory in another shape, which must keep examples on the first axis.
  func view(_ site: NodeSite, _ input: Int, as shape: Shape) throws(Problem) -> Value {
    let term = try term(site, input)
    if term.isBatched, exampleCount > 1 {
      guard let first = shape.dimensions.first, first % exampleCount == 0 else {
        throw site.examplesMoved()
      }
    }
    guard case .storage(let storage) = term.source else {
      guard case .known(let array, let isBatched) = try value(site, input) else {
        throw site.invalid("input \(input) is a sequence")
      }
      return .known(array.reshaped(shape), isBatched: isBatched)
    }
    return .array(ArrayValue(storage: storage, shape: shape))
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
