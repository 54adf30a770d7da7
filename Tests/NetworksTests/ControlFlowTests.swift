import Diagnostics
import Networks
import Tensors
import Testing

@Suite("Functions, branches and loops")
struct ControlFlowTests {
  /// Binds a graph that must give h · 2 + 1 for h = x + shift.
  private func check(_ name: String, _ build: @escaping @Sendable (inout GraphBuilder) -> Void)
    throws
  {
    let each = OperatorCase(name: name, shape: [2, 3], build: build)
    let checked = each.graph(besideInput: false)
    try checkGradients(checked, name: name)
    guard case .real(let x)? = checked.inputs["x"] else { return }
    for (value, result) in zip(x.values, try checked.bind().forward()) {
      #expect((result - (2 * value + 1)).magnitude < 1e-6)
    }
  }

  @Test("takes the branch that a known condition selects", arguments: [true, false])
  func branch(_ condition: Bool) throws {
    try check("If") {
      var good = GraphBuilder()
      good.constant("one", [], [1] as [Float])
      good.node("Add", ["h", "h"], ["twice"])
      good.node("Add", ["twice", "one"], ["result"])
      good.output("result")
      var bad = GraphBuilder()
      bad.node("NonMaxSuppression", ["h"], ["result"])
      bad.output("result")
      $0.constant("condition", [], [condition])
      $0.node(
        "If", ["condition"], ["y"],
        [
          "then_branch": .graph(condition ? good : bad),
          "else_branch": .graph(condition ? bad : good),
        ])
    }
  }

  @Test("unrolls a loop of a known number of passes")
  func loop() throws {
    // Two passes of carried + h, from 1; each pass also collects the iteration.
    try check("Loop") {
      var body = GraphBuilder()
      body.input("i", [], type: 7)
      body.input("go", [], type: 9)
      body.input("carried", [nil])
      body.node("Identity", ["go"], ["still"])
      body.node("Add", ["carried", "h"], ["next"])
      body.node("Cast", ["i"], ["pass"], ["to": .integer(1)])
      body.output("still")
      body.output("next")
      body.output("pass")
      $0.constant("trips", [], [2])
      $0.constant("start", [], [1] as [Float])
      $0.node("Loop", ["trips", "", "start"], ["sum", "passes"], ["body": .graph(body)])
      // Passes 0 and 1: their sum is 1, a factor that changes nothing.
      $0.node("ReduceSum", ["passes"], ["factor"], ["keepdims": .integer(0)])
      $0.node("Mul", ["sum", "factor"], ["y"])
    }
  }

  @Test("refuses loops whose bodies are too many together, though each has few passes")
  func nestedLoops() throws {
    func loop(_ trips: String, _ body: (inout GraphBuilder) -> Void) -> GraphBuilder {
      var inner = GraphBuilder()
      inner.input("i_\(trips)", [], type: 7)
      inner.input("go_\(trips)", [], type: 9)
      inner.input("in_\(trips)", [nil, 2])
      inner.node("Identity", ["go_\(trips)"], ["still_\(trips)"])
      body(&inner)
      inner.output("still_\(trips)")
      inner.output("out_\(trips)")
      return inner
    }
    let innermost = loop("b") { $0.node("Identity", ["in_b"], ["out_b"]) }
    let outer = loop("a") {
      $0.node("Loop", ["many", "", "in_a"], ["out_a"], ["body": .graph(innermost)])
    }
    var builder = GraphBuilder()
    builder.input("x", [nil, 2])
    builder.weight("fc.weight", [2])
    builder.constant("many", [], [4000])
    builder.node("Add", ["x", "fc.weight"], ["h"])
    builder.node("Loop", ["many", "", "h"], ["y"], ["body": .graph(outer)])
    builder.output("y")
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    let error = #expect(throws: Problem.self) {
      try Network(
        graph: graph, parameters: ["fc.weight": Tensor(shape: Shape([2]), values: [1, 2])],
        inputs: ["x": .real(Tensor(shape: Shape([1, 2]), values: [1, 2]))])
    }
    #expect(error?.description.contains("loops of more than 131072 nodes in all") == true)
  }

  @Test("puts a model's own functions in place of their calls")
  func functions() throws {
    try check("function") {
      $0.function("Twice", domain: "pkg.test", ["a", "unused"], ["b"]) {
        $0.constant("ignored", [], [1] as [Float])
        $0.node("Concat", ["a", "a"], ["pair"], ["axis": .reference("axis")])
        $0.node("Split", ["pair"], ["left", "right"], ["axis": .reference("axis")])
        $0.node("Add", ["left", "right"], ["b"])
      }
      $0.function("Line", domain: "pkg.test", ["a", "shift"], ["b"]) {
        $0.node("Twice", ["a"], ["c"], ["axis": .integer(1)], domain: "pkg.test")
        $0.node("Add", ["c", "shift"], ["b"])
      }
      $0.constant("one", [], [1] as [Float])
      $0.node("Line", ["h", "one"], ["y"], domain: "pkg.test")
    }
  }

  @Test("refuses a function that calls itself, and a condition that is computed")
  func refusals() throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 2])
    builder.function("Again", domain: "pkg.test", ["a"], ["b"]) {
      $0.node("Again", ["a"], ["c"], domain: "pkg.test")
      $0.node("Again", ["c"], ["b"], domain: "pkg.test")
    }
    builder.node("Again", ["x"], ["y"], domain: "pkg.test")
    builder.output("y")
    let endless = builder.file
    #expect(throws: Problem.self) { try Graph.parse(endless, path: "g.onnx") }

    var other = GraphBuilder()
    other.input("x", [nil, 2])
    other.weight("fc.weight", [2])
    other.node("Add", ["x", "fc.weight"], ["h"])
    var branch = GraphBuilder()
    branch.node("Identity", ["h"], ["result"])
    branch.output("result")
    other.node(
      "If", ["h"], ["y"], ["then_branch": .graph(branch), "else_branch": .graph(branch)])
    other.output("y")
    let graph = try Graph.parse(other.file, path: "g.onnx")
    let error = #expect(throws: Problem.self) {
      try Network(
        graph: graph, parameters: ["fc.weight": Tensor(shape: Shape([2]), values: [1, 2])],
        inputs: ["x": .real(Tensor(shape: Shape([1, 2]), values: [1, 2]))])
    }
    #expect(
      error?.description
        == "unsupported-operator: g.onnx: node \"node_2\" (If): a condition that depends on the network's values; export the graph without it, or use the run without a probe"
    )
  }
}
