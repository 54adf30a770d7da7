// Back through time: the cotangents of every preactivation, and what they mean for each input.
internal import CKernels
internal import Glibc
internal import LinearAlgebra

extension Recurrence {
  /// Cotangents for rows (example, cotangent, sequence), steps in the order of the computation.
  struct Cotangents {
    /// `[rows, t, width]`.
    let gates: FloatBuffer
    /// `[rows, t, h]`: of a GRU's product, if it resets it.
    let product: FloatBuffer
    /// `[rows, h]`: of the initial states.
    let state: FloatBuffer
    let cell: FloatBuffer
  }

  /// What a walk back through time was given, and what it found.
  struct Walk {
    let examples: Range<Int>
    let count: Int
    let deltas: FloatBuffer
    let cotangents: Cotangents
  }

  /// One walk serves all inputs: the same cotangents of the output come once for each of them.
  private func cotangents(of pull: PullBack) -> Cotangents {
    var given = rows(pull) * h
    if case .states = settings.result { given *= t }
    if let walk, walk.examples == pull.examples, walk.count == pull.count,
      memcmp(walk.deltas.pointer, pull.deltas, given * MemoryLayout<Float>.stride) == 0
    {
      return walk.cotangents
    }
    walk = nil
    let cotangents = backThroughTime(pull)
    let deltas = FloatBuffer(count: given)
    deltas.pointer.update(from: pull.deltas, count: given)
    walk = Walk(
      examples: pull.examples, count: pull.count, deltas: deltas, cotangents: cotangents)
    return cotangents
  }

  func pullBack(_ pull: PullBack) {
    let cotangents = cotangents(of: pull)
    let own = operands[pull.input].count
    switch roles[pull.input] {
    case .preactivations:
      pull.clearTarget(slab: own)
      for row in 0..<rows(pull) {
        let m = sequence(pull, row)
        for step in 0..<length(m) {
          add(
            cotangents.gates.pointer + (row * t + step) * width,
            to: pull.target + (row * t + time(m, step)) * width, width)
        }
      }
    case .recurrent: pullBackToWeight(pull, cotangents)
    case .bias:
      pull.clearTarget(slab: own)
      ck_column_sums(
        cotangents.product.pointer, pull.target, pull.examples.count * pull.count, s * t, h)
    case .state, .cell:
      pull.clearTarget(slab: own)
      let source =
        if case .cell = roles[pull.input] { cotangents.cell } else { cotangents.state }
      add(source.pointer, to: pull.target, rows(pull) * h)
    }
  }

  private func rows(_ pull: PullBack) -> Int { pull.examples.count * pull.count * s }

  /// The sequence whose forward pass a row of cotangents belongs to.
  private func sequence(_ pull: PullBack, _ row: Int) -> Int {
    (pull.examples.lowerBound + row / (pull.count * s)) * s + row % s
  }

  private func add(
    _ source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    ck_add_to(source, target, count)
  }

  private func pullBackToWeight(_ pull: PullBack, _ cotangents: Cotangents) {
    // Per example and cotangent: δ is [t, width], the states before are [t, h], δᵀ h is [width, h]
    for row in 0..<rows(pull) {
      let m = sequence(pull, row)
      let target = pull.target + row / s * width * h
      let beta: Float = pull.accumulates || row % s > 0 ? 1 : 0
      let delta = cotangents.gates.pointer + row * t * width
      let before = states.pointer + m * (t + 1) * h
      guard case .gru(let resetsProduct) = settings.cell else {
        multiply(
          transposeA: true, m: width, n: h, k: t, delta, aStride: width, before, bStride: h,
          beta: beta, into: target, cStride: h)
        continue
      }
      multiply(
        transposeA: true, m: 2 * h, n: h, k: t, delta, aStride: width, before, bStride: h,
        beta: beta, into: target, cStride: h)
      if resetsProduct {
        multiply(
          transposeA: true, m: h, n: h, k: t, cotangents.product.pointer + row * t * h, aStride: h,
          before, bStride: h, beta: beta, into: target + 2 * h * h, cStride: h)
      } else {
        multiply(
          transposeA: true, m: h, n: h, k: t, delta + 2 * h, aStride: width,
          inner.pointer + m * t * h, bStride: h, beta: beta, into: target + 2 * h * h, cStride: h)
      }
    }
  }

