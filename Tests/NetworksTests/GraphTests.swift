import Diagnostics
import Networks
import Tensors
import Testing

@Suite("Graph files")
struct GraphTests {
  /// Two layers with a constant folded between them.
  private static func small() -> GraphBuilder {
    var builder = GraphBuilder()
    builder.input("x", [nil, 4])
    builder.weight("fc1.weight", [3, 4])
    builder.weight("fc2.weight", [2, 3])
    builder.constant("half", [], [0.5] as [Float])
    builder.constant("shape", [2], [-1, 3])
    builder.node("Gemm", ["x", "fc1.weight"], ["a"], ["transB": .integer(1)])
    builder.node("Mul", ["a", "half"], ["b"])
    builder.node("Reshape", ["b", "shape"], ["c"], ["allowzero": .integer(1)])
    builder.node("Gemm", ["c", "fc2.weight"], ["y"], ["transB": .integer(1), "beta": .float(1)])
    builder.output("y")
    return builder
  }

  private static let weights = [
    "fc1.weight": Tensor(shape: Shape([3, 4]), values: [Float](repeating: 0.1, count: 12)),
    "fc2.weight": Tensor(shape: Shape([2, 3]), values: [Float](repeating: 0.2, count: 6)),
  ]
  private static let inputs: [String: BatchArray] = [
    "x": .real(Tensor(shape: Shape([2, 4]), values: [1, 2, 3, 4, 5, 6, 7, 8]))
  ]

  @Test("says what it holds")
  func parses() throws {
    let graph = try Graph.parse(Self.small().file, path: "g.onnx")
    #expect(graph.operatorSet == 20)
    #expect(graph.inputs.map(\.name) == ["x"])
    #expect(graph.inputs[0].dimensions == [nil, 4])
    #expect(graph.outputs == ["y"])
    #expect(graph.weights.map(\.name) == ["fc1.weight", "fc2.weight", "half"])
    #expect(graph.weights.map(\.hasValues) == [false, false, true])
    #expect(graph.weights[0].shape == Shape([3, 4]))
    #expect(graph.fixedExampleCount == nil)
  }

