// Convolution over any number of spatial axes: a correlation forward, and where no stride leaves
// inputs out a correlation with the turned filters backward.
internal import CKernels
internal import Diagnostics
internal import LinearAlgebra
internal import Tensors

final class Convolution: Operator {
  var geometry: ck_window
  let isPointwise: Bool
  let groups: Int
  /// Channels in and out, of all groups.
  let i: Int
  let o: Int
  /// Window entries, input places and output places per channel.
  let taps: Int
  let placesIn: Int
  let t: Int
  /// Images per example.
  let images: Int
  private let examples: Int
  private let hasBias: Bool
  private let correlation: Correlation
  private let turned: Correlation?
  private let channelwise: ChannelwiseCorrelation?
  /// Images whose cotangents are folded at once, where `turned` is nil.
  private let folded: Int
  let scratch: Scratch
  /// Norms of the weight's gradients by tiles.
  let gradient: WinogradGradient?

  private static let leastColumns = 160

  private init(_ frame: Frame, _ window: Window, groups: Int) throws(Problem) {
    let shape = try frame.leading(0).shape
    let weight = try frame.shared(1).shape
    geometry = window.geometry
    isPointwise = window.isPointwise
    self.groups = groups
    images = shape[0]
    i = shape[1]
    o = weight[0]
    taps = window.kernelCount
    placesIn = shape.dropFirst(2).reduce(1, *)
    t = window.outputCount
    examples = frame.examples
    scratch = frame.scratch
    hasBias = try frame.hasBias(channels: weight[0])
    let (inner, outer) = (i / groups, o / groups)
    let (columns, overflow) = (inner * taps).multipliedReportingOverflow(by: t)
    guard !overflow, columns <= NodeSite.largestArray else {
      throw frame.site.unsupported("windows of \(inner * taps) entries at \(t) places")
    }
    correlation = Correlation(
      window.geometry, i: inner, o: outer, groups: groups, scratch: frame.scratch)
    turned = window.geometry.turned.map {
      Correlation(
        $0, i: outer, o: inner, groups: groups, isTurned: true, scratch: frame.scratch)
    }
    channelwise = ChannelwiseCorrelation(
      window.geometry, i: i, o: o, groups: groups, scratch: frame.scratch)
    gradient =
      groups == 1 && images == 1
      ? WinogradGradient(window.geometry, i: inner, o: outer, scratch: frame.scratch) : nil
    folded = max(1, min(64, Self.leastColumns / max(1, t)))
    scratch.reserve((inner * taps + outer) * t * folded)
    if hasPixelProducts { scratch.reserve(placesIn * placesIn) }
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let terms = try binder.convolutionTerms(site)
    let x = terms[0].shape.dimensions
    let w = terms[1].shape.dimensions
    let groups = try site.integer("group", default: 1)
    guard x.count == w.count, x.count > 2, groups > 0, x[1] % groups == 0, w[0] % groups == 0,
      x[1] / groups == w[1]
    else { throw site.invalid("input \(x), weight \(w), \(groups) groups") }
    let window = try Window(site, input: Array(x[2...]), kernel: Array(w[2...]))
    let output = try site.shape([x[0], w[0]] + window.output)
    binder.set(
      site,
      try binder.emit(site, terms, output: output) { frame throws(Problem) in
        try Convolution(frame, window, groups: groups)
      })
  }

  func rereads(_ input: Int) -> Rereads { .bilinear(input) }

  func forward(_ arrays: Arrays) {
    // x is [n·images, i, placesIn], w is [o, i / groups · taps], y is [n·images, o, t]
    if let channelwise {
      channelwise.run(
        arrays.inputs[0], count: examples * images, filters: arrays.inputs[1], into: arrays.output)
    } else {
      correlation.run(
        arrays.inputs[0], count: examples * images, filters: arrays.inputs[1], into: arrays.output,
        accumulates: false)
    }
    guard hasBias else { return }
    for row in 0..<(examples * images * o) {
      let line = arrays.output + row * t
      let bias = arrays.inputs[2][row % o]
      for place in 0..<t { line[place] += bias }
    }
  }

