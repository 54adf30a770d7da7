// CumProd: running products along one axis.
internal import CKernels

final class RunningProduct: Operator {
  private let axis: RunningAxis

  private init(_ axis: RunningAxis) { self.axis = axis }

  static let bind = RunningAxis.binding { RunningProduct($0) }

  func rereads(_ input: Int) -> Rereads { Rereads(inputs: [0], output: true) }

  func forward(_ arrays: Arrays) {
    ck_running_product(
      arrays.inputs[0], arrays.output, axis.examples * axis.span.outer, axis.span.length,
      axis.span.inner, axis.isExclusive, axis.isReversed)
  }

  func pullBack(_ pull: PullBack) {
    let span = axis.span
    pull.clearTarget(slab: span.count)
    for n in pull.examples {
      let row = (n - pull.examples.lowerBound) * pull.count
      ck_running_product_backward(
        pull.arrays.inputs[0] + n * span.count, pull.arrays.output + n * span.count,
        pull.deltas + row * span.count, pull.target + row * span.count, pull.count, span.outer,
        span.length, span.inner, axis.isExclusive, axis.isReversed)
    }
  }
}
