// Elementwise functions of one array: y = f(x), δx = f′(x) δy.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class Unary: Operator {
  private let code: Int32
  private let p: Float
  private let q: Float
  private let examples: Int
  private let slab: Int

  private init(_ frame: Frame, _ code: Int32, _ p: Float, _ q: Float) {
    self.code = code
    self.p = p
    self.q = q
    examples = frame.examples
    slab = frame.output.count / frame.examples
  }

  /// A function with up to two attributes, each with its default.
  static func binding(
    _ code: Int32, p: (String, Float)? = nil, q: (String, Float)? = nil
  ) -> OperatorBinding {
    { binder, site throws(Problem) in
      var values: [Float] = [0, 0]
      if let p { values[0] = try site.float(p.0, default: p.1) }
      if let q { values[1] = try site.float(q.0, default: q.1) }
      try bind(binder, site, code, values[0], values[1])
    }
  }

  static let gelu: OperatorBinding = { binder, site throws(Problem) in
    let approximation = try site.text("approximate", default: "none")
    try bind(binder, site, approximation == "tanh" ? CK.geluTanh : CK.gelu, 0, 0)
  }

  /// Bounds are mostly known; others are a maximum and a minimum.
  static let clip = Binder.lowered { lower throws(Problem) in
    let (binder, site) = (lower.binder, lower.site)
    var bounds: [Float?] = [nil, nil]
    var name = try lower.input(0)
    for (index, operation) in [(1, "Max"), (2, "Min")] {
      guard let bound = lower.optionalInput(index) else { continue }
      if case .known(let array, _) = try lower.value(bound) {
        guard array.shape.count == 1, let value = array.reals.first else {
          throw site.invalid("a bound of \(array.shape)")
        }
        bounds[index - 1] = Float(value)
      } else {
        name = try lower(operation, [name, bound])
      }
    }
    let input = try lower.placedTerm(name)
    let (low, high) = (bounds[0] ?? -.infinity, bounds[1] ?? .infinity)
    binder.set(site, try emit(binder, site, CK.clip, input, low, high))
  }

  static let isInfinite: OperatorBinding = { binder, site throws(Problem) in
    let countsNegative = try site.integer("detect_negative", default: 1) == 1
    let countsPositive = try site.integer("detect_positive", default: 1) == 1
    try bind(binder, site, CK.isInfinite, countsNegative ? 1 : 0, countsPositive ? 1 : 0)
  }

  private static func bind(
    _ binder: Binder, _ site: NodeSite, _ code: Int32, _ p: Float, _ q: Float
  ) throws(Problem) {
    binder.set(site, try emit(binder, site, code, try binder.placedTerm(site, 0), p, q))
  }

  /// Emits a function of an array.
  static func emit(
    _ binder: Binder, _ site: NodeSite, _ code: Int32, _ input: Term, _ p: Float = 0,
    _ q: Float = 0
  ) throws(Problem) -> Value {
    try binder.emit(site, [input], output: input.shape, outer: input.outer) {
      Unary($0, code, p, q)
    }
  }

  func isDifferentiable(_ input: Int) -> Bool { !CK.stepwise.contains(code) }
  func pullsBackInPlace(_ input: Int) -> Bool { true }

  func rereads(_ input: Int) -> Rereads {
    let reads = ck_unary_reads(code)
    return Rereads(inputs: reads & 1 != 0 ? [0] : [], output: reads & 2 != 0)
  }

  func forward(_ arrays: Arrays) {
    ck_unary_forward(code, p, q, arrays.inputs[0], arrays.output, examples * slab)
  }

  func pullBack(_ pull: PullBack) {
    for n in pull.examples {
      let offset = (n - pull.examples.lowerBound) * pull.count * slab
      ck_unary_backward(
        code, p, q, pull.arrays.inputs[0] + n * slab, pull.arrays.output + n * slab,
        pull.deltas + offset, pull.target + offset, pull.count, slab, pull.accumulates ? 1 : 0)
    }
  }
}
