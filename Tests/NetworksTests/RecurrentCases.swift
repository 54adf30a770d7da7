// The table of recurrent layers: two sequences of three steps per case, in the layout that keeps
// examples first.
import Networks

private func recurrent(
  _ operation: String, _ name: String, gates: Int, directions: Int = 1, bias: Bool = true,
  state: Bool = false, cell: Bool = false, output: String = "y",
  domain: OperatorCase.Domain = .awayFromZero,
  _ attributes: [String: GraphBuilder.Value] = [:]
) -> OperatorCase {
  let (i, h) = (2, 2)
  var parameters = [
    "rnn.weight_ih": [directions, gates * h, i], "rnn.weight_hh": [directions, gates * h, h],
  ]
  if bias { parameters["rnn.bias"] = [directions, 2 * gates * h] }
  return OperatorCase(
    name: "\(operation) \(name)", shape: [3, i], parameters: parameters, domain: domain
  ) {
    // The initial states are made of the input's first step.
    $0.constant("start", [1], [0])
    $0.constant("end", [1], [1])
    $0.constant("axis", [1], [1])
    $0.node("Slice", ["h", "start", "end", "axis"], ["first"])
    $0.node("Concat", Array(repeating: "first", count: directions), ["h0"], ["axis": .integer(1)])
    $0.node("Tanh", ["h0"], ["c0"])
    var inputs = ["h", "rnn.weight_ih", "rnn.weight_hh", bias ? "rnn.bias" : "", ""]
    if state { inputs.append("h0") }
    if cell { inputs.append("c0") }
    let outputs = ["y", "last", "cell"].map { $0 == output ? "y" : "" }
    $0.node(
      operation, inputs, outputs,
      attributes.merging([
        "hidden_size": .integer(h), "layout": .integer(1),
        "direction": .text(directions == 2 ? "bidirectional" : "forward"),
      ]) { first, _ in first })
  }
}

let recurrentCases: [OperatorCase] = [
  recurrent("LSTM", "with every input", gates: 4, state: true, cell: true),
  recurrent("LSTM", "in both directions", gates: 4, directions: 2, state: true, cell: true),
  recurrent(
    "LSTM", "backwards without bias", gates: 4, bias: false, ["direction": .text("reverse")]),
  recurrent("LSTM", "giving its last state", gates: 4, directions: 2, output: "last"),
  recurrent("LSTM", "giving its last cell state", gates: 4, cell: true, output: "cell"),
  recurrent("GRU", "", gates: 3, state: true),
  recurrent(
    "GRU", "that resets the product", gates: 3, state: true,
    [
      "linear_before_reset": .integer(1)
    ]),
  recurrent(
    "GRU", "in both directions", gates: 3, directions: 2, output: "last",
    [
      "linear_before_reset": .integer(1)
    ]),
  recurrent(
    "GRU", "without bias, of two directions", gates: 3, directions: 2, bias: false, state: true),
  recurrent("RNN", "", gates: 1, state: true),
  recurrent(
    "RNN", "rectified, not clipped yet", gates: 1, directions: 2, domain: .positive,
    [
      "activations": .texts(["Relu", "Tanh"]), "clip": .float(1000),
    ]),
  OperatorCase(
    name: "GRU of sequences of several lengths", shape: [2, 3, 1],
    parameters: ["rnn.weight_ih": [1, 6, 1], "rnn.weight_hh": [1, 6, 2]]
  ) {
    // Two sequences per example, of three steps and of two.
    $0.constant("shape", [3], [-1, 3, 1])
    $0.node("Reshape", ["h", "shape"], ["steps"])
    $0.node("Shape", ["h"], ["n"], ["end": .integer(1)])
    $0.constant("lengths", [2], [3, 2])
    $0.node("Tile", ["lengths", "n"], ["all"])
    $0.node(
      "GRU", ["steps", "rnn.weight_ih", "rnn.weight_hh", "", "all"], ["states", "last"],
      ["hidden_size": .integer(2), "layout": .integer(1), "direction": .text("reverse")])
    $0.constant("wide", [2], [-1, 2])
    $0.node("Reshape", ["states", "wide"], ["a"])
    $0.node("Reshape", ["last", "wide"], ["b"])
    $0.constant("rows", [2], [-1, 12])
    $0.constant("two", [2], [-1, 4])
    $0.node("Reshape", ["a", "rows"], ["flat"])
    $0.node("Reshape", ["b", "two"], ["ends"])
    $0.node("Concat", ["flat", "ends"], ["y"], ["axis": .integer(1)])
  },
]
