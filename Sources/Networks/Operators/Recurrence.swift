// The recurrent part of LSTM, GRU and RNN for one direction: from the input's share of every
// preactivation to the hidden states. One product over all sequences per time step; the pullback
// goes back through time (Werbos 1990).
internal import CKernels
internal import Diagnostics
internal import LinearAlgebra
internal import Tensors

final class Recurrence: Operator {
  /// Which recurrence it is (onnx Operators.md, LSTM, GRU, RNN).
  enum Cell {
    case lstm
    /// Whether the reset gate acts behind the recurrent product, as PyTorch's does.
    case gru(resetsProduct: Bool)
    case rnn

    var gates: Int {
      switch self {
      case .lstm: 4
      case .gru: 3
      case .rnn: 1
      }
    }
  }

  /// What is given out.
  enum Result {
    /// `[b, t, h]`.
    case states
    /// `[b, h]`.
    case lastState
    case lastCell
  }

  /// What an input is, by its place.
  enum Role {
    /// `[b, t, gates · h]`.
    case preactivations
    /// `[gates · h, h]`.
    case recurrent
    /// `[h]`, of a GRU that resets the product.
    case bias
    /// `[b, 1, h]`.
    case state
    case cell
  }

  struct Settings {
    var cell: Cell
    var result: Result
    var activations = ck_cell()
    var isReversed: Bool
    /// Entries of each sequence, nil when all are full.
    var lengths: [Int]?
  }

  let settings: Settings
  let roles: [Role]
  let operands: [Operand]
  let examples: Int
  /// Sequences per example, steps, units, gates · units.
  let s: Int
  let t: Int
  let h: Int
  let width: Int
  /// By sequence and step in the order of computation: activated gates `[m, t, width]`, states
  /// `[m, t + 1, h]`, cell states likewise, and a GRU's product or reset state `[m, t, h]`.
  let gates: FloatBuffer
  let states: FloatBuffer
  let cells: FloatBuffer
  let inner: FloatBuffer
  /// The last walk back through time since the forward pass.
  var walk: Walk?

  init(_ frame: Frame, _ roles: [Role], _ settings: Settings) throws(Problem) {
    self.settings = settings
    self.roles = roles
    let x = try frame.leading(0)
    let weight = try frame.shared(1)
    s = x.shape[0]
    t = x.shape[1]
    h = weight.shape[1]
    width = weight.shape[0]
    examples = frame.examples
    let (s, h) = (s, h)
    guard width == settings.cell.gates * h, x.shape[2] == width else {
      throw frame.site.invalid("recurrent weights \(weight.shape) for gates of \(x.shape)")
    }
    var operands = [x, weight]
    for input in roles.indices.dropFirst(2) {
      if case .bias = roles[input] {
        operands.append(try frame.shared(input))
        continue
      }
      let shape = frame.terms[input].shape.dimensions
      guard shape == [s * frame.examples, 1, h] else {
        throw frame.site.invalid("an initial state of \(shape)")
      }
      operands.append(Operand(shape: [s, 1, h], exampleStride: s * h))
    }
    self.operands = operands
    let sequences = frame.examples * s
    gates = FloatBuffer(count: sequences * t * width)
    states = FloatBuffer(count: sequences * (t + 1) * h)
    switch settings.cell {
    case .lstm:
      cells = FloatBuffer(count: sequences * (t + 1) * h)
      inner = FloatBuffer(count: 0)
    case .gru:
      cells = FloatBuffer(count: 0)
      // A reset state behind a sequence's end is never written, and meets cotangents of zero in products.
      inner = FloatBuffer(zeros: sequences * t * h)
    case .rnn:
      cells = FloatBuffer(count: 0)
      inner = FloatBuffer(count: 0)
    }
  }

  func exampleStride(_ input: Int) -> Int { operands[input].exampleStride }

  func rereads(_ input: Int) -> Rereads { Rereads(inputs: [1]) }

  func length(_ sequence: Int) -> Int { settings.lengths?[sequence] ?? t }

  /// The time that a sequence is at in a step of the computation.
  func time(_ sequence: Int, _ step: Int) -> Int {
    settings.isReversed ? length(sequence) - 1 - step : step
  }