  @Test("refuses a name that is written twice", arguments: ["x", "fc1.weight", "half", "a"])
  func writtenOnce(name: String) throws {
    var builder = Self.small()
    builder.node("Relu", ["b"], [name])
    #expect {
      try Graph.parse(builder.file, path: "g.onnx")
    } throws: { ($0 as? Problem)?.what.contains("\"\(name)\" is written more than once") ?? false }
  }

  @Test("is told what forward did not use")
  func unread() throws {
    var builder = Self.small()
    builder.properties["plasticityd.unread"] = "bn.weight\nbn.running_var"
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    #expect(graph.unread == ["bn.weight", "bn.running_var"])
    #expect(try Graph.parse(Self.small().file, path: "g.onnx").unread.isEmpty)
  }

  /// torch.onnx writes a mean over places as the last one's value.
  @Test("refuses what an exporter wrote otherwise than it traced", arguments: ["mean", "sum"])
  func faithful(reduction: String) throws {
    var builder = Self.small()
    builder.constant("places", [1, 3], [0, 1, 1])
    builder.node(
      "ScatterElements", ["c", "places", "b"], ["z"],
      origin: "%z : [num_users=1] = call_function[target=torch.ops.aten.scatter_reduce.two]"
        + "(args = (%c, 1, %places, %b, \(reduction)), kwargs = {include_self: False})")
    let file = builder.file
    if reduction == "mean" {
      let error = #expect(throws: Problem.self) { try Graph.parse(file, path: "g.onnx") }
      #expect(error?.code == "unfaithful-graph")
    } else {
      #expect(try Graph.parse(file, path: "g.onnx").outputs == ["y"])
    }
  }

  @Test("tells inputs that are weights too")
  func defaults() throws {
    var builder = Self.small()
    builder.input("fc2.weight", [2, 3])
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    #expect(graph.inputs.map(\.name) == ["x"])
    #expect(graph.defaults == ["fc2.weight"])
  }

  @Test("refuses a file cut anywhere, or runs what is left of it, and never crashes")
  func truncated() throws {
    let file = Self.small().file
    var refusals = 0
    for length in 0..<file.count {
      do throws(Problem) {
        try Self.run(Array(file[..<length]))
      } catch {
        refusals += 1
        #expect(error.kind == .data)
      }
    }
    // Only the operator set follows the graph: nothing shorter is whole.
    #expect(refusals == file.count)
  }

  @Test("never crashes on a flipped byte")
  func flipped() throws {
    let file = Self.small().file
    var refusals = 0
    for offset in file.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = file
        damaged[offset] ^= mask
        do throws(Problem) { try Self.run(damaged) } catch { refusals += 1 }
      }
    }
    #expect(refusals > file.count)
  }

  private static func run(_ file: [UInt8]) throws(Problem) {
    let graph = try Graph.parse(file, path: "g.onnx")
    let network = try Network(graph: graph, parameters: weights, inputs: inputs)
    let output = try network.forward()
    try network.backward(cotangents: output, count: 1) { _, _, _ in }
  }

  @Test(
    "names operator, node and layer of what it cannot run",
    arguments: [
      (
        "NonMaxSuppression", "",
        "unsupported-operator: g.onnx: node \"node_1\" (NonMaxSuppression) in layer \"fc\": operator NonMaxSuppression is not supported here; export the graph without it, or use the run without a probe"
      ),
      (
        "Relu", "com.example",
        "unsupported-operator: g.onnx: node \"node_1\" (Relu) in layer \"fc\": operator com.example.Relu is not supported; export the graph without it, or use the run without a probe"
      ),
    ])
  func unsupported(_ operation: String, _ domain: String, _ line: String) throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 4])
    builder.weight("fc.weight", [4])
    builder.node(operation, ["x", "fc.weight"], ["y"], domain: domain)
    builder.output("y")
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    let error = #expect(throws: Problem.self) {
      try Network(
        graph: graph,
        parameters: ["fc.weight": Tensor(shape: Shape([4]), values: [1, 2, 3, 4])],
        inputs: Self.inputs)
    }
    #expect(error?.description == line)
  }

  @Test("does not mind an operator that the output does not need")
  func unneeded() throws {
    var builder = Self.small()
    builder.node("NonMaxSuppression", ["x"], ["boxes"])
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    #expect(throws: Never.self) {
      try Network(graph: graph, parameters: Self.weights, inputs: Self.inputs)
    }
  }

  @Test("refuses what a batch or checkpoint does not fit")
  func misfits() throws {
    let graph = try Graph.parse(Self.small().file, path: "g.onnx")
    func code(_ weights: [String: Tensor], _ inputs: [String: BatchArray]) -> String? {
      do throws(Problem) {
        _ = try Network(graph: graph, parameters: weights, inputs: inputs)
        return nil
      } catch { return error.code }
    }
    #expect(code(Self.weights, Self.inputs) == nil)
    #expect(code(Self.weights, [:]) == "missing-input")
    let narrow = BatchArray.real(Tensor(shape: Shape([2, 3]), values: [1, 2, 3, 4, 5, 6]))
    #expect(code(Self.weights, ["x": narrow]) == "input-shape")
    #expect(
      code(["fc1.weight": Self.weights["fc2.weight"]].compactMapValues { $0 }, Self.inputs)
        == "shape-mismatch")
    // External values are not at hand: the checkpoint must give them.
    #expect(code([:], Self.inputs) == "no-values")
    var old = Self.small()
    old.operatorSet = 11
    let file = old.file
    let error = #expect(throws: Problem.self) { try Graph.parse(file, path: "g.onnx") }
    #expect(error?.code == "old-operator-set")
  }

  @Test("stops at arrays that no memory holds")
  func enormous() throws {
    for (operation, shape) in [("Expand", [1 << 20, 1 << 20, 1 << 20]), ("Expand", [1 << 29])] {
      var builder = GraphBuilder()
      builder.input("x", [nil, 4])
      builder.weight("fc.weight", [1])
      builder.constant("one", [1], [1])
      builder.constant("shape", [shape.count], shape)
      builder.node(operation, ["one", "shape"], ["big"])
      builder.node("Add", ["x", "fc.weight"], ["h"])
      builder.node("Gather", ["h", "big"], ["y"], ["axis": .integer(1)])
      builder.output("y")
      let graph = try Graph.parse(builder.file, path: "g.onnx")
      let error = #expect(throws: Problem.self) {
        try Network(
          graph: graph, parameters: ["fc.weight": Tensor(shape: Shape([1]), values: [1])],
          inputs: Self.inputs)
      }
      #expect(error?.code == "array-too-large")
    }
  }
}
