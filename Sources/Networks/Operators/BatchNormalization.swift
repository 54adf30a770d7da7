// Batch normalisation in evaluation mode: y = (x − mean) / √(variance + ε) · scale + shift, with the
// running statistics, which are not trained (Ioffe and Szegedy 2015, algorithm 2). Statistics that the graph
// computes, as where weights are standardised by it, are differentiated: then it is bound term by term.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class BatchNormalization: Operator {
  private let epsilon: Float
  private let channels: Int
  /// Images per example and places per channel.
  private let images: Int
  private let places: Int
  private let examples: Int
  private let inverseDeviation: FloatBuffer
  private let factor: FloatBuffer
  private let shift: FloatBuffer

  private init(_ frame: Frame, epsilon: Float) throws(Problem) {
    self.epsilon = epsilon
    examples = frame.examples
    let shape = try frame.leading(0).shape
    channels = shape[1]
    images = shape[0]
    places = shape.dropFirst(2).reduce(1, *)
    for input in 1...4 {
      let count = try frame.shared(input).count
      guard count == shape[1] else {
        throw frame.site.invalid("\(count) statistics for \(shape[1]) channels")
      }
    }
    inverseDeviation = FloatBuffer(count: channels)
    factor = FloatBuffer(count: channels)
    shift = FloatBuffer(count: channels)
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let epsilon = try site.float("epsilon", default: 1e-5)
    guard try site.integer("training_mode", default: 0) == 0 else {
      throw site.unsupported("it is in training mode, export the network in evaluation mode")
    }
    for input in 3...4 {
      guard isComputed(binder, try binder.value(site, input)) else { continue }
      try bindTermByTerm(Lowering(binder, site), epsilon: epsilon)
      return
    }
    var terms: [Term] = []
    for input in 0...4 { terms.append(try binder.term(site, input)) }
    guard terms[0].shape.rank >= 2 else { throw site.invalid("its input has no channels") }
    let output = terms[0].shape
    binder.set(
      site,
      try binder.emit(site, terms, output: output) { frame throws(Problem) in
        try BatchNormalization(frame, epsilon: epsilon)
      })
  }

  /// Whether a statistic is computed from an example or from what is trained. One that is read as it is
  /// stored is a running one: not every exporter says so.
  private static func isComputed(_ binder: Binder, _ value: Value) -> Bool {
    guard case .array(let array) = value else { return false }
    let storage = binder.storages[array.storage]
    if case .parameter = storage.origin { return false }
    return storage.isBatched || storage.dependsOnParameters
  }

  private static func bindTermByTerm(_ lower: Lowering, epsilon: Float) throws(Problem) {
    let x = try lower.input(0)
    let shape = try lower.shape(x)
    guard shape.count >= 2 else { throw lower.site.invalid("its input has no channels") }
    let column = [shape[1]] + shape.dropFirst(2).map { _ in 1 }
    var statistics: [String] = []
    for input in 1...4 {
      statistics.append(try lower.reshape(try lower.input(input), column))
    }
    let centred = try lower("Sub", [x, statistics[2]])
    let widened = try lower("Add", [statistics[3], lower.scalar(Double(epsilon))])
    let normal = try lower("Div", [centred, try lower("Sqrt", [widened])])
    try lower.finish(
      try lower("Add", [try lower("Mul", [normal, statistics[0]]), statistics[1]]))
  }

  func isDifferentiable(_ input: Int) -> Bool { input < 3 }
  func pullsBackInPlace(_ input: Int) -> Bool { input == 0 }

  func rereads(_ input: Int) -> Rereads { .bilinear(input) }

  func forward(_ arrays: Arrays) {
    // x and y are [n·images, channels, places]
    let (scale, bias, mean, variance) = (
      arrays.inputs[1], arrays.inputs[2], arrays.inputs[3], arrays.inputs[4]
    )
    for c in 0..<channels {
      // In double precision, as the statistics of a fresh network are often tiny.
      let inverse = 1 / (Double(variance[c]) + Double(epsilon)).squareRoot()
      inverseDeviation.pointer[c] = Float(inverse)
      factor.pointer[c] = Float(Double(scale[c]) * inverse)
      shift.pointer[c] = Float(Double(bias[c]) - Double(mean[c]) * Double(scale[c]) * inverse)
    }
    ck_channel_affine(
      arrays.inputs[0], factor.pointer, shift.pointer, arrays.output, examples * images, channels,
      places, 0)
  }

  func pullBack(_ pull: PullBack) {
    let slab = images * channels * places
    switch pull.input {
    case 0:
      ck_channel_affine(
        pull.deltas, factor.pointer, nil, pull.target,
        pull.examples.count * pull.count * images, channels, places, pull.accumulates ? 1 : 0)
    case 1:
      pull.clearTarget(slab: channels)
      for n in pull.examples {
        let row = (n - pull.examples.lowerBound) * pull.count
        ck_channel_scale_gradient(
          pull.arrays.inputs[0] + n * slab, pull.arrays.inputs[3], inverseDeviation.pointer,
          pull.deltas + row * slab, pull.target + row * channels, pull.count, images, channels,
          places)
      }
    default:
      pull.clearTarget(slab: channels)
      ck_channel_shift_gradient(
        pull.deltas, pull.target, pull.examples.count * pull.count, images, channels, places)
    }
  }
}
