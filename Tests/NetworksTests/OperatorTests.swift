import Diagnostics
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Operators against differences of forward")
struct OperatorTests {
  @Test(
    "pulls back",
    arguments: [
      elementwiseCases, linearCases, normalisationCases, reductionCases, shapingCases,
      indexingCases, computedIndexCases, windowCases, attentionCases, recurrentCases,
      movedExampleCases,
    ].joined().map { $0 }, [false, true])
  func pullsBack(_ each: OperatorCase, besideInput: Bool) throws {
    try checkGradients(
      each.graph(besideInput: besideInput),
      name: each.name + (besideInput ? " beside its input" : ""))
  }

  /// As torch.nn.functional.pad(x, pads, mode="circular") of 0…4: what is cut does not come round again.
  @Test(
    "pads round after it has cut",
    arguments: [
      ([-1, 2], [1, 2, 3, 4, 1, 2]), ([2, -1], [2, 3, 0, 1, 2, 3]),
      ([2, 1], [3, 4, 0, 1, 2, 3, 4, 0]),
      ([-1, -2], [1, 2]),
    ] as [([Int], [Float])])
  func padsRound(_ pads: [Int], _ expected: [Float]) throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 5])
    builder.weight("unit.weight", [])
    builder.constant("pads", [4], [0, pads[0], 0, pads[1]])
    builder.node("Mul", ["x", "unit.weight"], ["h"])
    builder.node("Pad", ["h", "pads"], ["y"], ["mode": .text("wrap")])
    builder.output("y")
    let network = try Network(
      graph: try Graph.parse(builder.file, path: "g.onnx"),
      parameters: ["unit.weight": Tensor(shape: Shape([]), values: [1])],
      inputs: ["x": .real(Tensor(shape: Shape([1, 5]), values: [0, 1, 2, 3, 4]))])
    #expect(try Array(network.forward()) == expected)
  }

  @Test(
    "refuses a normalisation without channels, whatever its statistics are",
    arguments: [false, true])
  func normalisesChannels(computesStatistics: Bool) throws {
    var builder = GraphBuilder()
    builder.input("x", [nil])
    builder.weight("bn.weight", [1])
    builder.weight("bn.bias", [1])
    builder.weight("bn.running_mean", [1])
    builder.node("Exp", ["bn.weight"], ["computed"])
    let statistic = computesStatistics ? "computed" : "bn.running_mean"
    builder.node(
      "BatchNormalization", ["x", "bn.weight", "bn.bias", statistic, statistic], ["y"])
    builder.output("y")
    let one = Tensor(shape: Shape([1]), values: [1])
    let file = builder.file
    let error = #expect(throws: Problem.self) {
      try Network(
        graph: try Graph.parse(file, path: "g.onnx"),
        parameters: ["bn.weight": one, "bn.bias": one, "bn.running_mean": one],
        inputs: ["x": .real(Tensor(shape: Shape([2]), values: [1, 2]))])
    }
    #expect(error?.code == "bad-node")
  }

  /// What one side of a signal's spectrum holds is the signal; what has more entries than the side is cut.
  @Test("goes to the spectrum and back", arguments: [1, 2, 5, 8], [0, 2])
  func goesThroughTheSpectrum(_ length: Int, beyond: Int) throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, length, 1])
    builder.weight("unit.weight", [])
    builder.constant("axis", [], [1])
    builder.constant("length", [], [length])
    builder.constant("pads", [6], [0, 0, 0, 0, beyond, 0])
    builder.node("Mul", ["x", "unit.weight"], ["h"])
    builder.node("DFT", ["h", "", "axis"], ["side"], ["onesided": .integer(1)])
    builder.node("Pad", ["side", "pads"], ["more"])
    builder.node(
      "DFT", ["more", "length", "axis"], ["y"], ["onesided": .integer(1), "inverse": .integer(1)])
    builder.output("y")
    let x = (0..<length).map { Float($0 * $0 % 7) - 1.5 }
    let network = try Network(
      graph: try Graph.parse(builder.file, path: "g.onnx"),
      parameters: ["unit.weight": Tensor(shape: Shape([]), values: [1])],
      inputs: ["x": .real(Tensor(shape: Shape([1, length, 1]), values: x))])
    let y = try network.forward()
    #expect(y.count == length && zip(x, y).allSatisfy { abs($0 - $1) < 1e-5 }, "\(y)")
  }

  @Test("embeds, with tables that are tied and tables that all examples share")
  func embeds() throws {
    // Tokens → table + positions → a product with the same table: [2, 3] tokens of 4.
    var builder = GraphBuilder()
    builder.input("tokens", [nil, 3], type: 7)
    builder.weight("wte.weight", [4, 2])
    builder.weight("wpe.weight", [3, 2])
    builder.constant("positions", [1, 3], [0, 1, 2])
    builder.node("Gather", ["wte.weight", "tokens"], ["e"])
    builder.node("Gather", ["wpe.weight", "positions"], ["p"])
    builder.node("Add", ["e", "p"], ["h"])
    builder.node("Tanh", ["h"], ["t"])
    builder.node("Transpose", ["wte.weight"], ["w"], ["perm": .integers([1, 0])])
    builder.node("MatMul", ["t", "w"], ["y"])
    builder.output("y")
    var random = Seeded(seed: 3)
    let checked = CheckedGraph(
      file: builder.file,
      parameters: [
        "wte.weight": Tensor(shape: Shape([4, 2]), values: (0..<8).map { _ in random.signed() }),
        "wpe.weight": Tensor(shape: Shape([3, 2]), values: (0..<6).map { _ in random.signed() }),
      ],
      inputs: [
        "tokens": .integer(IntegerTensor(shape: Shape([2, 3]), values: [0, 3, 0, -1, 1, 2]))
      ])
    try checkGradients(checked, name: "tied embedding")
    let network = try checked.bind()
    #expect(network.outputShape == Shape([3, 4]))
    #expect(network.parameters.map(\.name) == ["wte.weight", "wpe.weight"])
    #expect(network.layers.map(\.kind) == ["Gather", "Gather"])
    #expect(network.connections == [LayerConnection(from: 0, to: 1)])
    // The tied table is recorded where it embeds, positions where they meet the examples.
    _ = try network.forward()
    #expect(network.recording(ofLayer: 0).shape == Shape([2, 6]))
    #expect(network.recording(ofLayer: 0).values != network.recording(ofLayer: 1).values)
  }

  @Test("gives a table with a row per example only its own example's gradient")
  func rowsPerExample() throws {
    // Learned positions gathered for every example before they meet it.
    var builder = GraphBuilder()
    builder.input("x", [nil, 2, 3])
    builder.weight("wpe.weight", [2, 3])
    builder.constant("positions", [1, 2], [0, 1])
    builder.constant("two", [1], [2])
    builder.node("Shape", ["x"], ["n"], ["start": .integer(0), "end": .integer(1)])
    builder.node("Concat", ["n", "two"], ["shape"], ["axis": .integer(0)])
    builder.node("Expand", ["positions", "shape"], ["rows"])
    builder.node("Gather", ["wpe.weight", "rows"], ["p"])
    builder.node("Mul", ["x", "p"], ["y"])
    builder.output("y")
    var random = Seeded(seed: 5)
    try checkGradients(
      CheckedGraph(
        file: builder.file,
        parameters: [
          "wpe.weight": Tensor(shape: Shape([2, 3]), values: (0..<6).map { _ in random.signed() })
        ],
        inputs: [
          "x": .real(
            Tensor(shape: Shape([3, 2, 3]), values: (0..<18).map { _ in random.signed() }))
        ]), name: "positions per example")
  }
}
