// Col2Im: columns of windows summed into the image that they come from; the pullback unfolds it.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class ColumnsToImage: Operator {
  private var geometry: ck_window
  private let channels: Int
  private let taps: Int
  private let placesIn: Int
  private let t: Int
  /// Images per example.
  private let images: Int
  private let examples: Int
  /// Holds the columns of one image.
  private let scratch: Scratch

  private init(_ frame: Frame, _ window: Window, channels: Int) throws(Problem) {
    geometry = window.geometry
    self.channels = channels
    taps = window.kernelCount
    placesIn = window.input.reduce(1, *)
    t = window.outputCount
    images = try frame.leading(0).shape[0]
    examples = frame.examples
    scratch = frame.scratch
    scratch.reserve(channels * taps * t)
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let term = try binder.term(site, 0)
    guard let image = try binder.integers(site, 1), let block = try binder.integers(site, 2) else {
      throw site.invalid("it has no image or block shape")
    }
    let window = try Window(site, input: image, kernel: block)
    let x = term.shape.dimensions
    guard x.count == 3, x[1] % window.kernelCount == 0, x[2] == window.outputCount else {
      throw site.invalid("columns \(term.shape) for \(window.outputCount) windows of \(block)")
    }
    let channels = x[1] / window.kernelCount
    let output = try site.shape([x[0], channels] + image)
    binder.set(
      site,
      try binder.emit(site, [term], output: output) { frame throws(Problem) in
        try ColumnsToImage(frame, window, channels: channels)
      })
  }

  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    // x is [m, channels · taps, t], y is [m, channels, placesIn]
    let slab = channels * placesIn
    arrays.output.update(repeating: 0, count: examples * images * slab)
    for image in 0..<(examples * images) {
      ck_fold(
        &geometry, arrays.inputs[0] + image * channels * taps * t, t, channels,
        arrays.output + image * slab)
    }
  }

  func pullBack(_ pull: PullBack) {
    // δ is [m, channels, placesIn], δx is [m, channels · taps, t]
    let own = channels * taps * t
    for image in 0..<(pull.examples.count * pull.count * images) {
      let delta = pull.deltas + image * channels * placesIn
      if pull.accumulates {
        ck_unfold(&geometry, delta, channels, scratch.pointer, t)
        ck_add_to(scratch.pointer, pull.target + image * own, own)
      } else {
        ck_unfold(&geometry, delta, channels, pull.target + image * own, t)
      }
    }
  }
}
