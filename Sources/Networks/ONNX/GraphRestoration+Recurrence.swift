// The weights of LSTM, GRU and RNN nodes, which ONNX wants in another order of gates and with all
// directions and biases in one array: an exporter that optimises holds those arrays alone.
internal import Tensors

extension GraphRestoration {
  /// PyTorch's gates in ONNX's order: input, output, forget, cell; update, reset, new.
  private static let gates = ["LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2], "RNN": [0]]

  /// The parameters of one direction.
  private struct Direction {
    var input: String
    var state: String
    var biases: [String]
  }

  /// Gives a recurrent node the parameters that its arrays were made of.
  mutating func restoresRecurrence(_ node: inout Node) -> Bool {
    guard let gates = Self.gates[node.operation], node.inputs.count > 2,
      let folded = constants[node.inputs[1]], folded.type.isFloatingPoint,
      folded.shape.rank == 3, !traced.contains(folded.name),
      let state = constants[node.inputs[2]], state.shape.rank == 3
    else { return false }
    let (directions, rows) = (folded.shape.dimensions[0], folded.shape.dimensions[1])
    guard directions == 1 || directions == 2, rows % gates.count == 0,
      let found = parameters(of: node, directions: directions, rows: rows)
    else { return false }
    let units = rows / gates.count
    let order = gates.flatMap { gate in (0..<units).map { gate * units + $0 } }
    for direction in found {
      guard introduce(direction.input, Shape([rows, folded.shape.dimensions[2]])),
        introduce(direction.state, Shape([rows, state.shape.dimensions[2]])),
        direction.biases.allSatisfy({ introduce($0, Shape([rows])) })
      else { return false }
    }
    node.inputs[1] = joined(found.map { [$0.input] }, order)
    node.inputs[2] = joined(found.map { [$0.state] }, order)
    guard !found[0].biases.isEmpty else { return true }
    while node.inputs.count < 4 { node.inputs.append("") }
    node.inputs[3] = joined(found.map(\.biases), order)
    return true
  }

  /// By direction, its parameters: as the traced program lists them, or by the older exporter's module.
  private mutating func parameters(
    of node: Node, directions: Int, rows: Int
  ) -> [Direction]? {
    if let line = node.origin, let call = TracedCall(line) {
      let operations = ["LSTM": ["lstm"], "GRU": ["gru"], "RNN": ["rnn_tanh", "rnn_relu"]]
      guard operations[node.operation]?.contains(call.operation) == true, call.values.count > 3
      else { return nil }
      let place = recurrentNodes[line, default: 0]
      recurrentNodes[line] = place + 1
      let each = call.values[3] == "True" ? 4 : 2
      let read = call.arguments.compactMap { placeholders[$0] }
      let layer = directions * each
      guard read.count % layer == 0, (place + 1) * layer <= read.count else { return nil }
      return (0..<directions).map { direction in
        let start = place * layer + direction * each
        return Direction(
          input: read[start], state: read[start + 1],
          biases: Array(read[(start + 2)..<(start + each)]))
      }
    }
    guard node.inputs[1].hasPrefix("onnx::") else { return nil }
    let path = Self.path(ofNode: node.name)
    let place = recurrentNodes[path, default: 0]
    recurrentNodes[path] = place + 1
    let hasBias = node.inputs.count > 3 && !node.inputs[3].isEmpty
    var found: [Direction] = []
    for direction in 0..<directions {
      let ending = "_l\(place)" + (direction == 0 ? "" : "_reverse")
      let candidates = Self.modules(ofNode: node.name).compactMap { module -> Direction? in
        func name(_ kind: String) -> String? { stored(module + "." + kind + ending)?.name }
        guard let input = name("weight_ih"), let state = name("weight_hh"),
          stored(input)?.shape.dimensions.first == rows
        else { return nil }
        guard hasBias else { return Direction(input: input, state: state, biases: []) }
        guard let first = name("bias_ih"), let second = name("bias_hh") else { return nil }
        return Direction(input: input, state: state, biases: [first, second])
      }
      guard candidates.count == 1 else { return nil }
      found.append(candidates[0])
    }
    return found
  }

  /// Rows in another order, one behind the other, with an axis for the directions before them.
  private mutating func joined(_ directions: [[String]], _ order: [Int]) -> String {
    let isOrdered = order == Array(order.indices)
    var parts: [String] = []
    for names in directions {
      var rows: [String] = []
      for name in names {
        let indices = list(order)
        rows.append(
          isOrdered ? name : prepare("Gather", [name, indices], as: name + " by gates"))
      }
      let joined =
        rows.count == 1
        ? rows[0]
        : prepare(
          "Concat", rows, ["axis": .integer(0)], as: rows.joined(separator: " and "))
      parts.append(prepare("Unsqueeze", [joined, list([0])], as: joined + " of a direction"))
    }
    if parts.count == 1 { return parts[0] }
    return prepare(
      "Concat", parts, ["axis": .integer(0)], as: parts.joined(separator: " and "))
  }
}
