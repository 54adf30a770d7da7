// CumProd: running products along one axis.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class RunningProduct: Operator {
  private let span: AxisSpan
  private let examples: Int
  private let isExclusive: Int32
  private let isReversed: Int32

  private init(
    _ frame: Frame, axis: Int, isExclusive: Bool, isReversed: Bool
  ) throws(Problem) {
    span = try AxisSpan(frame, axis: axis)
    examples = frame.examples
    self.isExclusive = isExclusive ? 1 : 0
    self.isReversed = isReversed ? 1 : 0
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let term = try binder.placedTerm(site, 0)
    guard let named = try binder.integers(site, 1)?.first else {
      throw site.invalid("it names no axis")
    }
    let axis = try site.axis(named, rank: term.shape.rank)
    let isExclusive = try site.integer("exclusive", default: 0) == 1
    let isReversed = try site.integer("reverse", default: 0) == 1
    binder.set(
      site,
      try binder.emit(site, [term], output: term.shape, outer: term.outer) {
        frame throws(Problem) in
        try RunningProduct(frame, axis: axis, isExclusive: isExclusive, isReversed: isReversed)
      })
  }

  func rereads(_ input: Int) -> Rereads { Rereads(inputs: [0], output: true) }

  func forward(_ arrays: Arrays) {
    ck_running_product(
      arrays.inputs[0], arrays.output, examples * span.outer, span.length, span.inner,
      isExclusive, isReversed)
  }

  func pullBack(_ pull: PullBack) {
    pull.clearTarget(slab: span.count)
    for n in pull.examples {
      let row = (n - pull.examples.lowerBound) * pull.count
      ck_running_product_backward(
        pull.arrays.inputs[0] + n * span.count, pull.arrays.output + n * span.count,
        pull.deltas + row * span.count, pull.target + row * span.count, pull.count, span.outer,
        span.length, span.inner, isExclusive, isReversed)
    }
  }
}
