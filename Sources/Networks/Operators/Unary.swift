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

  static let clip: OperatorBinding = { binder, site throws(Problem) in
    let low = try binder.reals(site, 1)?.first ?? -.infinity
    let high = try binder.reals(site, 2)?.first ?? .infinity
    try bind(binder, site, CK.clip, Float(low), Float(high))
  }

  private static func bind(
    _ binder: Binder, _ site: NodeSite, _ code: Int32, _ p: Float, _ q: Float
  ) throws(Problem) {
    let input = try binder.term(site, 0)
    binder.set(
      site, try binder.emit(site, [input], output: input.shape) { Unary($0, code, p, q) })
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
