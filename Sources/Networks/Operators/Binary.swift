// Elementwise functions of two arrays with NumPy broadcasting; either may be an activation, a
// parameter or known. Where an input is broadcast, its cotangents are summed.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class Binary: Operator {
  private let code: Int32
  private let operands: [Operand]
  private let slab: Int
  private let examples: Int
  /// All examples in one loop nest: output extents, strides of a and b.
  private let whole: StridedLoop
  /// One example.
  private let single: StridedLoop
  /// Cotangents pass to an input of the output's own shape unchanged (or negated).
  private let passes: [Bool]

  private init(_ frame: Frame, _ code: Int32) throws(Problem) {
    self.code = code
    let a = try frame.broadcast(0)
    let b = try frame.broadcast(1)
    operands = [a, b]
    examples = frame.examples
    let shape = frame.outputSlab
    slab = shape.reduce(1, *)
    let strides = [a, b].map { StridedLoop.broadcasting($0, to: shape) }
    single = StridedLoop(extents: shape, strides: strides)
    whole = StridedLoop(
      extents: [examples] + shape,
      strides: [[a.exampleStride] + strides[0], [b.exampleStride] + strides[1]])
    let slab = slab
    passes = operands.map { $0.count == slab }
  }

  /// A function of two arrays, or of any number by pairs (minimum and maximum).
  static func binding(_ code: Int32) -> OperatorBinding {
    { binder, site throws(Problem) in
      guard site.node.inputs.count > 1 else {
        binder.set(site, try binder.value(site, 0))
        return
      }
      let lower = Lowering(binder, site)
      var value = try binder.value(site, 0)
      for input in 1..<site.node.inputs.count {
        let term = try lower.placedTerm(lower.name(value))
        value = try emit(binder, site, code, term, try binder.placedTerm(site, input))
      }
      binder.set(site, value)
    }
  }

  /// The quotient; of integers, which a known one shows both to be, without its fraction.
  static let quotient: OperatorBinding = { binder, site throws(Problem) in
    let quotient = try emit(
      binder, site, CK.divide, try binder.placedTerm(site, 0), try binder.placedTerm(site, 1))
    var areIntegers = false
    for input in 0...1 {
      if case .known(let array, _) = try binder.value(site, input), array.integers != nil {
        areIntegers = true
      }
    }
    guard areIntegers, case .array = quotient else {
      binder.set(site, quotient)
      return
    }
    let lower = Lowering(binder, site)
    let term = try lower.placedTerm(lower.name(quotient))
    binder.set(site, try Unary.emit(binder, site, CK.truncate, term))
  }

  /// The remainder with the divisor's sign, or with the dividend's as C's fmod.
  static let modulo: OperatorBinding = { binder, site throws(Problem) in
    let isRemainder = try site.integer("fmod", default: 0) == 1
    try binding(isRemainder ? CK.remainder : CK.modulo)(binder, site)
  }

  /// Emits `a op b`.
  static func emit(
    _ binder: Binder, _ site: NodeSite, _ code: Int32, _ a: Term, _ b: Term
  ) throws(Problem) -> Value {
    let shape = try site.broadcast([a.shape, b.shape])
    let outer = site.outer(of: [a, b], in: shape, examples: binder.exampleCount)
    return try binder.emit(site, [a, b], output: shape, outer: outer) { frame throws(Problem) in
      try Binary(frame, code)
    }
  }

  func isDifferentiable(_ input: Int) -> Bool { !CK.logical.contains(code) }
  func exampleStride(_ input: Int) -> Int { operands[input].exampleStride }
  func pullsBackInPlace(_ input: Int) -> Bool { passes[input] }

  func rereads(_ input: Int) -> Rereads {
    switch code {
    case CK.add, CK.subtract: Rereads()
    case CK.multiply: Rereads(inputs: [1 - input])
    case CK.divide where input == 0: Rereads(inputs: [1])
    default: Rereads(inputs: [0, 1])
    }
  }

  func forward(_ arrays: Arrays) {
    ck_binary_forward(
      code, whole.rank, whole.extents, whole.strides[0], whole.strides[1], arrays.inputs[0],
      arrays.inputs[1], arrays.output)
  }

  func pullBack(_ pull: PullBack) {
    let own = operands[pull.input].count
    if passes[pull.input], code == CK.add || (code == CK.subtract && pull.input == 0) {
      let count = pull.examples.count * pull.count * slab
      if pull.accumulates {
        ck_add_to(pull.deltas, pull.target, count)
      } else if pull.target != pull.deltas {
        pull.target.update(from: pull.deltas, count: count)
      }
      return
    }
    for n in pull.examples {
      let row = (n - pull.examples.lowerBound) * pull.count
      ck_binary_backward(
        code, Int32(pull.input), single.rank, single.extents, single.strides[0],
        single.strides[1], pull.arrays.inputs[0] + n * operands[0].exampleStride,
        pull.arrays.inputs[1] + n * operands[1].exampleStride, pull.deltas + row * slab,
        pull.target + row * own, pull.count, own, pull.accumulates ? 1 : 0)
    }
  }
}
