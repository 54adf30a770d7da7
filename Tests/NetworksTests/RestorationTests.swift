import Diagnostics
import Networks
import Tensors
import Testing

/// Graphs as exporters that optimise leave them: weights folded, merged and left out.
@Suite("Weights that an exporter folded")
struct RestorationTests {
  private static let signature = """

    # inputs
    p_fc_weight: PARAMETER target='fc.weight'
    p_fc_bias: PARAMETER target='fc.bias'
    p_norm_weight: PARAMETER target='norm.weight'
    b_table: BUFFER target='table' persistent=True
    b_angles: BUFFER target='angles' persistent=False
    x: USER_INPUT

    # outputs
    linear: USER_OUTPUT
    """

  private static func line(_ target: String, _ arguments: String) -> String {
    "%y : [num_users=1] = call_function[target=torch.ops.aten.\(target)](args = (\(arguments)), kwargs = {})"
  }

  private static func shapes(_ graph: Graph) -> [String: Shape] {
    Dictionary(uniqueKeysWithValues: graph.initializers.map { ($0.name, $0.shape) })
  }

  @Test("the traced program tells which parameter a transposed weight is")
  func traced() throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 3])
    builder.constant("val_0", [3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9] as [Float])
    builder.node(
      "MatMul", ["x", "val_0"], ["y"], origin: Self.line("linear.default", "%x, %p_fc_weight"))
    builder.output("y")
    builder.metadata("pkg.torch.export.ExportedProgram.graph_signature", Self.signature)
    let graph = try Graph.parse(builder.file, path: "g.onnx").restored(checkpoint: [])
    #expect(Self.shapes(graph) == ["fc.weight": Shape([3, 3])])
    let weight = Tensor(shape: Shape([3, 3]), values: [1, 0, 0, 2, 0, 0, 3, 0, 0])
    let network = try Network(
      graph: graph, parameters: ["fc.weight": weight],
      inputs: ["x": .real(Tensor(shape: Shape([1, 3]), values: [1, 10, 100]))])
    // y = x Wᵀ reads the first column of W only.
    #expect(try network.forward() == [1, 2, 3])
    #expect(graph.lostParameters.isEmpty)
  }

  @Test("what is computed from a weight before it is used is not restored, and lost")
  func scaled() throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 3])
    builder.constant("val_0", [3, 3], [Float](repeating: 1, count: 9))
    builder.node("MatMul", ["x", "val_0"], ["y"], origin: Self.line("linear.default", "%x, %mul"))
    builder.node("Relu", ["y"], ["z"], origin: Self.line("relu.default", "%y, %p_fc_bias"))
    builder.output("z")
    builder.metadata("pkg.torch.export.ExportedProgram.graph_signature", Self.signature)
    let graph = try Graph.parse(builder.file, path: "g.onnx").restored(checkpoint: [])
    #expect(Self.shapes(graph) == ["val_0": Shape([3, 3])])
    #expect(graph.lostParameters == ["fc.bias"])
    let error = #expect(throws: Problem.self) {
      try NameBinding(
        graph: graph, checkpoint: [("fc.weight", Shape([3, 3]))], place: "step_1.pt")
    }
    #expect(
      error?.description
        == "folded-weight: step_1.pt: weight \"val_0\": it may be made of \"fc.weight\", which the graph does not read; export again with probes/make_probe.py, or with torch.onnx.export(model, (x,), \"graph.onnx\", dynamo=True, optimize=False, external_data=True)"
    )
  }

  @Test("weights of equal values that share an array are parted")
  func merged() throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 3])
    builder.weight("fc.bias", [3])
    builder.node(
      "Mul", ["x", "fc.bias"], ["h"], origin: Self.line("mul.Tensor", "%x, %p_norm_weight"))
    builder.node(
      "Add", ["h", "fc.bias"], ["y"],
      origin: Self.line("linear.default", "%h, %p_fc_weight, %p_fc_bias"))
    builder.output("y")
    builder.metadata("pkg.torch.export.ExportedProgram.graph_signature", Self.signature)
    let graph = try Graph.parse(builder.file, path: "g.onnx").restored(checkpoint: [])
    #expect(Self.shapes(graph) == ["fc.bias": Shape([3]), "norm.weight": Shape([3])])
    #expect(graph.lostParameters == ["fc.weight"])
  }

  @Test("the older exporter's modules lead to their weights, under any prefix")
  func older() throws {
    func graph() throws -> Graph {
      var builder = GraphBuilder()
      builder.input("x", [nil, 2])
      builder.constant("onnx::MatMul_7", [2, 2], [1, 2, 3, 4] as [Float])
      builder.weight("norm.bias", [2])
      builder.node("MatMul", ["x", "onnx::MatMul_7"], ["h"], name: "/net/net.0/MatMul")
      builder.node("Identity", ["norm.bias"], ["other.bias"], name: "Identity_3")
      builder.node("Add", ["h", "norm.bias"], ["i"], name: "/norm/Add")
      builder.node("Add", ["i", "other.bias"], ["y"], name: "/other/Add")
      builder.output("y")
      return try Graph.parse(builder.file, path: "g.onnx")
    }
    let square = Shape([2, 2])
    let checkpoint = [
      ("module.net.0.weight", square), ("module.norm.bias", Shape([2])),
      ("module.other.bias", Shape([2])),
    ]
    let restored = try graph().restored(checkpoint: checkpoint)
    #expect(
      Self.shapes(restored)
        == ["net.0.weight": square, "norm.bias": Shape([2]), "other.bias": Shape([2])])
    let binding = try NameBinding(graph: restored, checkpoint: checkpoint, place: "step_1.pt")
    #expect(binding.checkpointNames["net.0.weight"] == "module.net.0.weight")
    #expect(binding.unreached.isEmpty)
    // A list that bears its owner's name makes the path ambiguous: refused.
    let doubtful = [
      ("net.0.weight", square), ("net.net.0.weight", square), ("norm.bias", Shape([2])),
    ]
    let kept = try graph().restored(checkpoint: doubtful)
    #expect(Self.shapes(kept)["net.0.weight"] == nil)
    let error = #expect(throws: Problem.self) {
      try NameBinding(graph: kept, checkpoint: doubtful, place: "step_1.pt")
    }
    #expect(error?.code == "folded-weight")
  }

  @Test("buffers are read and not trained; tables that no checkpoint holds stay the graph's")
  func buffers() throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 2])
    builder.weight("table", [2])
    builder.weight("norm.weight", [2])
    builder.constant("angles", [2], [10, 20] as [Float])
    builder.node("Mul", ["x", "norm.weight"], ["h"])
    builder.node("Add", ["h", "table"], ["i"])
    builder.node("Add", ["i", "angles"], ["y"])
    builder.output("y")
    builder.metadata("pkg.torch.export.ExportedProgram.graph_signature", Self.signature)
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    let binding = try NameBinding(
      graph: graph, checkpoint: [("norm.weight", Shape([2])), ("table", Shape([2]))], place: "s")
    #expect(binding.checkpointNames == ["norm.weight": "norm.weight", "table": "table"])
    #expect(binding.notes.isEmpty)
    let network = try Network(
      graph: graph,
      parameters: [
        "norm.weight": Tensor(shape: Shape([2]), values: [2, 3]),
        "table": Tensor(shape: Shape([2]), values: [0.5, 0.25]),
      ], inputs: ["x": .real(Tensor(shape: Shape([1, 2]), values: [1, 1]))])
    #expect(try network.forward() == [12.5, 23.25])
    #expect(network.parameters.map(\.name) == ["norm.weight"])
  }

  @Test("tables in another file are taken in where that file exists")
  func external() throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 2])
    builder.weight("mask", [2])
    builder.weight("fc.weight", [2])
    builder.node("Mul", ["x", "mask"], ["h"])
    builder.node("Add", ["h", "fc.weight"], ["y"])
    builder.output("y")
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    #expect(graph.externalTables.map(\.name) == ["mask"])
    #expect(graph.externalTables.map(\.count) == [8])
    let included = try graph.including(["mask": [0, 0, 0, 0, 0, 0, 0x80, 0x3F]])
    let network = try Network(
      graph: included, parameters: ["fc.weight": Tensor(shape: Shape([2]), values: [1, 1])],
      inputs: ["x": .real(Tensor(shape: Shape([1, 2]), values: [5, 7]))])
    #expect(try network.forward() == [1, 8])
    let error = #expect(throws: Problem.self) { try graph.including(["mask": [0]]) }
    #expect(error?.code == "bad-external-data")
  }

  @Test("the prediction is the first real output with axes, or the one that is named")
  func outputs() throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 2])
    builder.node("Identity", ["x"], ["loss"])
    builder.node("Identity", ["x"], ["logits"])
    builder.output("loss")
    builder.output("ids", [nil, 2], type: 7)
    builder.output("logits", [nil, 2])
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    #expect(graph.prediction == "logits")
    #expect(try graph.predicting("loss").prediction == "loss")
    let error = #expect(throws: Problem.self) { try graph.predicting("other") }
    #expect(
      error?.description
        == "unknown-output: g.onnx: output \"other\": the graph's outputs are loss, ids, logits; name one of them in probe.yaml"
    )
  }
}
