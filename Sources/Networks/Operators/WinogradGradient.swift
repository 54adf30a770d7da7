// Squared norms of a 3 × 3 filter bank's gradients from the transformed tiles of inputs and cotangents:
// the adjoint of `WinogradCorrelation`, which is linear in the filters.
internal import CKernels
internal import LinearAlgebra

/// ‖Gᵀ (Σ over tiles (A δ Aᵀ) ⊗ (Bᵀ x B)) G‖² for one image.
struct WinogradGradient {
  private let plane: ck_plane
  private let i: Int
  private let o: Int
  private let across: Int
  private let down: Int
  /// Lines of tiles that are transformed at once.
  private let lines: Int
  private let scratch: Scratch

  private static let points = Int(CK_WINOGRAD_POINTS)
  /// Transformed tiles that are made at once, about.
  private static let values = 1 << 20
  /// With fewer channels the transformations cost more than the products that they save.
  private static let leastChannels = 16

  /// - Parameters:
  ///   - i: channels in, `o` channels out.
  ///   - scratch: reserved here.
  init?(_ geometry: ck_window, i: Int, o: Int, scratch: Scratch) {
    guard let plane = geometry.tiledPlane, min(i, o) >= Self.leastChannels else { return nil }
    self.plane = plane
    self.i = i
    self.o = o
    self.scratch = scratch
    down = geometry.output.0.halvedUp
    across = geometry.output.1.halvedUp
    lines = max(1, min(down, Self.values / (Self.points * (i + o) * across)))
    scratch.reserve(layout.total)
  }

  /// Tiles in all, down and across.
  var tiles: Int { down * across }

  private var width: Int { lines * across }

  private var layout: (inputs: Int, cotangents: Int, sums: Int, total: Int) {
    var plane = plane
    let inputs = ck_winograd_scratch(&plane)
    let cotangents = inputs + Self.points * ck_winograd_point(i, width)
    let sums = cotangents + Self.points * ck_winograd_point(o, width)
    return (inputs, cotangents, sums, sums + Self.points * i * o)
  }

  /// - Parameters:
  ///   - x: the image, `[i, height, width]`.
  ///   - delta: a row's cotangents, `[o, height, width]` of the output.
  func squares(
    _ x: UnsafePointer<Float>, rows: Range<Int>, delta: (Int) -> UnsafePointer<Float>,
    _ visit: (_ row: Int, _ square: Double) -> Void
  ) {
    let base = scratch.pointer
    let layout = layout
    var plane = plane
    for row in rows {
      for first in stride(from: 0, to: down, by: lines) {
        let last = min(first + lines, down)
        // The whole image's inputs serve all rows.
        if row == rows.lowerBound || lines < down {
          ck_winograd_inputs(&plane, x, i, first, last, 1, width, 0, base, base + layout.inputs)
        }
        ck_winograd_cotangents(
          &plane, delta(row), o, first, last, width, base, base + layout.cotangents)
        for point in 0..<Self.points {
          multiply(
            transposeB: true, m: o, n: i, k: (last - first) * across,
            base + layout.cotangents + point * ck_winograd_point(o, width), aStride: width,
            base + layout.inputs + point * ck_winograd_point(i, width), bStride: width,
            beta: first == 0 ? 0 : 1, into: base + layout.sums + point * i * o, cStride: i)
        }
      }
      visit(row, ck_winograd_gradient_square(base + layout.sums, o * i))
    }
  }
}
