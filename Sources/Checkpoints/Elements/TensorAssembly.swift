// A tensor that several processes wrote in pieces: boxes that tile it without gap or overlap.
internal import Tensors

struct TensorPiece: Sendable, Hashable {
  /// Its first element's position in the whole, and its extents.
  let origin: [Int]
  let extents: [Int]
  let location: TensorLocation
}

struct TensorAssembly: Sendable, Hashable {
  /// The extents of the space that the pieces tile: those of the tensor, or only its count where the
  /// pieces are ranges of its flattened elements.
  let extents: [Int]
  /// In row-major order of their cells in the grid of `cuts`; at least one.
  let pieces: [TensorPiece]
  /// Where pieces begin along each axis, from 0 on.
  let cuts: [[Int]]

  /// Checks that the pieces tile the space as a grid does: every cut goes through all of it, as
  /// every division of an axis among processes makes it. Empty pieces are left out. Returns nil when
  /// there is a gap, an overlap or another arrangement.
  init?(extents: [Int], pieces: [TensorPiece]) {
    let pieces = pieces.filter { !$0.extents.contains(0) }
    guard
      pieces.allSatisfy({ $0.origin.count == extents.count && $0.extents.count == extents.count })
    else { return nil }
    let cuts = extents.indices.map { axis in Set(pieces.map { $0.origin[axis] }).sorted() }
    var cells = 1
    for (axis, starts) in cuts.enumerated() {
      guard starts.first == 0, starts.last.map({ $0 < extents[axis] }) ?? false else { return nil }
      let (product, overflow) = cells.multipliedReportingOverflow(by: starts.count)
      guard !overflow else { return nil }
      cells = product
    }
    guard cells == pieces.count, !pieces.isEmpty else { return nil }
    var byCell: [TensorPiece?] = pieces.map { _ in nil }
    for piece in pieces {
      var cell = 0
      for (axis, starts) in cuts.enumerated() {
        guard let index = Self.index(of: piece.origin[axis], in: starts) else { return nil }
        let next = index + 1 < starts.count ? starts[index + 1] : extents[axis]
        guard piece.extents[axis] == next - piece.origin[axis] else { return nil }
        cell = cell * starts.count + index
      }
      guard byCell[cell] == nil else { return nil }
      byCell[cell] = piece
    }
    self.extents = extents
    self.cuts = cuts
    self.pieces = byCell.compactMap { $0 }
  }

  /// Ranges of flattened elements, one behind the other; nil when there is none.
  init?(flat ranges: [(count: Int, location: TensorLocation)]) {
    var start = 0
    var pieces: [TensorPiece] = []
    for range in ranges where range.count > 0 {
      pieces.append(
        TensorPiece(origin: [start], extents: [range.count], location: range.location))
      start += range.count
    }
    self.init(extents: [start], pieces: pieces)
  }

  private static func index(of start: Int, in starts: [Int]) -> Int? {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] < start { low = middle + 1 } else { high = middle }
    }
    return low < starts.count && starts[low] == start ? low : nil
  }
}
