// Transposed convolution: the pullback of a convolution as a forward pass (Dumoulin and Visin 2016,
// §4). Channels are spread over windows, and windows that overlap are summed.
internal import CKernels
internal import Diagnostics
internal import LinearAlgebra
internal import Tensors

final class TransposedConvolution: Operator {
  /// The window of the convolution whose pullback this is: its output is this operator's input.
  private var geometry: ck_window
  private let groups: Int
  private let i: Int
  private let o: Int
  private let taps: Int
  /// Places of an input and of an output channel.
  private let t: Int
  private let placesOut: Int
  /// Images per example.
  private let images: Int
  private let examples: Int
  private let hasBias: Bool
  /// Holds columns, `[o / groups · taps, t]`.
  private let scratch: Scratch

  private init(_ frame: Frame, _ window: Window, groups: Int) throws(Problem) {
    let shape = try frame.leading(0).shape
    let weight = try frame.shared(1).shape
    geometry = window.geometry
    self.groups = groups
    images = shape[0]
    i = shape[1]
    o = weight[1] * groups
    taps = window.kernelCount
    t = window.outputCount
    placesOut = frame.output.dimensions.dropFirst(2).reduce(1, *)
    examples = frame.examples
    hasBias = try frame.hasBias(channels: weight[1] * groups)
    let (count, overflow) = (weight[1] * taps).multipliedReportingOverflow(by: t)
    guard !overflow, count <= NodeSite.largestArray else {
      throw frame.site.unsupported("windows of \(weight[1] * taps) entries at \(t) places")
    }
    scratch = frame.scratch
    scratch.reserve(count)
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let terms = try binder.convolutionTerms(site)
    let x = terms[0].shape.dimensions
    let w = terms[1].shape.dimensions
    let groups = try site.integer("group", default: 1)
    guard x.count == w.count, x.count > 2, groups > 0, x[1] % groups == 0, x[1] == w[0] else {
      throw site.invalid("input \(x), weight \(w), \(groups) groups")
    }
    let window = try Window(
      transposing: site, input: Array(x[2...]), kernel: Array(w[2...]))
    let (channels, overflow) = w[1].multipliedReportingOverflow(by: groups)
    guard !overflow else { throw site.invalid("weight \(w) in \(groups) groups") }
    let output = try site.shape([x[0], channels] + window.input)
    binder.set(
      site,
      try binder.emit(site, terms, output: output) { frame throws(Problem) in
        try TransposedConvolution(frame, window, groups: groups)
      })
  }

  func rereads(_ input: Int) -> Rereads { .bilinear(input) }

  func forward(_ arrays: Arrays) {
    // x is [m, i, t], w is [i, o / groups · taps], y is [m, o, placesOut]
    let (inner, outer) = (i / groups, o / groups * taps)
    for row in 0..<(examples * images * o) {
      (arrays.output + row * placesOut).update(
        repeating: hasBias ? arrays.inputs[2][row % o] : 0, count: placesOut)
    }
    for image in 0..<(examples * images) {
      for group in 0..<groups {
        multiply(
          transposeA: true, m: outer, n: t, k: inner, arrays.inputs[1] + group * inner * outer,
          aStride: outer, arrays.inputs[0] + (image * i + group * inner) * t, bStride: t,
          into: scratch.pointer, cStride: t)
        ck_fold(
          &geometry, scratch.pointer, t, o / groups,
          arrays.output + (image * o + group * o / groups) * placesOut)
      }
    }
  }

  func pullBack(_ pull: PullBack) {
    switch pull.input {
    case 0: pullBackToInput(pull)
    case 1: pullBackToWeight(pull)
    default:
      pull.clearTarget(slab: o)
      ck_channel_shift_gradient(
        pull.deltas, pull.target, pull.examples.count * pull.count, images, o, placesOut)
    }
  }

  private func pullBackToInput(_ pull: PullBack) {
    // δ is [m, o, placesOut]; its columns are [o / groups · taps, t], δx = w columns is [i, t]
    let (inner, outer) = (i / groups, o / groups * taps)
    for image in 0..<(pull.examples.count * pull.count * images) {
      for group in 0..<groups {
        ck_unfold(
          &geometry, pull.deltas + (image * o + group * o / groups) * placesOut, o / groups,
          scratch.pointer, t)
        multiply(
          m: inner, n: t, k: outer, pull.arrays.inputs[1] + group * inner * outer,
          aStride: outer, scratch.pointer, bStride: t, beta: pull.accumulates ? 1 : 0,
          into: pull.target + (image * i + group * inner) * t, cStride: t)
      }
    }
  }

  private func pullBackToWeight(_ pull: PullBack) {
    // Per example and cotangent: x is [i, t], columns of δ are [outer, t], the gradient x columnsᵀ
    let (inner, outer) = (i / groups, o / groups * taps)
    for n in pull.examples {
      for k in 0..<pull.count {
        let row = (n - pull.examples.lowerBound) * pull.count + k
        for image in 0..<images {
          for group in 0..<groups {
            ck_unfold(
              &geometry,
              pull.deltas + ((row * images + image) * o + group * o / groups) * placesOut,
              o / groups, scratch.pointer, t)
            multiply(
              transposeB: true, m: inner, n: outer, k: t,
              pull.arrays.inputs[0] + ((n * images + image) * i + group * inner) * t, aStride: t,
              scratch.pointer, bStride: t, beta: pull.accumulates || image > 0 ? 1 : 0,
              into: pull.target + (row * i + group * inner) * outer, cStride: outer)
          }
        }
      }
    }
  }
}
