// LSTM, GRU and RNN nodes: the input's products for all steps at once, one recurrence per direction,
// and the layouts of what comes out (onnx Operators.md).
internal import CKernels
internal import Diagnostics
internal import Tensors

enum RecurrentLayers {
  static let kinds: Set<String> = ["LSTM", "GRU", "RNN"]

  static let lstm = layer { site throws(Problem) in .lstm }

  static let gru = layer { site throws(Problem) in
    .gru(resetsProduct: try site.integer("linear_before_reset", default: 0) == 1)
  }

  static let rnn = layer { site throws(Problem) in .rnn }

  /// What the directions of one node share.
  private struct Plan {
    var cell: Recurrence.Cell
    /// `[b, t, features]`.
    var input: String
    var directions: Int
    var units: Int
    var lengths: [Int]?
    var settings: [Recurrence.Settings]
  }

  private static func layer(
    _ cell: @escaping @Sendable (NodeSite) throws(Problem) -> Recurrence.Cell
  ) -> OperatorBinding {
    Binder.lowered { lower throws(Problem) in
      let site = lower.site
      let plan = try plan(lower, try cell(site))
      let isBatchFirst = try site.integer("layout", default: 0) == 1
      var outputs: [[String]] = [[], [], []]
      for direction in 0..<plan.directions {
        let emitted = try emit(lower, plan, direction, isBatchFirst: isBatchFirst)
        for (index, name) in emitted.enumerated() { outputs[index].append(name) }
      }
      let batch = try lower.shape(plan.input)[0]
      if lower.wants(0) {
        let joined = try lower("Concat", outputs[0], ["axis": .integer(2)])
        let steps = try lower.shape(joined)[1]
        let split = try lower.reshape(joined, [batch, steps, plan.directions, plan.units])
        try lower.finish(isBatchFirst ? split : try lower.transpose(split, [1, 2, 0, 3]))
      }
      for output in 1...2 where lower.wants(output) && !outputs[output].isEmpty {
        let joined = try lower("Concat", outputs[output], ["axis": .integer(1)])
        let split = try lower.reshape(joined, [batch, plan.directions, plan.units])
        try lower.finish(
          isBatchFirst ? split : try lower.transpose(split, [1, 0, 2]), output: output)
      }
    }
  }

  private static func plan(
    _ lower: Lowering, _ cell: Recurrence.Cell
  ) throws(Problem) -> Plan {
    let site = lower.site
    let isBatchFirst = try site.integer("layout", default: 0) == 1
    let direction = try site.text("direction", default: "forward")
    let directions = direction == "bidirectional" ? 2 : 1
    let input = try lower.input(0)
    let weight = try lower.binder.shape(site, 1).dimensions
    let recurrent = try lower.binder.shape(site, 2).dimensions
    let x = try lower.shape(input)
    guard x.count == 3, weight.count == 3, recurrent.count == 3, weight[0] == directions,
      recurrent[0] == directions, weight[2] == x[2], weight[1] == recurrent[1],
      recurrent[1] == cell.gates * recurrent[2]
    else {
      throw site.invalid("input \(x), weights \(weight) and \(recurrent), direction \(direction)")
    }
    let units = try site.integer("hidden_size", default: recurrent[2])
    guard units == recurrent[2] else {
      throw site.invalid("hidden_size \(units), and recurrent weights \(recurrent)")
    }
    if lower.optionalInput(7) != nil { throw site.unsupported("peepholes") }
    if try site.integer("input_forget", default: 0) != 0 {
      throw site.unsupported("coupled input and forget gates")
    }
    let (b, t) = isBatchFirst ? (x[0], x[1]) : (x[1], x[0])
    var lengths: [Int]?
    if let given = try lower.binder.integers(site, 4) {
      guard given.count == b, given.allSatisfy({ $0 >= 0 && $0 <= t }) else {
        throw site.invalid("lengths \(given) for \(b) sequences of \(t)")
      }
      if given.contains(where: { $0 != t }) { lengths = given }
    }
    let clip = try site.float("clip", default: 0)
    let names = try site.texts("activations") ?? []
    let functions = try defaults(cell).indices.map { index throws(Problem) in
      try (0..<directions).map { direction throws(Problem) in
        let count = defaults(cell).count
        let place = direction * count + index
        return try activation(site, place < names.count ? names[place] : defaults(cell)[index])
      }
    }
    let settings = (0..<directions).map { index in
      Recurrence.Settings(
        cell: cell, result: .states,
        activations: ck_cell(
          f: functions[0][index], g: functions.count > 1 ? functions[1][index] : 0,
          h: functions.count > 2 ? functions[2][index] : 0, clip: clip),
        isReversed: direction == "reverse" || index == 1, lengths: lengths)
    }
    return Plan(
      cell: cell, input: isBatchFirst ? input : try lower.transpose(input, [1, 0, 2]),
      directions: directions, units: recurrent[2], lengths: lengths, settings: settings)
  }

