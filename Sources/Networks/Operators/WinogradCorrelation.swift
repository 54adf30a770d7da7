// Correlation with 3 × 3 filters by tiles of 2 × 2 outputs: 16 products where windows take 36 (Winograd
// 1980; Lavin and Gray 2016).
internal import CKernels

/// What `Correlation` does where the filters are 3 × 3 and there is no stride.
struct WinogradCorrelation {
  private let plane: ck_plane
  /// Channels of a group, in and out.
  private let i: Int
  private let o: Int
  private let groups: Int
  private let isTurned: Bool
  /// Lines of tiles, and tiles in a line.
  private let down: Int
  private let across: Int
  /// Images multiplied at once, or lines of tiles of one.
  private let images: Int
  private let lines: Int
  private let scratch: Scratch

  private static let points = Int(CK_WINOGRAD_POINTS)
  private static let block = Int(CK_WINOGRAD_FILTERS)
  private static let panel = Int(CK_WINOGRAD_TILES)
  /// Transformed inputs of one product: half of a core's second-level cache, about.
  private static let inputValues = 128 * 1024
  /// With fewer channels the transformations cost more than the products that they save: where lines
  /// of tiles fill vectors, and where they do not.
  private static let leastChannels = (whole: 12, packed: 32)

  /// Parameters as those of `Correlation`; nil where windows must be unfolded.
  init?(
    _ geometry: ck_window, i: Int, o: Int, groups: Int, isTurned: Bool, scratch: Scratch
  ) {
    guard let plane = geometry.tiledPlane else { return nil }
    down = geometry.output.0.halvedUp
    across = geometry.output.1.halvedUp
    let least = across % 16 == 0 ? Self.leastChannels.whole : Self.leastChannels.packed
    guard min(i, o) >= least else { return nil }
    self.plane = plane
    self.i = i
    self.o = o
    self.groups = groups
    self.isTurned = isTurned
    self.scratch = scratch
    let panels = max(2, Self.inputValues / (Self.points * i * Self.panel))
    let wanted = panels * Self.panel
    images = max(1, min(64, wanted / (down * across)))
    lines = images > 1 ? down : min(down, max(1, wanted / across))
    scratch.reserve(layout(tiles: images * lines * across).total)
  }

  /// Where the parts of the scratch memory begin.
  private struct Layout {
    let filters: Int
    let inputs: Int
    let products: Int
    let total: Int
  }

  private func layout(tiles: Int) -> Layout {
    let whole = tiles.rounded(upTo: Self.panel)
    var plane = plane
    let filters = ck_winograd_scratch(&plane)
    let inputs = filters + Self.points * i * o.rounded(upTo: Self.block)
    let products = inputs + Self.points * ck_winograd_point(i, whole)
    return Layout(
      filters: filters, inputs: inputs, products: products,
      total: products + Self.points * Self.block * whole)
  }

  /// As `Correlation.run`; turned filters are those of the other direction.
  func run(
    _ x: UnsafePointer<Float>, count: Int, filters: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>, accumulates: Bool
  ) {
    for group in 0..<groups {
      let weight = filters + group * o * i * 9
      // Filters that are used once are transformed a block at a time, and stay in the cache.
      let isOnce = count <= images && lines == down
      if !isOnce {
        for first in stride(from: 0, to: o, by: Self.block) { transform(weight, first, isOnce) }
      }
      var image = 0
      while image < count {
        let chunks = (count - image + images - 1) / images
        let chunk = image..<(image + (count - image + chunks - 1) / chunks)
        var line = 0
        while line < down {
          let parts = (down - line + lines - 1) / lines
          let some = line..<(line + (down - line + parts - 1) / parts)
          multiply(x, chunk, some, group, weight, isOnce, y, accumulates)
          line = some.upperBound
        }
        image = chunk.upperBound
      }
    }
  }

  /// The transformed filters of a block of outputs.
  private func transform(
    _ weight: UnsafePointer<Float>, _ first: Int, _ isOnce: Bool
  ) {
    ck_winograd_filters(
      weight + first * 9 * (isTurned ? 1 : i), min(Self.block, o - first), isTurned ? 1 : i, i,
      isTurned ? o : 1, isTurned ? 1 : 0, transformed(first, isOnce))
  }

  private func transformed(_ first: Int, _ isOnce: Bool) -> UnsafeMutablePointer<Float> {
    scratch.pointer + layout(tiles: 0).filters + (isOnce ? 0 : Self.points * i * first)
  }

  /// Some images, or some lines of one.
  private func multiply(
    _ x: UnsafePointer<Float>, _ chunk: Range<Int>, _ some: Range<Int>, _ group: Int,
    _ weight: UnsafePointer<Float>, _ isOnce: Bool, _ y: UnsafeMutablePointer<Float>,
    _ accumulates: Bool
  ) {
    var plane = plane
    let each = some.count * across
    let layout = layout(tiles: images * lines * across)
    let panels = (chunk.count * each).rounded(upTo: Self.panel) / Self.panel
    let inputs = scratch.pointer + layout.inputs
    let products = scratch.pointer + layout.products
    for image in chunk {
      ck_winograd_inputs(
        &plane, x + (image * groups + group) * i * plane.height * plane.width, i,
        some.lowerBound, some.upperBound, panels, Self.panel, (image - chunk.lowerBound) * each,
        scratch.pointer, inputs)
    }
    for first in stride(from: 0, to: o, by: Self.block) {
      if isOnce { transform(weight, first, isOnce) }
      ck_winograd_multiply(transformed(first, isOnce), inputs, i, panels, products)
      for image in chunk {
        ck_winograd_outputs(
          &plane, products, min(Self.block, o - first), some.lowerBound, some.upperBound, panels,
          (image - chunk.lowerBound) * each, accumulates ? 1 : 0,
          y + ((image * groups + group) * o + first) * plane.output_height * plane.output_width)
      }
    }
  }
}

extension Int {
  /// Half of it, rounded up.
  var halvedUp: Int { (self + 1) / 2 }

  /// The next multiple.
  func rounded(upTo unit: Int) -> Int { (self + unit - 1) / unit * unit }
}

extension ck_window {
  /// The planes of a correlation with 3 × 3 filters without strides; nil for any other one.
  var tiledPlane: ck_plane? {
    guard rank == 2, list(\.kernel) == [3, 3], list(\.stride) == [1, 1],
      list(\.dilation) == [1, 1], output.0 > 0, output.1 > 0
    else { return nil }
    return ck_plane(
      height: input.0, width: input.1, top: padding.0, left: padding.1, output_height: output.0,
      output_width: output.1)
  }
}
