// Convolution over any number of spatial axes, by unfolding windows into columns and multiplying
// (im2col; Chellapilla et al. 2006). Small images are multiplied several at a time.
internal import CKernels
internal import Diagnostics
internal import LinearAlgebra
internal import Tensors

final class Convolution: Operator {
  private var geometry: ck_window
  private let isPointwise: Bool
  private let groups: Int
  /// Channels in and out, of all groups.
  private let i: Int
  private let o: Int
  /// Window entries, input places and output places per channel.
  private let taps: Int
  private let placesIn: Int
  private let t: Int
  /// Images per example.
  private let images: Int
  private let examples: Int
  private let hasBias: Bool
  /// Images multiplied at once.
  private let chunk: Int
  /// `[i / groups · taps, chunk · t]`.
  private let columns: FloatBuffer
  /// `[o, chunk · t]`, to gather channels of several images.
  private let packed: FloatBuffer

  /// Columns of one product stay within a core's second-level cache.
  private static let columnBytes = 256 * 1024

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
    hasBias = frame.terms.count > 2
    if hasBias {
      let count = try frame.shared(2).count
      guard count == weight[0] else {
        throw frame.site.invalid("\(count) biases for \(weight[0]) channels")
      }
    }
    let bytesPerImage = max(1, i / groups * taps * t * MemoryLayout<Float>.stride)
    let (columnCount, overflow) = (i / groups * taps).multipliedReportingOverflow(by: t)
    guard !overflow, columnCount <= NodeSite.largestArray else {
      throw frame.site.unsupported("windows of \(bytesPerImage) bytes")
    }
    chunk = max(1, min(Convolution.columnBytes / bytesPerImage, 64))
    columns = FloatBuffer(count: columnCount * chunk)
    packed = FloatBuffer(count: o * t * chunk)
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    var terms = [try binder.term(site, 0), try binder.term(site, 1)]
    if try binder.optionalValue(site, 2) != nil {
      // PyTorch's exporter writes a bias of zeros where there is none: left out.
      if case .known(let bias, _) = try binder.value(site, 2), bias.reals.allSatisfy({ $0 == 0 }) {
      } else {
        terms.append(try binder.term(site, 2))
      }
    }
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

  func rereads(_ input: Int) -> Rereads {
    switch input {
    case 0: Rereads(inputs: [1])
    case 1: Rereads(inputs: [0])
    default: Rereads()
    }
  }

  func forward(_ arrays: Arrays) {
    // x is [n·images, i, placesIn], w is [o, i / groups · taps], y is [n·images, o, t]
    let total = examples * images
    var first = 0
    while first < total {
      let count = min(chunk, total - first)
      multiplyForward(arrays, first: first, count: count)
      first += count
    }
    guard hasBias else { return }
    for row in 0..<(total * o) {
      let line = arrays.output + row * t
      let bias = arrays.inputs[2][row % o]
      for place in 0..<t { line[place] += bias }
    }
  }

  private func multiplyForward(_ arrays: Arrays, first: Int, count: Int) {
    let (inner, outer) = (i / groups * taps, o / groups)
    for group in 0..<groups {
      for image in 0..<count {
        unfold(
          arrays.inputs[0] + ((first + image) * i + group * i / groups) * placesIn,
          into: columns.pointer + image * t, stride: count * t)
      }
      let weight = arrays.inputs[1] + group * outer * inner
      let target = arrays.output + (first * o + group * outer) * t
      multiply(
        m: outer, n: count * t, k: inner, weight, aStride: inner, columns.pointer,
        bStride: count * t, into: count == 1 ? target : packed.pointer, cStride: count * t)
      guard count > 1 else { continue }
      for image in 0..<count {
        for channel in 0..<outer {
          (target + (image * o + channel) * t).update(
            from: packed.pointer + (channel * count + image) * t, count: t)
        }
      }
    }
  }

  private func unfold(
    _ x: UnsafeMutablePointer<Float>, into columns: UnsafeMutablePointer<Float>, stride: Int
  ) {
    ck_unfold(&geometry, x, i / groups, columns, stride)
  }

  func pullBack(_ pull: PullBack) {
    switch pull.input {
    case 0: pullBackToInput(pull)
    case 1: pullBackToWeight(pull)
    default:
      pull.clearTarget(slab: o)
      ck_channel_shift_gradient(
        pull.deltas, pull.target, pull.examples.count * pull.count, images, o, t)
    }
  }

  private func pullBackToInput(_ pull: PullBack) {
    // δ is [m, o, t] for the m images of all examples and cotangents, δx is [m, i, placesIn]
    pull.clearTarget(slab: images * i * placesIn)
    let total = pull.examples.count * pull.count * images
    let (inner, outer) = (i / groups * taps, o / groups)
    var first = 0
    while first < total {
      let count = min(chunk, total - first)
      for group in 0..<groups {
        let source = pull.deltas + (first * o + group * outer) * t
        if count > 1 {
          for image in 0..<count {
            for channel in 0..<outer {
              (packed.pointer + (channel * count + image) * t).update(
                from: source + (image * o + channel) * t, count: t)
            }
          }
        }
        multiply(
          transposeA: true, m: inner, n: count * t, k: outer,
          pull.arrays.inputs[1] + group * outer * inner, aStride: inner,
          count == 1 ? source : packed.pointer, bStride: count * t, into: columns.pointer,
          cStride: count * t)
        for image in 0..<count {
          ck_fold(
            &geometry, columns.pointer + image * t, count * t, i / groups,
            pull.target + ((first + image) * i + group * i / groups) * placesIn)
        }
      }
      first += count
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
          let x =
            pull.arrays.inputs[0] + ((n * images + image) * i + group * i / groups) * placesIn
          if !isPointwise { unfold(x, into: columns.pointer, stride: t) }
          let source = isPointwise ? x : columns.pointer
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
}

extension Convolution: FactoredOperator {
  func factors(_ input: Int) -> GradientFactors? {
    // The weight lies as [o, i · taps]; places are those of the output.
    guard input == 1, groups == 1, images == 1 else { return nil }
    return GradientFactors(places: t, first: o, second: i * taps, cotangentSide: .first)
  }

  func activationFactor(_ input: Int, example: Int, _ arrays: Arrays) -> GradientFactors.Factor {
    let x = arrays.inputs[0] + example * i * placesIn
    if isPointwise { return .matrix(x, isPlaceMajor: false) }
    unfold(x, into: columns.pointer, stride: t)
    return .matrix(columns.pointer, isPlaceMajor: false)
  }

  func cotangentFactor(_ input: Int, _ delta: UnsafePointer<Float>) -> GradientFactors.Factor {
    .matrix(delta, isPlaceMajor: false)
  }
}