  private static func defaults(_ cell: Recurrence.Cell) -> [String] {
    switch cell {
    case .lstm: ["Sigmoid", "Tanh", "Tanh"]
    case .gru: ["Sigmoid", "Tanh"]
    case .rnn: ["Tanh"]
    }
  }

  private static func activation(_ site: NodeSite, _ name: String) throws(Problem) -> Int32 {
    switch name.lowercased() {
    case "sigmoid": return Int32(CK_CELL_SIGMOID.rawValue)
    case "tanh": return Int32(CK_CELL_TANH.rawValue)
    case "relu": return Int32(CK_CELL_RELU.rawValue)
    default: throw site.unsupported("activation \(name)")
    }
  }

  /// The states, last states and last cell states of one direction: `[b, t, h]`, `[b, h]`, `[b, h]`.
  private static func emit(
    _ lower: Lowering, _ plan: Plan, _ direction: Int, isBatchFirst: Bool
  ) throws(Problem) -> [String] {
    let (h, width) = (plan.units, plan.cell.gates * plan.units)
    let x = try lower.shape(plan.input)
    let weight = try one(lower, 1, direction, plan.directions, axis: 0)
    let recurrent = try one(lower, 2, direction, plan.directions, axis: 0)
    var gemm = [try lower.reshape(plan.input, [x[0] * x[1], x[2]]), weight]
    var bias: String?
    if lower.optionalInput(3) != nil {
      let both = try one(lower, 3, direction, plan.directions, axis: 0)
      let own = try lower.slice(both, axis: 0, 0..<width)
      let other = try lower.slice(both, axis: 0, width..<(2 * width))
      if case .gru(true) = plan.cell {
        // The candidate's second bias is reset together with the product.
        bias = try lower.slice(other, axis: 0, (2 * h)..<width)
        let direct = try lower.slice(other, axis: 0, 0..<(2 * h))
        let padded = try lower("Pad", [direct, lower.list([0, h])])
        gemm.append(try lower("Add", [own, padded]))
      } else {
        gemm.append(try lower("Add", [own, other]))
      }
    }
    let products = try lower("Gemm", gemm, ["transB": .integer(1)])
    var names = [try lower.reshape(products, [x[0], x[1], width]), recurrent]
    var roles: [Recurrence.Role] = [.preactivations, .recurrent]
    if let bias {
      names.append(bias)
      roles.append(.bias)
    }
    for (input, role) in [(5, Recurrence.Role.state), (6, .cell)] {
      guard let name = lower.optionalInput(input) else { continue }
      // Zeros are where every sequence starts anyway.
      if case .known(let array, _) = try lower.value(name), array.reals.allSatisfy({ $0 == 0 }) {
        continue
      }
      let state = try one(
        lower, input, direction, plan.directions, axis: isBatchFirst ? 1 : 0)
      names.append(try lower.reshape(state, [x[0], 1, h]))
      roles.append(role)
    }
    func recurrence(_ result: Recurrence.Result) throws(Problem) -> String {
      var terms: [Term] = []
      for name in names { terms.append(try lower.term(name)) }
      var settings = plan.settings[direction]
      settings.result = result
      var shape = [x[0], x[1], h]
      switch result {
      case .states: break
      case .lastState, .lastCell: shape.remove(at: 1)
      }
      let value = try lower.binder.emit(
        lower.site, terms, output: try lower.site.shape(shape)
      ) { frame throws(Problem) in try Recurrence(frame, roles, settings) }
      return lower.name(value)
    }
    let states = try recurrence(.states)
    var last: String
    if plan.lengths == nil, x[1] > 0 {
      let end = plan.settings[direction].isReversed ? 0 : x[1] - 1
      last = try lower.slice(states, axis: 1, end..<(end + 1))
      last = try lower.reshape(last, [x[0], h])
    } else {
      last = try recurrence(.lastState)
    }
    guard case .lstm = plan.cell, lower.wants(2) else { return [states, last] }
    return [states, last, try recurrence(.lastCell)]
  }

  /// One direction's part of an input, without the axis of directions.
  private static func one(
    _ lower: Lowering, _ input: Int, _ direction: Int, _ directions: Int, axis: Int
  ) throws(Problem) -> String {
    let name = try lower.input(input)
    var shape = try lower.shape(name)
    guard axis < shape.count, shape[axis] == directions else {
      throw lower.site.invalid("\(shape) for \(directions) directions")
    }
    let part =
      directions == 1 ? name : try lower.slice(name, axis: axis, direction..<(direction + 1))
    shape.remove(at: axis)
    return try lower.reshape(part, shape)
  }
}
