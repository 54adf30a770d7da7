// What CumSum and CumProd have in common: the axis that is run along, which way, and whether an element
// counts itself.
internal import Diagnostics
internal import Tensors

/// An axis that results are accumulated along.
struct RunningAxis {
  let span: AxisSpan
  let examples: Int
  /// 1 where an element does not count itself, else 0.
  let isExclusive: Int32
  /// 1 where the last element is the first, else 0.
  let isReversed: Int32

  /// Binds an operator of this kind. Errors: `bad-node` when no axis is named.
  static func binding(
    _ make: @escaping @Sendable (RunningAxis) -> any Operator
  ) -> OperatorBinding {
    { binder, site throws(Problem) in
      let term = try binder.placedTerm(site, 0)
      guard let named = try binder.integers(site, 1)?.first else {
        throw site.invalid("it names no axis")
      }
      let axis = try site.axis(named, rank: term.shape.rank)
      let isExclusive: Int32 = try site.integer("exclusive", default: 0) == 1 ? 1 : 0
      let isReversed: Int32 = try site.integer("reverse", default: 0) == 1 ? 1 : 0
      binder.set(
        site,
        try binder.emit(site, [term], output: term.shape, outer: term.outer) {
          frame throws(Problem) in
          make(
            RunningAxis(
              span: try AxisSpan(frame, axis: axis), examples: frame.examples,
              isExclusive: isExclusive, isReversed: isReversed))
        })
    }
  }
}
