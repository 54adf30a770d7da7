// CumSum: running sums along one axis. The pullback runs the other way.
internal import CKernels

final class RunningSum: Operator {
  private let axis: RunningAxis

  private init(_ axis: RunningAxis) { self.axis = axis }

  static let bind = RunningAxis.binding { RunningSum($0) }

  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    ck_running_sum(
      arrays.inputs[0], arrays.output, axis.examples * axis.span.outer, axis.span.length,
      axis.span.inner, axis.isExclusive, axis.isReversed, 0)
  }

  func pullBack(_ pull: PullBack) {
    ck_running_sum(
      pull.deltas, pull.target, pull.examples.count * pull.count * axis.span.outer,
      axis.span.length, axis.span.inner, axis.isExclusive, 1 - axis.isReversed,
      pull.accumulates ? 1 : 0)
  }
}
