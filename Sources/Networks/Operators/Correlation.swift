// Correlation of images with a bank of filters, by unfolding windows into columns and multiplying
// (im2col; Chellapilla et al. 2006), or by Winograd's tiles. Columns are made for as many places at a
// time as a core's cache takes, from several images when these are small.
internal import CKernels
internal import LinearAlgebra

/// y[o, place] = Σ w[o, (i, k)] x[i, place · stride − padding + k · dilation].
struct Correlation {
  private let geometry: ck_window
  private let isPointwise: Bool
  /// Channels of a group, in and out.
  private let i: Int
  private let o: Int
  private let groups: Int
  private let taps: Int
  private let placesIn: Int
  private let t: Int
  /// Images multiplied at once, or lines of an image's first axis.
  private let images: Int
  private let lines: Int
  private let isTurned: Bool
  private let tiles: WinogradCorrelation?
  private let scratch: Scratch

  /// Columns of one product: half of a core's second-level cache, and at least so many of them that
  /// the filters are not read too often.
  private static let columnValues = 128 * 1024
  private static let leastColumns = 160

  /// - Parameters:
  ///   - i: channels in of one group, `o` channels out.
  ///   - isTurned: filters lie as `[groups, i, o, taps]` and are turned round: those of the
  ///     correlation that this is the pullback of.
  ///   - scratch: reserved here.
  init(
    _ geometry: ck_window, i: Int, o: Int, groups: Int, isTurned: Bool = false, scratch: Scratch
  ) {
    self.geometry = geometry
    self.isTurned = isTurned
    tiles = WinogradCorrelation(
      geometry, i: i, o: o, groups: groups, isTurned: isTurned, scratch: scratch)
    self.i = i
    self.o = o
    self.groups = groups
    self.scratch = scratch
    taps = geometry.count(\.kernel)
    placesIn = geometry.count(\.input)
    t = geometry.count(\.output)
    isPointwise = geometry.isPointwise
    let inner = max(1, i * taps)
    let wanted = max(Self.leastColumns, Self.columnValues / inner)
    let first = max(1, geometry.output.0)
    images = max(1, min(64, wanted / max(1, t)))
    lines = images > 1 ? first : max(1, min(first, wanted / max(1, t / first)))
    scratch.reserve(images * t * o + inner * images * t / first * lines)
  }

  /// Correlates `count` images `[groups · i, placesIn]` with filters `[groups · o, i · taps]`.
  ///
  /// - Parameter accumulates: whether to add to the target `[groups · o, t]` of every image.
  func run(
    _ x: UnsafePointer<Float>, count: Int, filters: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>, accumulates: Bool
  ) {
    if let tiles {
      tiles.run(x, count: count, filters: filters, into: y, accumulates: accumulates)
    } else if isTurned {
      let turned = FloatBuffer(count: groups * o * i * taps)
      for group in 0..<groups {
        let offset = group * o * i * taps
        ck_turn_filters(filters + offset, i, o, taps, turned.pointer + offset)
      }
      unfolded(x, count: count, filters: turned.pointer, into: y, accumulates: accumulates)
    } else {
      unfolded(x, count: count, filters: filters, into: y, accumulates: accumulates)
    }
  }

  private func unfolded(
    _ x: UnsafePointer<Float>, count: Int, filters: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>, accumulates: Bool
  ) {
    var first = 0
    while first < count {
      // Chunks of about the same size: a small last one would read the filters for little.
      let chunks = (count - first + images - 1) / images
      let chunk = (count - first + chunks - 1) / chunks
      for group in 0..<groups {
        let source = x + (first * groups + group) * i * placesIn
        let target = y + (first * groups + group) * o * t
        let weight = filters + group * o * i * taps
        if chunk > 1 {
          severalImages(source, chunk, weight, target, accumulates)
        } else {
          oneImage(source, weight, target, accumulates)
        }
      }
      first += chunk
    }
  }

  /// Columns of `chunk` images beside each other.
  private func severalImages(
    _ x: UnsafePointer<Float>, _ chunk: Int, _ filters: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ accumulates: Bool
  ) {
    let width = chunk * t
    let packed = scratch.pointer
    let columns = packed + images * t * o
    var window = geometry
    for image in 0..<chunk {
      ck_unfold(&window, x + image * groups * i * placesIn, i, columns + image * t, width)
    }
    multiply(
      m: o, n: width, k: i * taps, filters, aStride: i * taps, columns, bStride: width,
      into: packed, cStride: width)
    for image in 0..<chunk {
      for channel in 0..<o {
        let source = packed + channel * width + image * t
        let target = y + (image * groups * o + channel) * t
        if accumulates { ck_add(source, t, target) } else { target.update(from: source, count: t) }
      }
    }
  }

  /// Columns of some lines of an image at a time.
  private func oneImage(
    _ x: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ accumulates: Bool
  ) {
    let beta: Float = accumulates ? 1 : 0
    if isPointwise {
      multiply(
        m: o, n: t, k: i, filters, aStride: i, x, bStride: t, beta: beta, into: y, cStride: t)
      return
    }
    let columns = scratch.pointer + images * t * o
    let extent = max(1, geometry.output.0)
    let perLine = t / extent
    var line = 0
    while line < extent {
      let parts = (extent - line + lines - 1) / lines
      let count = (extent - line + parts - 1) / parts
      var window = geometry
      window.output.0 = count
      window.padding.0 -= line * geometry.stride.0
      let width = count * perLine
      ck_unfold(&window, x, i, columns, width)
      multiply(
        m: o, n: width, k: i * taps, filters, aStride: i * taps, columns, bStride: width,
        beta: beta, into: y + line * perLine, cStride: t)
      line += count
    }
  }
}

extension ck_window {
  /// The extents' product.
  func count(_ extents: KeyPath<ck_window, Extents>) -> Int {
    list(extents).reduce(1, *)
  }

  /// One of the arrays, of `rank` entries.
  func list(_ extents: KeyPath<ck_window, Extents>) -> [Int] {
    withUnsafeBytes(of: self[keyPath: extents]) { bytes in
      (0..<Int(rank)).map {
        bytes.load(fromByteOffset: $0 * MemoryLayout<Int>.stride, as: Int.self)
      }
    }
  }

  typealias Extents = (Int, Int, Int, Int, Int, Int, Int, Int)

  /// Whether every output reads just the input of its own place.
  var isPointwise: Bool {
    list(\.kernel).allSatisfy { $0 == 1 } && list(\.stride).allSatisfy { $0 == 1 }
      && list(\.padding).allSatisfy { $0 == 0 } && list(\.input) == list(\.output)
  }

  /// The window of the pullback to the input, as a correlation of the output's cotangents with the
  /// filters turned round; nil when a stride leaves inputs out between.
  var turned: ck_window? {
    guard list(\.stride).allSatisfy({ $0 == 1 }) else { return nil }
    var turned = self
    turned.input = output
    turned.output = input
    withUnsafeMutableBytes(of: &turned.padding) { bytes in
      let spans = zip(list(\.kernel), list(\.dilation)).map { ($0 - 1) * $1 }
      for (axis, (span, padding)) in zip(spans, list(\.padding)).enumerated() {
        bytes.storeBytes(
          of: span - padding, toByteOffset: axis * MemoryLayout<Int>.stride, as: Int.self)
      }
    }
    return turned
  }
}
