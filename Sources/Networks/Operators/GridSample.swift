// GridSample: an image read at coordinates that the network computes (Jaderberg et al. 2015), nearest,
// linear or cubic; differentiable by the image and by the coordinates (onnx Operators.md).
internal import Diagnostics
internal import Tensors

final class GridSample: Operator {
  private let sampling: Sampling
  /// Images per example, each with its own grid: heads or frames that were merged with the examples.
  private let images: Int
  private let channels: Int
  /// Entries of one channel, and samples.
  private let places: Int
  private let t: Int
  private let examples: Int
  private let operands: [Operand]

  private init(_ frame: Frame, _ sampling: Sampling) throws(Problem) {
    operands = [try frame.row(0), try frame.row(1)]
    let (image, grid) = (operands[0].shape, operands[1].shape)
    guard image[0] == grid[0] else { throw frame.site.examplesMoved() }
    self.sampling = sampling
    images = image[0]
    channels = image[1]
    places = image.dropFirst(2).reduce(1, *)
    t = grid.dropFirst().dropLast().reduce(1, *)
    examples = frame.examples
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    let terms = [try binder.term(site, 0), try binder.term(site, 1)]
    let (image, grid) = (terms[0].shape.dimensions, terms[1].shape.dimensions)
    guard image.count > 2, grid.count == image.count, grid.last == image.count - 2,
      image[0] == grid[0], image.allSatisfy({ $0 > 0 })
    else { throw site.invalid("image \(terms[0].shape), grid \(terms[1].shape)") }
    let sampling = try Sampling(site, Array(image[2...]))
    let output = try site.shape([image[0], image[1]] + grid.dropFirst().dropLast())
    binder.set(
      site,
      try binder.emit(site, terms, output: output) { frame throws(Problem) in
        try GridSample(frame, sampling)
      })
  }

  func exampleStride(_ input: Int) -> Int { operands[input].exampleStride }
  func rereads(_ input: Int) -> Rereads { Rereads(inputs: input == 0 ? [1] : [0, 1]) }

  func forward(_ arrays: Arrays) {
    // x is [n · images, channels, places], the grid is [n · images, t, rank], y is [n · images, channels, t]
    for image in 0..<(examples * images) {
      let x = arrays.inputs[0] + place(of: image, input: 0)
      let y = arrays.output + image * channels * t
      y.update(repeating: 0, count: channels * t)
      for sample in 0..<t {
        sampling.visit(grid(arrays, image, sample)) { place, weight, _ in
          for c in 0..<channels { y[c * t + sample] += weight * x[c * places + place] }
        }
      }
    }
  }

  func pullBack(_ pull: PullBack) {
    pull.clearTarget(slab: operands[pull.input].count)
    for n in pull.examples {
      let first = (n - pull.examples.lowerBound) * pull.count
      for own in 0..<images {
        let rows = (first..<(first + pull.count)).map { $0 * images + own }
        pullBack(pull, image: n * images + own, rows: rows)
      }
    }
  }

  /// - Parameter rows: the image's places among those of the cotangents, one for each of the K.
  private func pullBack(_ pull: PullBack, image: Int, rows: [Int]) {
    let rank = sampling.rank
    let x = pull.arrays.inputs[0] + place(of: image, input: 0)
    for sample in 0..<t {
      sampling.visit(grid(pull.arrays, image, sample)) { place, weight, slopes in
        for row in rows {
          let delta = pull.deltas + row * channels * t + sample
          if pull.input == 0 {
            let target = pull.target + row * channels * places + place
            for c in 0..<channels { target[c * places] += weight * delta[c * t] }
          } else {
            var dot: Float = 0
            for c in 0..<channels { dot += x[c * places + place] * delta[c * t] }
            let target = pull.target + (row * t + sample) * rank
            for axis in 0..<rank { target[axis] += slopes[axis] * dot }
          }
        }
      }
    }
  }

  /// Where an image's part of an input begins.
  private func place(of image: Int, input: Int) -> Int {
    image / images * operands[input].exampleStride
      + image % images * (operands[input].count / images)
  }

  private func grid(_ arrays: Arrays, _ image: Int, _ sample: Int) -> UnsafePointer<Float> {
    UnsafePointer(arrays.inputs[1]) + place(of: image, input: 1) + sample * sampling.rank
  }
}

/// How a coordinate becomes entries with weights.
private struct Sampling {
  enum Mode { case nearest, linear, cubic }
  enum Padding { case zeros, border, reflection }

