import Diagnostics
import Networks
import Tensors
import TestSupport
import Testing

/// Layers as exporters that optimise leave them, of which more than one weight was made into one array.
@Suite("Layers that an exporter folded")
struct FoldedLayerTests {
  private static func line(_ target: String, _ arguments: String) -> String {
    "%y : [num_users=1] = call_function[target=torch.ops.aten.\(target)](args = (\(arguments)), kwargs = {})"
  }

  /// The exporter's list of parameters and buffers, by their names in the traced program.
  private static func signature(_ names: [String]) -> String {
    "\n# inputs\n"
      + names.map { name in
        let isBuffer = name.contains("running")
        let traced = (isBuffer ? "b_" : "p_") + name.map { $0 == "." ? "_" : $0 }
        return "\(traced): \(isBuffer ? "BUFFER" : "PARAMETER") target='\(name)'"
          + (isBuffer ? " persistent=True" : "")
      }.joined(separator: "\n") + "\nx: USER_INPUT\n"
  }

  private static func restored(
    _ names: [String], checkpoint: [(name: String, shape: Shape)] = [],
    _ build: (inout GraphBuilder) -> Void
  ) throws -> Graph {
    var builder = GraphBuilder()
    build(&builder)
    builder.output("y")
    builder.metadata(
      "pkg.torch.export.ExportedProgram.graph_signature", signature(names))
    return try Graph.parse(builder.file, path: "g.onnx").restored(checkpoint: checkpoint)
  }

  private static func forward(
    _ graph: Graph, _ weights: [String: [Float]], _ x: Tensor
  ) throws -> [Float] {
    let shapes = Dictionary(uniqueKeysWithValues: graph.initializers.map { ($0.name, $0.shape) })
    let tensors = weights.reduce(into: [String: Tensor]()) { result, entry in
      if let shape = shapes[entry.key] {
        result[entry.key] = Tensor(shape: shape, values: entry.value)
      }
    }
    #expect(tensors.count == weights.count)
    return try Network(graph: graph, parameters: tensors, inputs: ["x": .real(x)]).forward()
  }

