// Where: y = condition ? a : b with broadcasting; cotangents go to the side that was taken.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class Select: Operator {
  private let operands: [Operand]
  private let slab: Int
  private let examples: Int
  private let whole: StridedLoop
  private let slabShape: [Int]
  private let slabStrides: [[Int]]

  private init(_ frame: Frame) throws(Problem) {
    operands = [try frame.broadcast(0), try frame.broadcast(1), try frame.broadcast(2)]
    examples = frame.examples
    let shape = frame.outputSlab
    slabShape = shape
    slab = shape.reduce(1, *)
    slabStrides = operands.map { StridedLoop.broadcasting($0, to: shape) }
    whole = StridedLoop(
      extents: [examples] + shape,
      strides: zip(operands, slabStrides).map { [$0.exampleStride] + $1 })
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let terms = [
      try binder.placedTerm(site, 0), try binder.placedTerm(site, 1),
      try binder.placedTerm(site, 2),
    ]
    let shape = try site.broadcast(terms.map(\.shape))
    binder.set(
      site,
      try binder.emit(
        site, terms, output: shape,
        outer: site.outer(of: terms, in: shape, examples: binder.exampleCount)
      ) { frame throws(Problem) in try Select(frame) })
  }

  func isDifferentiable(_ input: Int) -> Bool { input > 0 }
  func exampleStride(_ input: Int) -> Int { operands[input].exampleStride }
  func rereads(_ input: Int) -> Rereads { Rereads(inputs: [0]) }

  func forward(_ arrays: Arrays) {
    ck_select_forward(
      whole.rank, whole.extents, whole.strides[0], whole.strides[1], whole.strides[2],
      arrays.inputs[0], arrays.inputs[1], arrays.inputs[2], arrays.output)
  }

  func pullBack(_ pull: PullBack) {
    let own = operands[pull.input].count
    pull.clearTarget(slab: own)
    let loop = StridedLoop(
      extents: [pull.count] + slabShape,
      strides: [[0] + slabStrides[0], [own] + slabStrides[pull.input]])
    for n in pull.examples {
      let row = (n - pull.examples.lowerBound) * pull.count
      ck_select_backward(
        loop.rank, loop.extents, loop.strides[0], loop.strides[1],
        pull.arrays.inputs[0] + n * operands[0].exampleStride, pull.deltas + row * slab,
        pull.target + row * own, pull.input == 1 ? 1 : 0)
    }
  }
}
