// MaxPool and AveragePool over any number of spatial axes.
internal import CKernels
internal import Diagnostics
internal import Tensors

/// The largest entry of each window; its cotangent goes where it was.
final class MaxPool: Operator {
  private var geometry: ck_window
  /// Channels of all images per example.
  private let planes: Int
  private let placesIn: Int
  private let t: Int
  private let examples: Int
  private var positions: [Int32]

  private init(_ frame: Frame, _ window: Window) throws(Problem) {
    let shape = try frame.leading(0).shape
    geometry = window.geometry
    planes = shape[0] * shape[1]
    placesIn = shape.dropFirst(2).reduce(1, *)
    t = window.outputCount
    examples = frame.examples
    positions = [Int32](repeating: 0, count: frame.output.count)
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let (term, window, output) = try poolInput(binder, site)
    binder.set(
      site,
      try binder.emit(site, [term], output: output) { frame throws(Problem) in
        try MaxPool(frame, window)
      })
    guard site.node.outputs.count > 1, !site.node.outputs[1].isEmpty else { return }
    let isColumnMajor = try site.integer("storage_order", default: 0) == 1
    let spatial = Array(term.shape.dimensions[2...])
    binder.set(
      site,
      try binder.emit(site, [term], output: output) { frame throws(Problem) in
        MaxPoolPlaces(try MaxPool(frame, window), spatial, isColumnMajor: isColumnMajor)
      }, output: 1)
  }

  /// Where the entries were found by the last forward pass: flat, within one plane.
  fileprivate var places: [Int32] { positions }
  /// Entries of one plane, and outputs of one plane.
  fileprivate var extents: (input: Int, output: Int) { (placesIn, t) }

  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    ck_max_pool_forward(&geometry, arrays.inputs[0], examples * planes, arrays.output, &positions)
  }

  func pullBack(_ pull: PullBack) {
    pull.clearTarget(slab: planes * placesIn)
    positions.withUnsafeBufferPointer { positions in
      guard let base = positions.baseAddress else { return }
      for n in pull.examples {
        let row = (n - pull.examples.lowerBound) * pull.count
        ck_max_pool_backward(
          base + n * planes * t, pull.deltas + row * planes * t,
          pull.target + row * planes * placesIn, pull.count, planes, placesIn, t)
      }
    }
  }
}

/// Where each window's largest entry is, as a flat index into the whole input.
private final class MaxPoolPlaces: Operator {
  private let pool: MaxPool
  private let spatial: [Int]
  private let isColumnMajor: Bool

  init(_ pool: MaxPool, _ spatial: [Int], isColumnMajor: Bool) {
    self.pool = pool
    self.spatial = spatial
    self.isColumnMajor = isColumnMajor
  }

  func isDifferentiable(_ input: Int) -> Bool { false }
  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    pool.forward(arrays)
    let (input, output) = pool.extents
    for (index, place) in pool.places.enumerated() {
      var flat = Int(place)
      if isColumnMajor {
        var rest = flat
        flat = 0
        var stride = input
        for extent in spatial.reversed() {
          stride /= extent
          flat += rest % extent * stride
          rest /= extent
        }
      }
      arrays.output[index] = Float(index / output * input + flat)
    }
  }

  func pullBack(_ pull: PullBack) {}
}

/// The mean of each window, or its sum.
final class AveragePool: Operator {
  private var geometry: ck_window
  private let planes: Int
  private let placesIn: Int
  private let examples: Int
  /// What each window's sum is multiplied by.
  private let factors: FloatBuffer

  private init(_ frame: Frame, _ window: Window, _ divisor: ck_divisor) throws(Problem) {
    let shape = try frame.leading(0).shape
    geometry = window.geometry
    planes = shape[0] * shape[1]
    placesIn = shape.dropFirst(2).reduce(1, *)
    examples = frame.examples
    factors = FloatBuffer(count: window.outputCount)
    ck_average_pool_factors(&geometry, Int32(divisor.rawValue), factors.pointer)
  }

  static let mean: OperatorBinding = { binder, site throws(Problem) in
    let countsPadding = try site.integer("count_include_pad", default: 0) != 0
    try bind(binder, site, countsPadding ? CK_PADDED : CK_INSIDE)
  }

  /// The p-norm of each window: Σ |x|ᵖ, to the power 1/p.
  static let norm = Binder.lowered { lower throws(Problem) in
    let order = try order(lower)
    let powers = try lower("Pow", [try lower("Abs", [try lower.input(0)]), order])
    var site = lower.site
    site.node.inputs = [powers]
    site.node.outputs = [lower.binder.freshName()]
    try bind(lower.binder, site, CK_ONE)
    try lower.finish(
      try lower("Pow", [site.node.outputs[0], try lower("Reciprocal", [order])]))
  }

  /// The p-norm of each channel.
  static let globalNorm = Binder.lowered { lower throws(Problem) in
    let order = try order(lower)
    let input = try lower.input(0)
    let rank = try lower.shape(input).count
    guard rank > 2 else { throw lower.site.invalid("its input has no places") }
    let powers = try lower("Pow", [try lower("Abs", [input]), order])
    let sum = try lower("ReduceSum", [powers, lower.list(Array(2..<rank))])
    try lower.finish(try lower("Pow", [sum, try lower("Reciprocal", [order])]))
  }

  private static func order(_ lower: Lowering) throws(Problem) -> String {
    let p = try lower.site.integer("p", default: 2)
    guard p > 0 else { throw lower.site.invalid("a norm of order \(p)") }
    return lower.scalar(Double(p))
  }

  private static func bind(
    _ binder: Binder, _ site: NodeSite, _ divisor: ck_divisor
  ) throws(Problem) {
    let (term, window, output) = try poolInput(binder, site)
    binder.set(
      site,
      try binder.emit(site, [term], output: output) { frame throws(Problem) in
        try AveragePool(frame, window, divisor)
      })
  }

  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    ck_average_pool_forward(
      &geometry, factors.pointer, arrays.inputs[0], examples * planes, arrays.output)
  }

  func pullBack(_ pull: PullBack) {
    pull.clearTarget(slab: planes * placesIn)
    ck_average_pool_backward(
      &geometry, factors.pointer, pull.deltas, pull.examples.count * pull.count * planes,
      pull.target)
  }
}

/// The input, window and output shape of a pool node.
private func poolInput(
  _ binder: Binder, _ site: NodeSite
) throws(Problem) -> (Term, Window, Shape) {
  let term = try binder.term(site, 0)
  let x = term.shape.dimensions
  guard x.count > 2, let kernel = try site.integers("kernel_shape") else {
    throw site.invalid("input \(term.shape) without a kernel")
  }
  let window = try Window(site, input: Array(x[2...]), kernel: kernel)
  return (term, window, try site.shape([x[0], x[1]] + window.output))
}