  func pullBack(_ pull: PullBack) {
    switch pull.input {
    case 0:
      if let channelwise {
        return channelwise.pullBack(
          pull.deltas, count: pull.examples.count * pull.count * images,
          filters: pull.arrays.inputs[1], into: pull.target, accumulates: pull.accumulates)
      }
      guard let turned else { return foldBackToInput(pull) }
      // δ is [m, o, t], δx is [m, i, placesIn]
      turned.run(
        pull.deltas, count: pull.examples.count * pull.count * images,
        filters: pull.arrays.inputs[1], into: pull.target, accumulates: pull.accumulates)
    case 1:
      guard let channelwise else { return pullBackToWeight(pull) }
      pullBackToWeight(pull, channelwise)
    default:
      pull.clearTarget(slab: o)
      ck_channel_shift_gradient(
        pull.deltas, pull.target, pull.examples.count * pull.count, images, o, t)
    }
  }

  private func foldBackToInput(_ pull: PullBack) {
    // δ is [m, o, t] for the m images of all examples and cotangents, δx is [m, i, placesIn]
    pull.clearTarget(slab: images * i * placesIn)
    let total = pull.examples.count * pull.count * images
    let (inner, outer) = (i / groups * taps, o / groups)
    var first = 0
    while first < total {
      let chunks = (total - first + folded - 1) / folded
      let count = (total - first + chunks - 1) / chunks
      let columns = scratch.pointer
      let packed = columns + inner * t * folded
      for group in 0..<groups {
        let source = pull.deltas + (first * o + group * outer) * t
        if count > 1 {
          for image in 0..<count {
            for channel in 0..<outer {
              (packed + (channel * count + image) * t).update(
                from: source + (image * o + channel) * t, count: t)
            }
          }
        }
        multiply(
          transposeA: true, m: inner, n: count * t, k: outer,
          pull.arrays.inputs[1] + group * outer * inner, aStride: inner,
          count == 1 ? source : packed, bStride: count * t, into: columns, cStride: count * t)
        for image in 0..<count {
          ck_fold(
            &geometry, columns + image * t, count * t, i / groups,
            pull.target + ((first + image) * i + group * i / groups) * placesIn)
        }
      }
      first += count
    }
  }

  private func pullBackToWeight(_ pull: PullBack, _ channelwise: ChannelwiseCorrelation) {
    // Per row: δ is [images, o, t], x is [images, i, placesIn], the gradient is [o, taps]
    pull.clearTarget(slab: o * taps)
    for n in pull.examples {
      for k in 0..<pull.count {
        let row = (n - pull.examples.lowerBound) * pull.count + k
        for image in 0..<images {
          channelwise.addGradient(
            pull.arrays.inputs[0] + (n * images + image) * i * placesIn,
            pull.deltas + (row * images + image) * o * t, to: pull.target + row * o * taps)
        }
      }
    }
  }

  private func pullBackToWeight(_ pull: PullBack) {
    // Per example: δ is [k·o, t], the columns are [inner, t], the gradient δ columnsᵀ is [k·o, inner]
    let (inner, outer) = (i / groups * taps, o / groups)
    for n in pull.examples {
      let first = (n - pull.examples.lowerBound) * pull.count
      for image in 0..<images {
        let beta: Float = pull.accumulates || image > 0 ? 1 : 0
        for group in 0..<groups {
          let source = columns(
            pull.arrays.inputs[0] + ((n * images + image) * i + group * i / groups) * placesIn)
          if groups == 1, images == 1 {
            multiply(
              transposeB: true, m: pull.count * o, n: inner, k: t, pull.deltas + first * o * t,
              aStride: t, source, bStride: t, beta: beta,
              into: pull.target + first * o * inner, cStride: inner)
            continue
          }
          for k in 0..<pull.count {
            multiply(
              transposeB: true, m: outer, n: inner, k: t,
              pull.deltas + (((first + k) * images + image) * o + group * outer) * t, aStride: t,
              source, bStride: t, beta: beta,
              into: pull.target + ((first + k) * o + group * outer) * inner, cStride: inner)
          }
        }
      }
    }
  }

  /// The columns of one image of one group, `[i / groups · taps, t]`, in the scratch memory.
  func columns(_ x: UnsafePointer<Float>) -> UnsafePointer<Float> {
    if isPointwise { return x }
    let columns = scratch.pointer
    ck_unfold(&geometry, x, i / groups, columns, t)
    return UnsafePointer(columns)
  }
}
