// Layer normalisation over the trailing axes, with scale and shift (Ba, Kiros and Hinton 2016, eq. 4),
// and root-mean-square normalisation, which leaves the mean alone (Zhang and Sennrich 2019, eq. 4).
internal import CKernels
internal import Diagnostics
internal import Tensors

final class LayerNormalization: Operator {
  private let epsilon: Float
  private let width: Int
  /// Rows per example.
  private let rows: Int
  private let examples: Int
  private let hasScale: Bool
  private let hasShift: Bool
  /// Nil when nothing is subtracted.
  private let mean: FloatBuffer?
  private let inverseDeviation: FloatBuffer

  private init(_ frame: Frame, axis: Int, epsilon: Float, isCentred: Bool) throws(Problem) {
    self.epsilon = epsilon
    examples = frame.examples
    hasScale = frame.terms.count > 1
    hasShift = frame.terms.count > 2
    let operand = try frame.leading(0)
    guard axis > frame.exampleAxis(0) ?? -1 else { throw frame.site.examplesMoved() }
    width = operand.shape[axis...].reduce(1, *)
    rows = width == 0 ? 0 : operand.count / width
    mean = isCentred ? FloatBuffer(count: examples * rows) : nil
    inverseDeviation = FloatBuffer(count: examples * rows)
  }

  static let centred = Binder.lowered { lower throws(Problem) in
    try bind(lower, isCentred: true)
  }

  static let rootMeanSquare = Binder.lowered { lower throws(Problem) in
    try bind(lower, isCentred: false)
  }

  private static func bind(_ lower: Lowering, isCentred: Bool) throws(Problem) {
    let site = lower.site
    let input = try lower.input(0)
    let shape = try lower.shape(input)
    let axis = try site.axis(try site.integer("axis", default: -1), rank: shape.count)
    let epsilon = try site.float("epsilon", default: 1e-5)
    var affine: [String] = [try lower.input(1)]
    if let shift = lower.optionalInput(2) { affine.append(shift) }
    let width = shape[axis...].reduce(1, *)
    var isOwn = true
    for name in affine {
      let term = try lower.placedTerm(name)
      let own = Array(term.shape.dimensions.drop { $0 == 1 })
      isOwn =
        isOwn && !term.isBatched && term.shape.count == width
        && own == Array(shape[axis...].drop { $0 == 1 })
    }
    if isOwn {
      try lower.finish(
        try emit(
          lower, [input] + affine, axis: axis, epsilon: epsilon, isCentred: isCentred))
    } else {
      // A scale or shift of another shape is broadcast.
      var name = try emit(lower, [input], axis: axis, epsilon: epsilon, isCentred: isCentred)
      name = try lower("Mul", [name, affine[0]])
      if affine.count > 1 { name = try lower("Add", [name, affine[1]]) }
      try lower.finish(name)
    }
    guard isCentred, lower.wants(1) || lower.wants(2) else { return }
    let axes = lower.list(Array(axis..<shape.count))
    let mean = try lower("ReduceMean", [input, axes])
    try lower.finish(mean, output: 1)
    let rest = try lower("Sub", [input, mean])
    let variance = try lower("ReduceMean", [try lower("Mul", [rest, rest]), axes])
    let deviation = try lower(
      "Sqrt", [try lower("Add", [variance, lower.scalar(Double(epsilon))])])
    try lower.finish(try lower("Reciprocal", [deviation]), output: 2)
  }

  /// Emits a normalisation: the input, then its scale and its shift if it has them.
  static func emit(
    _ lower: Lowering, _ names: [String], axis: Int, epsilon: Float, isCentred: Bool
  ) throws(Problem) -> String {
    var terms: [Term] = []
    for name in names { terms.append(try lower.placedTerm(name)) }
    let value = try lower.binder.emit(
      lower.site, terms, output: terms[0].shape, outer: terms[0].outer
    ) {
      frame throws(Problem) in
      try LayerNormalization(frame, axis: axis, epsilon: epsilon, isCentred: isCentred)
    }
    return lower.name(value)
  }

  func pullsBackInPlace(_ input: Int) -> Bool { input == 0 }

  func rereads(_ input: Int) -> Rereads {
    switch input {
    case 0: Rereads(inputs: hasScale ? [0, 1] : [0])
    case 1: Rereads(inputs: [0])
    default: Rereads()
    }
  }

  func forward(_ arrays: Arrays) {
    // x and y are [n·rows, width]
    ck_layer_norm_forward(
      arrays.inputs[0], hasScale ? arrays.inputs[1] : nil, hasShift ? arrays.inputs[2] : nil,
      epsilon, arrays.output, mean?.pointer, inverseDeviation.pointer, examples * rows, width)
  }

  func pullBack(_ pull: PullBack) {
    let slab = rows * width
    if pull.input > 0 { pull.clearTarget(slab: width) }
    for n in pull.examples {
      let row = (n - pull.examples.lowerBound) * pull.count
      let x = pull.arrays.inputs[0] + n * slab
      let delta = pull.deltas + row * slab
      let shift = mean.map { $0.pointer + n * rows }
      switch pull.input {
      case 0:
        ck_layer_norm_backward(
          x, hasScale ? pull.arrays.inputs[1] : nil, shift, inverseDeviation.pointer + n * rows,
          delta, pull.target + row * slab, pull.count, rows, width, pull.accumulates ? 1 : 0)
      case 1:
        ck_layer_norm_scale_gradient(
          x, shift, inverseDeviation.pointer + n * rows, delta, pull.target + row * width,
          pull.count, rows, width)
      default:
        ck_column_sums(delta, pull.target + row * width, pull.count, rows, width)
      }
    }
  }
}
