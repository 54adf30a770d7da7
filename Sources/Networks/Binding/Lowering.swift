// Binding one node as several simpler ones, the way ONNX defines its function operators: whatever is
// known folds, and every pullback exists already.
internal import Diagnostics
internal import Tensors

/// Writes the nodes that stand for one node of the graph, binding each at once.
struct Lowering {
  let binder: Binder
  let site: NodeSite

  init(_ binder: Binder, _ site: NodeSite) {
    self.binder = binder
    self.site = site
  }

  /// The name of the node's own input.
  func input(_ index: Int) throws(Problem) -> String {
    guard let name = optionalInput(index) else { throw site.invalid("input \(index) is missing") }
    return name
  }

  /// The name of the node's own input, nil when it is left out.
  func optionalInput(_ index: Int) -> String? {
    guard index < site.node.inputs.count, !site.node.inputs[index].isEmpty else { return nil }
    return site.node.inputs[index]
  }

  /// Whether somebody may read the node's output.
  func wants(_ output: Int) -> Bool {
    output < site.node.outputs.count && !site.node.outputs[output].isEmpty
  }

  /// Binds a node with one output and names it.
  func callAsFunction(
    _ operation: String, _ inputs: [String], _ attributes: [String: Attribute] = [:]
  ) throws(Problem) -> String {
    try several(operation, inputs, attributes, outputs: 1)[0]
  }

  /// Binds a node with several outputs.
  func several(
    _ operation: String, _ inputs: [String], _ attributes: [String: Attribute] = [:],
    outputs count: Int
  ) throws(Problem) -> [String] {
    let outputs = (0..<count).map { _ in binder.freshName() }
    try binder.bind(
      Node(
        name: site.node.name, operation: operation, inputs: inputs, outputs: outputs,
        attributes: attributes, source: site.node.kind), layer: site.layer)
    return outputs
  }

  /// A known list of integers.
  func list(_ values: [Int]) -> String {
    constant(
      HostArray(
        shape: Shape([values.count]), type: .int64, integers: values.map { Int64($0) }))
  }

  /// A known real number.
  func scalar(_ value: Double) -> String { constant(HostArray(shape: Shape([]), reals: [value])) }

  /// A known array.
  func constant(_ array: HostArray, isBatched: Bool = false) -> String {
    name(.known(array, isBatched: isBatched))
  }

  /// A name for a value.
  func name(_ value: Value) -> String {
    let name = binder.freshName()
    binder.values[name] = value
    return name
  }

  /// The value behind a name.
  func value(_ name: String) throws(Problem) -> Value { try binder.value(reader([name]), 0) }

  /// The extents of an array.
  func shape(_ name: String) throws(Problem) -> [Int] {
    try binder.shape(reader([name]), 0).dimensions
  }

  /// An array as memory to compute with, examples first.
  func term(_ name: String) throws(Problem) -> Term { try binder.term(reader([name]), 0) }

  /// An array as memory to compute with, wherever its examples are.
  func placedTerm(_ name: String) throws(Problem) -> Term {
    try binder.placedTerm(reader([name]), 0)
  }

  func reshape(_ name: String, _ shape: [Int]) throws(Problem) -> String {
    // An extent of 0 is meant, not copied.
    try self("Reshape", [name, list(shape)], ["allowzero": .integer(1)])
  }

  func transpose(_ name: String, _ permutation: [Int]) throws(Problem) -> String {
    if permutation == Array(permutation.indices) { return name }
    return try self("Transpose", [name], ["perm": .integers(permutation.map { Int64($0) })])
  }

  /// Entries `start ..< end` along one axis.
  func slice(_ name: String, axis: Int, _ range: Range<Int>) throws(Problem) -> String {
    try self(
      "Slice", [name, list([range.lowerBound]), list([range.upperBound]), list([axis])])
  }

  /// Gives the node's output the value behind a name.
  func finish(_ name: String, output: Int = 0) throws(Problem) {
    binder.set(site, try value(name), output: output)
  }

  /// The node's place, reading other names.
  private func reader(_ inputs: [String]) -> NodeSite {
    var site = site
    site.node.inputs = inputs
    return site
  }
}

extension Binder {
  /// Operators that are bound as several: the body names the outputs.
  static func lowered(
    _ body: @escaping @Sendable (Lowering) throws(Problem) -> Void
  ) -> OperatorBinding {
    { binder, site throws(Problem) in try body(Lowering(binder, site)) }
  }
}
