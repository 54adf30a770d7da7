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
    guard site.node.outputs.count == 1 else { throw site.unsupported("its second output") }
    let (term, window, output) = try poolInput(binder, site)
    binder.set(
      site,
      try binder.emit(site, [term], output: output) { frame throws(Problem) in
        try MaxPool(frame, window)
      })
  }

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

/// The mean of each window.
final class AveragePool: Operator {
  private var geometry: ck_window
  private let planes: Int
  private let placesIn: Int
  private let examples: Int
  private let includesPadding: Int32

  private init(_ frame: Frame, _ window: Window, includesPadding: Bool) throws(Problem) {
    let shape = try frame.leading(0).shape
    geometry = window.geometry
    planes = shape[0] * shape[1]
    placesIn = shape.dropFirst(2).reduce(1, *)
    examples = frame.examples
    self.includesPadding = includesPadding ? 1 : 0
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let includesPadding = try site.integer("count_include_pad", default: 0) == 1
    if includesPadding, try site.integer("ceil_mode", default: 0) == 1 {
      throw site.unsupported("ceil_mode with padding counted")
    }
    let (term, window, output) = try poolInput(binder, site)
    binder.set(
      site,
      try binder.emit(site, [term], output: output) { frame throws(Problem) in
        try AveragePool(frame, window, includesPadding: includesPadding)
      })
  }

  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    ck_average_pool_forward(
      &geometry, arrays.inputs[0], examples * planes, arrays.output, includesPadding)
  }

  func pullBack(_ pull: PullBack) {
    pull.clearTarget(slab: planes * placesIn)
    ck_average_pool_backward(
      &geometry, pull.deltas, pull.examples.count * pull.count * planes, pull.target,
      includesPadding)
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
