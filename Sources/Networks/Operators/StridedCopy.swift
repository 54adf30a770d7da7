// Linear maps that copy, sum or repeat elements along strides: Transpose, Slice, Concat, Split,
// Expand, Pad, ReduceSum, ReduceMean, GlobalAveragePool. The pullback walks the other way.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class StridedCopy: Operator {
  /// out[o] (+)= factor · input[i] over common extents, within one example.
  struct Piece {
    var extents: [Int]
    var inputStrides: [Int]
    var inputOffset = 0
    var outputStrides: [Int]
    var outputOffset = 0
    var factor: Float = 1

    /// Whether several indices meet in one element of the given side.
    static func sums(_ extents: [Int], _ strides: [Int]) -> Bool {
      zip(extents, strides).contains { $0 > 1 && $1 == 0 }
    }
  }

  /// One piece per input.
  private let pieces: [Piece]
  private let operands: [Operand]
  private let slab: Int
  private let examples: Int
  /// Whether the pieces leave elements of the output alone, or meet in them.
  private let clearsOutput: Bool

  init(_ frame: Frame, _ operands: [Operand], _ pieces: [Piece]) {
    self.pieces = pieces
    self.operands = operands
    examples = frame.examples
    let slab = frame.output.count / frame.examples
    self.slab = slab
    let covered = pieces.reduce(0) { $0 + $1.extents.reduce(1, *) }
    clearsOutput =
      covered != slab || pieces.contains { Piece.sums($0.extents, $0.outputStrides) }
  }

  func exampleStride(_ input: Int) -> Int { operands[input].exampleStride }
  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    if clearsOutput { arrays.output.update(repeating: 0, count: examples * slab) }
    for (index, piece) in pieces.enumerated() {
      let loop = StridedLoop(
        extents: [examples] + piece.extents,
        strides: [
          [operands[index].exampleStride] + piece.inputStrides, [slab] + piece.outputStrides,
        ])
      ck_strided(
        loop.rank, loop.extents, loop.strides[0], loop.strides[1], piece.factor,
        arrays.inputs[index] + piece.inputOffset, arrays.output + piece.outputOffset,
        clearsOutput ? 1 : 0)
    }
  }

  func pullBack(_ pull: PullBack) {
    let piece = pieces[pull.input]
    let own = operands[pull.input].count
    let adds =
      pull.accumulates || piece.extents.reduce(1, *) != own
      || Piece.sums(piece.extents, piece.inputStrides)
    if adds { pull.clearTarget(slab: own) }
    let rows = pull.examples.count * pull.count
    let loop = StridedLoop(
      extents: [rows] + piece.extents,
      strides: [[slab] + piece.outputStrides, [own] + piece.inputStrides])
    ck_strided(
      loop.rank, loop.extents, loop.strides[0], loop.strides[1], piece.factor,
      pull.deltas + piece.outputOffset, pull.target + piece.inputOffset, adds ? 1 : 0)
  }
}