  private func backThroughTime(_ pull: PullBack) -> Cotangents {
    let count = rows(pull)
    var resetsProduct = false
    if case .gru(true) = settings.cell { resetsProduct = true }
    let result = Cotangents(
      gates: FloatBuffer(zeros: count * t * width),
      product: FloatBuffer(zeros: resetsProduct ? count * t * h : 0),
      state: FloatBuffer(zeros: count * h), cell: FloatBuffer(zeros: count * h))
    let (now, next) = (result.state, FloatBuffer(count: count * h))
    let reset = FloatBuffer(count: count * h)
    switch settings.result {
    case .states: break
    case .lastState: now.pointer.update(from: pull.deltas, count: count * h)
    case .lastCell: result.cell.pointer.update(from: pull.deltas, count: count * h)
    }
    for step in (0..<t).reversed() {
      if case .states = settings.result {
        for row in 0..<count {
          let m = sequence(pull, row)
          guard step < length(m) else { continue }
          add(pull.deltas + (row * t + time(m, step)) * h, to: now.pointer + row * h, h)
        }
      }
      stepBack(step, pull, result, next, reset)
      now.pointer.update(from: next.pointer, count: count * h)
    }
    return result
  }

  /// From the cotangents of the states behind a step to those before it.
  private func stepBack(
    _ step: Int, _ pull: PullBack, _ result: Cotangents, _ next: FloatBuffer, _ reset: FloatBuffer
  ) {
    let count = rows(pull)
    let weight = pull.arrays.inputs[1]
    var activations = settings.activations
    let delta = result.gates.pointer + step * width
    for row in 0..<count {
      let m = sequence(pull, row)
      guard step < length(m) else { continue }
      let gate = gates.pointer + (m * t + step) * width
      let before = states.pointer + (m * (t + 1) + step) * h
      let (own, state) = (delta + row * t * width, result.state.pointer + row * h)
      switch settings.cell {
      case .lstm:
        let cell = cells.pointer + (m * (t + 1) + step) * h
        ck_lstm_backward(
          &activations, gate, cell, cell + h, state, result.cell.pointer + row * h, own, h)
      case .gru(let resetsProduct):
        let at = (m * t + step) * h
        ck_gru_backward(
          &activations, gate, resetsProduct ? inner.pointer + at : nil, before, state, own,
          resetsProduct ? result.product.pointer + (row * t + step) * h : nil,
          next.pointer + row * h, h)
      case .rnn: ck_rnn_backward(&activations, gate, state, own, h)
      }
    }
    switch settings.cell {
    case .lstm, .rnn:
      multiply(
        m: count, n: h, k: width, delta, aStride: t * width, weight, bStride: h,
        into: next.pointer, cStride: h)
    case .gru(let resetsProduct):
      let candidate = weight + 2 * h * h
      if resetsProduct {
        multiply(
          m: count, n: h, k: h, result.product.pointer + step * h, aStride: t * h, candidate,
          bStride: h, beta: 1, into: next.pointer, cStride: h)
      } else {
        multiply(
          m: count, n: h, k: h, delta + 2 * h, aStride: t * width, candidate, bStride: h,
          into: reset.pointer, cStride: h)
        for row in 0..<count {
          let m = sequence(pull, row)
          guard step < length(m) else { continue }
          ck_gru_reset_backward(
            &activations, gates.pointer + (m * t + step) * width,
            states.pointer + (m * (t + 1) + step) * h, reset.pointer + row * h,
            delta + row * t * width, next.pointer + row * h, h)
        }
      }
      multiply(
        m: count, n: h, k: 2 * h, delta, aStride: t * width, weight, bStride: h, beta: 1,
        into: next.pointer, cStride: h)
    }
    guard settings.lengths != nil else { return }
    for row in 0..<count where step >= length(sequence(pull, row)) {
      (next.pointer + row * h).update(from: result.state.pointer + row * h, count: h)
    }
  }
}

extension FloatBuffer {
  /// Memory of zeros.
  convenience init(zeros count: Int) {
    self.init(count: count)
    pointer.update(repeating: 0, count: count)
  }
}
