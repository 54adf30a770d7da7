// Softmax and its logarithm along one axis: δx = y (δ − Σ δ y), or δ − e^y Σ δ.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class Softmax: Operator {
  private let outer: Int
  private let length: Int
  private let inner: Int
  private let isLogarithmic: Int32
  private let examples: Int

  private init(_ frame: Frame, axis: Int, isLogarithmic: Bool) throws(Problem) {
    guard axis != frame.exampleAxis(0) else { throw frame.site.examplesMoved() }
    let shape = try frame.leading(0).shape
    outer = shape[..<axis].reduce(1, *)
    length = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    self.isLogarithmic = isLogarithmic ? 1 : 0
    examples = frame.examples
  }

  static let plain: OperatorBinding = { binder, site throws(Problem) in
    try bind(binder, site, isLogarithmic: false)
  }

  static let logarithmic: OperatorBinding = { binder, site throws(Problem) in
    try bind(binder, site, isLogarithmic: true)
  }

  private static func bind(
    _ binder: Binder, _ site: NodeSite, isLogarithmic: Bool
  ) throws(Problem) {
    let term = try binder.placedTerm(site, 0)
    let axis = try site.axis(try site.integer("axis", default: -1), rank: term.shape.rank)
    binder.set(
      site,
      try binder.emit(site, [term], output: term.shape, outer: term.outer) {
        frame throws(Problem) in
        try Softmax(frame, axis: axis, isLogarithmic: isLogarithmic)
      })
  }

  func pullsBackInPlace(_ input: Int) -> Bool { true }
  func rereads(_ input: Int) -> Rereads { Rereads(output: true) }

  func forward(_ arrays: Arrays) {
    ck_softmax_forward(
      arrays.inputs[0], arrays.output, examples * outer, length, inner, isLogarithmic)
  }

  func pullBack(_ pull: PullBack) {
    let slab = outer * length * inner
    for n in pull.examples {
      let offset = (n - pull.examples.lowerBound) * pull.count * slab
      ck_softmax_backward(
        pull.arrays.output + n * slab, pull.deltas + offset, pull.target + offset, pull.count,
        outer, length, inner, isLogarithmic, pull.accumulates ? 1 : 0)
    }
  }
}