  @Test(
    "a batch normalisation in a convolution's weights is parted from it", arguments: [true, false])
  func normalisation(hasBias: Bool) throws {
    let names =
      ["conv.weight"] + (hasBias ? ["conv.bias"] : [])
      + ["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"]
    let graph = try Self.restored(names) {
      $0.input("x", [nil, 1, 2])
      $0.weight("conv.weight", [2, 1, 1])
      $0.weight(hasBias ? "conv.bias" : "conv.weight_bias", [2])
      $0.node(
        "Conv", ["x", "conv.weight", hasBias ? "conv.bias" : "conv.weight_bias"], ["y"],
        origin: Self.line(
          "_native_batch_norm_legit_no_training.default",
          "%conv, %p_bn_weight, %p_bn_bias, %b_bn_running_mean, %b_bn_running_var, 0.1, 0.25"))
    }
    #expect(Set(graph.initializers.map(\.name)) == Set(names))
    #expect(
      Set(graph.initializers.filter { $0.role == .buffer }.map(\.name))
        == ["bn.running_mean", "bn.running_var"])
    #expect(graph.lostParameters.isEmpty)
    var weights: [String: [Float]] = [
      "conv.weight": [2, 3], "bn.weight": [1, 4], "bn.bias": [0, 5], "bn.running_mean": [1, 2],
      "bn.running_var": [0.75, 3.75],
    ]
    if hasBias { weights["conv.bias"] = [10, 20] }
    let y = try Self.forward(
      graph, weights, Tensor(shape: Shape([1, 1, 2]), values: [1, 2]))
    let shift: [Float] = hasBias ? [10, 20] : [0, 0]
    // (w x + b − mean) / sqrt(var + ε) · γ + β, with deviations 1 and 2.
    #expect(
      y == [
        2 + shift[0] - 1, 4 + shift[0] - 1, (3 + shift[1] - 2) * 2 + 5, (6 + shift[1] - 2) * 2 + 5,
      ])
  }

  /// Rows of gates in another order.
  private static func rows(_ values: [Float], _ order: [Int], width: Int) -> [Float] {
    order.flatMap { Array(values[($0 * width)..<(($0 + 1) * width)]) }
  }

  @Test(
    "a recurrent layer's weights are found in the traced program and in the older exporter's names",
    arguments: [
      ("LSTM", "lstm.input", [0, 3, 1, 2]), ("GRU", "gru.input", [1, 0, 2]),
      ("RNN", "rnn_tanh.input", [0]),
    ])
  func recurrence(operation: String, target: String, order: [Int]) throws {
    // One unit; two inputs.
    var random = Seeded(seed: 3)
    func values(_ count: Int) -> [Float] { (0..<count).map { _ in random.signed() } }
    let gates = order.count
    let (input, state) = (values(2 * gates), values(gates))
    let (first, second) = (values(gates), values(gates))
    let kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    let names = kinds.map { "rnn.\($0)_l0" }
    func build(_ builder: inout GraphBuilder, origin: String?, prefix: String) {
      builder.input("x", [nil, 3, 2])
      builder.constant(
        prefix + "1", [1, gates, 2], Self.rows(input, order, width: 2))
      builder.constant(prefix + "2", [1, gates, 1], Self.rows(state, order, width: 1))
      builder.constant(
        prefix + "3", [1, 2 * gates],
        Self.rows(first, order, width: 1) + Self.rows(second, order, width: 1))
      builder.node("Transpose", ["x"], ["t"], ["perm": .integers([1, 0, 2])])
      builder.node(
        operation, ["t"] + ["1", "2", "3"].map { prefix + $0 }, ["h"],
        ["hidden_size": .integer(1)].merging(
          operation == "GRU" ? ["linear_before_reset": .integer(1)] : [:]
        ) { first, _ in first },
        name: "/rnn/\(operation)", origin: origin)
      builder.node("Transpose", ["h"], ["y"], ["perm": .integers([2, 0, 1, 3])])
    }
    let x = Tensor(shape: Shape([2, 3, 2]), values: values(12))
    var plain = GraphBuilder()
    build(&plain, origin: nil, prefix: "kept.")
    plain.output("y")
    let graph = try Graph.parse(plain.file, path: "g.onnx")
    let weights = Dictionary(
      uniqueKeysWithValues: zip(names, [input, state, first, second]))
    let expected = try Self.forward(graph, [:], x)
    let state0 = operation == "LSTM" ? "[%h, %c]" : "%h"
    let traced = try Self.restored(names) {
      build(
        &$0,
        origin: Self.line(
          target,
          "%x, \(state0), ["
            + names.map { "%p_" + $0.map { $0 == "." ? "_" : $0 } }
            .joined(separator: ", ") + "], True, 1, 0.0, False, False, True"),
        prefix: "val_")
    }
    #expect(Set(traced.initializers.map(\.name)) == Set(names))
    #expect(try Self.forward(traced, weights, x) == expected)
    let shapes = [
      Shape([gates, 2]), Shape([gates, 1]), Shape([gates]), Shape([gates]),
    ]
    let older = try Self.restored(
      [], checkpoint: zip(names, shapes).map { (name: "module." + $0, shape: $1) }
    ) { build(&$0, origin: nil, prefix: "onnx::\(operation)_") }
    #expect(Set(older.initializers.map(\.name)) == Set(names))
    #expect(try Self.forward(older, weights, x) == expected)
  }

  @Test("biases of zero that were left out come back")
  func biases() throws {
    let names = ["fc.weight", "fc.bias", "conv.weight", "conv.bias"]
    let graph = try Self.restored(names) {
      $0.input("x", [nil, 2])
      $0.constant("val_0", [2, 2], [1, 2, 3, 4] as [Float])
      $0.weight("conv.weight", [1, 2, 1])
      $0.constant("last", [1], [2])
      $0.node(
        "MatMul", ["x", "val_0"], ["h"],
        origin: Self.line("linear.default", "%x, %p_fc_weight, %p_fc_bias"))
      $0.node("Unsqueeze", ["h", "last"], ["i"])
      $0.node(
        "Conv", ["i", "conv.weight"], ["y"],
        origin: Self.line("conv1d.default", "%h, %p_conv_weight, %p_conv_bias"))
    }
    #expect(Set(graph.initializers.map(\.name)).isSuperset(of: names))
    #expect(graph.lostParameters.isEmpty)
    let y = try Self.forward(
      graph,
      [
        "fc.weight": [1, 2, 3, 4], "fc.bias": [10, 20], "conv.weight": [1, 1], "conv.bias": [100],
      ],
      Tensor(shape: Shape([1, 2]), values: [1, 1]))
    #expect(y == [3 + 10 + 7 + 20 + 100])
  }

  @Test("a group normalisation's scale and shift, and slopes, are the weights that were reshaped")
  func channels() throws {
    let names = ["norm.weight", "norm.bias", "slope.weight"]
    let graph = try Self.restored(names) {
      $0.input("x", [nil, 2, 1])
      for name in ["val_1", "val_2", "val_3"] { $0.constant(name, [2, 1], [1, 1] as [Float]) }
      let norm = Self.line("group_norm.default", "%x, 1, %p_norm_weight, %p_norm_bias, 1e-05")
      $0.node("Mul", ["x", "val_1"], ["h"], origin: norm)
      $0.node("Add", ["h", "val_2"], ["i"], origin: norm)
      $0.node(
        "PRelu", ["i", "val_3"], ["y"], origin: Self.line("prelu.default", "%i, %p_slope_weight"))
    }
    #expect(Set(graph.initializers.map(\.name)) == Set(names))
    let y = try Self.forward(
      graph, ["norm.weight": [2, 3], "norm.bias": [1, -9], "slope.weight": [0.5, 0.25]],
      Tensor(shape: Shape([1, 2, 1]), values: [1, 1]))
    #expect(y == [3, -1.5])
  }
}
