// Layer normalisation over the trailing axes, with scale and shift (Ba, Kiros and Hinton 2016, eq. 4).
internal import CKernels
internal import Diagnostics
internal import Tensors

final class LayerNormalization: Operator {
  private let epsilon: Float
  private let width: Int
  /// Rows per example.
  private let rows: Int
  private let examples: Int
  private let hasShift: Bool
  private let mean: FloatBuffer
  private let inverseDeviation: FloatBuffer

  private init(_ frame: Frame, axis: Int, epsilon: Float) throws(Problem) {
    self.epsilon = epsilon
    examples = frame.examples
    hasShift = frame.terms.count > 2
    let operand = try frame.leading(0)
    guard axis > 0 || frame.examples == 1 else { throw frame.site.examplesMoved() }
    width = operand.shape[axis...].reduce(1, *)
    rows = width == 0 ? 0 : operand.count / width
    for input in 1..<frame.terms.count {
      let count = try frame.shared(input).count
      guard count == width else {
        throw frame.site.unsupported("\(count) scales for rows of \(width)")
      }
    }
    mean = FloatBuffer(count: examples * rows)
    inverseDeviation = FloatBuffer(count: examples * rows)
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let epsilon = try site.float("epsilon", default: 1e-5)
    var terms = [try binder.term(site, 0), try binder.term(site, 1)]
    if try binder.optionalValue(site, 2) != nil { terms.append(try binder.term(site, 2)) }
    let output = terms[0].shape
    let axis = try site.axis(try site.integer("axis", default: -1), rank: output.rank)
    binder.set(
      site,
      try binder.emit(site, terms, output: output) { frame throws(Problem) in
        try LayerNormalization(frame, axis: axis, epsilon: epsilon)
      })
  }

  func pullsBackInPlace(_ input: Int) -> Bool { input == 0 }

  func rereads(_ input: Int) -> Rereads {
    switch input {
    case 0: Rereads(inputs: [0, 1])
    case 1: Rereads(inputs: [0])
    default: Rereads()
    }
  }

  func forward(_ arrays: Arrays) {
    // x and y are [n·rows, width]
    ck_layer_norm_forward(
      arrays.inputs[0], arrays.inputs[1], hasShift ? arrays.inputs[2] : nil, epsilon,
      arrays.output, mean.pointer, inverseDeviation.pointer, examples * rows, width)
  }

  func pullBack(_ pull: PullBack) {
    let slab = rows * width
    if pull.input > 0 { pull.clearTarget(slab: width) }
    for n in pull.examples {
      let row = (n - pull.examples.lowerBound) * pull.count
      let x = pull.arrays.inputs[0] + n * slab
      let delta = pull.deltas + row * slab
      switch pull.input {
      case 0:
        ck_layer_norm_backward(
          x, pull.arrays.inputs[1], mean.pointer + n * rows, inverseDeviation.pointer + n * rows,
          delta, pull.target + row * slab, pull.count, rows, width, pull.accumulates ? 1 : 0)
      case 1:
        ck_layer_norm_scale_gradient(
          x, mean.pointer + n * rows, inverseDeviation.pointer + n * rows, delta,
          pull.target + row * width, pull.count, rows, width)
      default:
        ck_column_sums(delta, pull.target + row * width, pull.count, rows, width)
      }
    }
  }
}
