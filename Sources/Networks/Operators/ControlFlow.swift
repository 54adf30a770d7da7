// If and Loop, as far as they are decided when the graph is bound: the branch that is taken and the
// iterations that run are bound in place, as if the graph had spelled them out.
internal import Diagnostics
internal import Tensors

enum ControlFlow {
  /// Iterations are bound one after the other, so their number is limited, and that of all nodes in them.
  private static let mostIterations = 1 << 12
  fileprivate static let mostNodes = 1 << 17

  static let conditional = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    guard case .known(let condition, let isBatched) = try lower.value(try lower.input(0)) else {
      throw site.unsupported("a condition that depends on the network's values")
    }
    guard condition.shape.count == 1, !isBatched || lower.binder.exampleCount == 1,
      let isTrue = condition.reals.first
    else { throw site.unsupported("a condition that differs between examples") }
    let branch = try site.graph(isTrue != 0 ? "then_branch" : "else_branch")
    for (index, name) in try lower.bind(branch, inputs: []).enumerated() {
      try lower.finish(name, output: index)
    }
  }

  /// Inputs: trip count, condition, carried values. The body takes iteration, condition and carried
  /// values, and gives condition, carried values and values to collect.
  static let loop = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let body = try site.graph("body")
    let limit = try lower.optionalInput(0).map { name throws(Problem) in
      try known(lower, name, "a trip count")
    }
    var goesOn =
      try lower.optionalInput(1).map { name throws(Problem) in
        try known(lower, name, "a condition")
      } ?? 1
    var carried: [String] = []
    for index in 2..<max(2, site.node.inputs.count) { carried.append(try lower.input(index)) }
    guard body.inputs.count == carried.count + 2, body.outputs.count > carried.count else {
      throw site.invalid("its body does not fit its inputs")
    }
    var collected = [[String]](repeating: [], count: body.outputs.count - 1 - carried.count)
    var iteration: Int64 = 0
    while goesOn != 0, iteration < limit ?? .max {
      guard iteration < mostIterations else {
        throw site.unsupported("more than \(mostIterations) iterations")
      }
      let index = lower.constant(
        HostArray(shape: Shape([]), type: .int64, integers: [iteration]))
      let condition = lower.constant(HostArray(shape: Shape([]), type: .bool, integers: [goesOn]))
      let results = try lower.bind(body, inputs: [index, condition] + carried)
      goesOn = try known(lower, results[0], "a condition")
      carried = Array(results[1..<(1 + carried.count)])
      for place in collected.indices {
        collected[place].append(results[1 + carried.count + place])
      }
      iteration += 1
    }
    for (index, name) in carried.enumerated() { try lower.finish(name, output: index) }
    for (place, names) in collected.enumerated() where lower.wants(carried.count + place) {
      guard !names.isEmpty else { throw site.unsupported("a loop that collects nothing") }
      var rows: [String] = []
      for name in names { rows.append(try lower("Unsqueeze", [name, lower.list([0])])) }
      try lower.finish(
        try lower("Concat", rows, ["axis": .integer(0)]), output: carried.count + place)
    }
  }

  private static func known(
    _ lower: Lowering, _ name: String, _ what: String
  ) throws(Problem) -> Int64 {
    guard case .known(let array, _) = try lower.value(name), array.shape.count == 1,
      let value = array.reals.first, let integer = Int64(exactly: value.rounded(.towardZero))
    else { throw lower.site.unsupported("\(what) that depends on the network's values") }
    return integer
  }
}

extension Lowering {
  /// Binds a body in place, its own names kept apart from those of other passes over it.
  func bind(_ body: Subgraph, inputs: [String]) throws(Problem) -> [String] {
    var names = ["": ""]
    for name in body.captured { names[name] = name }
    for (name, given) in zip(body.inputs, inputs) { names[name] = given }
    // One without nodes takes its time too.
    binder.nodesOfBodies += body.nodes.count + 1
    guard binder.nodesOfBodies <= ControlFlow.mostNodes else {
      throw site.unsupported("loops of more than \(ControlFlow.mostNodes) nodes in all")
    }
    let copy = body.renamed(names, prefix: binder.freshName() + "/")
    for (name, tensor) in copy.constants {
      binder.values[name] = .known(try tensor.decoded(in: binder.graph), isBatched: false)
    }
    for node in copy.nodes { try binder.bind(node) }
    return copy.outputs
  }
}
