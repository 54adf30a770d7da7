// The product of the entries along one axis: ReduceProd.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class Product: Operator {
  private let span: AxisSpan
  private let examples: Int

  private init(_ frame: Frame, axis: Int) throws(Problem) {
    span = try AxisSpan(frame, axis: axis)
    examples = frame.examples
  }

  static let bind = Binder.lowered { lower throws(Problem) in
    try Reductions.alongAxes(lower) { name, axis throws(Problem) in
      let term = try lower.placedTerm(name)
      var dimensions = term.shape.dimensions
      dimensions[axis] = 1
      let output = try lower.site.shape(dimensions)
      let value = try lower.binder.emit(
        lower.site, [term], output: output,
        outer: term.outer(in: output, examples: lower.binder.exampleCount)
      ) { frame throws(Problem) in try Product(frame, axis: axis) }
      return lower.name(value)
    }
  }

  func rereads(_ input: Int) -> Rereads { Rereads(inputs: [0]) }

  func forward(_ arrays: Arrays) {
    // x is [n·outer, length, inner], y is [n·outer, inner]
    ck_product_forward(
      arrays.inputs[0], arrays.output, examples * span.outer, span.length, span.inner)
  }

  func pullBack(_ pull: PullBack) {
    pull.clearTarget(slab: span.count)
    let own = span.outer * span.inner
    for n in pull.examples {
      let row = (n - pull.examples.lowerBound) * pull.count
      ck_product_backward(
        pull.arrays.inputs[0] + n * span.count, pull.deltas + row * own,
        pull.target + row * span.count, pull.count, span.outer, span.length, span.inner)
    }
  }
}