  func place(_ role: Role) -> Int? {
    roles.firstIndex {
      switch ($0, role) {
      case (.preactivations, .preactivations), (.recurrent, .recurrent), (.bias, .bias),
        (.state, .state), (.cell, .cell):
        true
      default: false
      }
    }
  }

  // MARK: Forward

  func forward(_ arrays: Arrays) {
    walk = nil
    let sequences = examples * s
    for m in 0..<sequences {
      for step in 0..<length(m) {
        (gates.pointer + (m * t + step) * width).update(
          from: arrays.inputs[0] + (m * t + time(m, step)) * width, count: width)
      }
      start(states.pointer + m * (t + 1) * h, m, place(.state).map { arrays.inputs[$0] })
      if cells.count > 0 {
        start(cells.pointer + m * (t + 1) * h, m, place(.cell).map { arrays.inputs[$0] })
      }
    }
    for step in 0..<t { advance(step, arrays, sequences) }
    write(arrays.output, sequences)
  }

  private func start(
    _ target: UnsafeMutablePointer<Float>, _ m: Int, _ source: UnsafeMutablePointer<Float>?
  ) {
    if let source {
      target.update(from: source + m * h, count: h)
    } else {
      target.update(repeating: 0, count: h)
    }
  }

  private func advance(_ step: Int, _ arrays: Arrays, _ sequences: Int) {
    let weight = arrays.inputs[1]
    let before = states.pointer + step * h
    let gate = gates.pointer + step * width
    var direct = width
    if case .gru = settings.cell { direct = 2 * h }
    // gates [m, direct] += h [m, h] rᵀ
    multiply(
      transposeB: true, m: sequences, n: direct, k: h, before, aStride: (t + 1) * h, weight,
      bStride: h, beta: 1, into: gate, cStride: t * width)
    var activations = settings.activations
    if case .gru(let resetsProduct) = settings.cell {
      let own = inner.pointer + step * h
      for m in 0..<sequences {
        // Behind a sequence's end its gates are not set.
        if step < length(m) {
          ck_gru_reset(
            &activations, gate + m * t * width, before + m * (t + 1) * h, own + m * t * h, h)
        }
        guard resetsProduct, let bias = place(.bias) else { continue }
        (own + m * t * h).update(from: arrays.inputs[bias], count: h)
      }
      if resetsProduct {
        multiply(
          transposeB: true, m: sequences, n: h, k: h, before, aStride: (t + 1) * h,
          weight + 2 * h * h, bStride: h, beta: place(.bias) == nil ? 0 : 1, into: own,
          cStride: t * h)
      } else {
        multiply(
          transposeB: true, m: sequences, n: h, k: h, own, aStride: t * h, weight + 2 * h * h,
          bStride: h, beta: 1, into: gate + 2 * h, cStride: t * width)
      }
    }
    for m in 0..<sequences {
      let old = before + m * (t + 1) * h
      let row = gate + m * t * width
      guard step < length(m) else {
        (old + h).update(from: old, count: h)
        if cells.count > 0 {
          let cell = cells.pointer + (m * (t + 1) + step) * h
          (cell + h).update(from: cell, count: h)
        }
        continue
      }
      switch settings.cell {
      case .lstm:
        let cell = cells.pointer + (m * (t + 1) + step) * h
        ck_lstm_forward(&activations, row, cell, cell + h, old + h, h)
      case .gru(let resetsProduct):
        ck_gru_forward(
          &activations, row, resetsProduct ? inner.pointer + (m * t + step) * h : nil, old,
          old + h, h)
      case .rnn: ck_rnn_forward(&activations, row, old + h, h)
      }
    }
  }

  private func write(_ output: UnsafeMutablePointer<Float>, _ sequences: Int) {
    for m in 0..<sequences {
      let own = m * (t + 1) * h
      switch settings.result {
      case .lastState: (output + m * h).update(from: states.pointer + own + t * h, count: h)
      case .lastCell: (output + m * h).update(from: cells.pointer + own + t * h, count: h)
      case .states:
        let row = output + m * t * h
        if length(m) < t { row.update(repeating: 0, count: t * h) }
        for step in 0..<length(m) {
          (row + time(m, step) * h).update(
            from: states.pointer + own + (step + 1) * h, count: h)
        }
      }
    }
  }
}