  let extents: [Int]
  let mode: Mode
  let padding: Padding
  let alignsCorners: Bool

  var rank: Int { extents.count }

  init(_ site: NodeSite, _ extents: [Int]) throws(Problem) {
    self.extents = extents
    switch try site.text("mode", default: "linear") {
    case "linear", "bilinear": mode = .linear
    case "nearest": mode = .nearest
    case "cubic", "bicubic": mode = .cubic
    case let other: throw site.unsupported("mode \"\(other)\"")
    }
    switch try site.text("padding_mode", default: "zeros") {
    case "zeros": padding = .zeros
    case "border": padding = .border
    case "reflection": padding = .reflection
    case let other: throw site.unsupported("padding_mode \"\(other)\"")
    }
    alignsCorners = try site.integer("align_corners", default: 0) == 1
  }

  /// An entry along one axis: nil outside of an image padded with zeros.
  private struct Tap {
    var index: Int?
    var weight: Float
    /// The weight's derivative by the grid's number.
    var slope: Float
  }

  /// Calls with each entry's flat place in a channel, its weight, and the weight's derivatives by the
  /// grid's numbers, of which the first goes along the last axis.
  func visit(
    _ grid: UnsafePointer<Float>,
    _ body: (_ place: Int, _ weight: Float, _ slopes: [Float]) -> Void
  ) {
    var parts: [(place: Int, weight: Float, slopes: [Float])] = [(0, 1, [])]
    for (axis, extent) in extents.enumerated() {
      // Slopes are gathered from the first axis on; the grid counts from the last.
      let taps = taps(grid[rank - 1 - axis], extent)
      var next: [(place: Int, weight: Float, slopes: [Float])] = []
      next.reserveCapacity(parts.count * taps.count)
      for part in parts {
        for tap in taps {
          guard let index = tap.index else { continue }
          next.append(
            (
              part.place * extent + index, part.weight * tap.weight,
              [part.weight * tap.slope] + part.slopes.map { $0 * tap.weight }
            ))
        }
      }
      parts = next
    }
    for part in parts { body(part.place, part.weight, part.slopes) }
  }

  private func taps(_ number: Float, _ extent: Int) -> [Tap] {
    // −1 and 1 are the centres of the first and last entries, or the image's edges.
    let scale = Float(alignsCorners ? extent - 1 : extent) / 2
    let coordinate = scale * (number + 1) - (alignsCorners ? 0 : 0.5)
    guard coordinate.isFinite, coordinate.magnitude < 0x1p24 else {
      return [Tap(index: number.isNaN ? 0 : nil, weight: number.isNaN ? .nan : 0, slope: 0)]
    }
    if mode == .nearest {
      let index = Int(coordinate.rounded(.toNearestOrEven))
      return [Tap(index: padded(index, extent), weight: 1, slope: 0)]
    }
    let left = Int(coordinate.rounded(.down))
    let reach = mode == .linear ? 1 : 2
    return ((1 - reach)...reach).map { step in
      let distance = coordinate - Float(left + step)
      let (weight, slope) = mode == .linear ? linear(distance) : cubic(distance)
      return Tap(index: padded(left + step, extent), weight: weight, slope: slope * scale)
    }
  }

  private func padded(_ index: Int, _ extent: Int) -> Int? {
    if (0..<extent).contains(index) { return index }
    switch padding {
    case .zeros: return nil
    case .border: return min(max(index, 0), extent - 1)
    case .reflection:
      // About the centres of the outermost entries, or about the edges, which count them twice.
      guard !alignsCorners || extent > 1 else { return 0 }
      let period = alignsCorners ? 2 * (extent - 1) : 2 * extent
      let rest = ((index % period) + period) % period
      return rest < extent ? rest : period - rest - (alignsCorners ? 0 : 1)
    }
  }

  private func linear(_ distance: Float) -> (weight: Float, slope: Float) {
    (1 - distance.magnitude, distance < 0 ? 1 : -1)
  }

  /// Keys' convolution kernel with a = −3/4 (IEEE Trans. ASSP 29, 1981).
  private func cubic(_ distance: Float) -> (weight: Float, slope: Float) {
    let (d, a) = (distance.magnitude, Float(-0.75))
    let sign: Float = distance < 0 ? -1 : 1
    if d <= 1 {
      return (((a + 2) * d - (a + 3)) * d * d + 1, sign * (3 * (a + 2) * d - 2 * (a + 3)) * d)
    }
    return ((((d - 5) * d + 8) * d - 4) * a, sign * ((3 * d - 10) * d + 8) * a)
  }
}
