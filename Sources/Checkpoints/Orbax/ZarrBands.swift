// The elements of an array of large chunks: all chunks of one row are decoded side by side, each a piece
// at a time, so that memory holds their decoders and not their elements.
internal import Diagnostics
internal import Tensors

struct ZarrBands: ElementStream {
  private struct Cell {
    /// Nil for a chunk that was never written.
    var reader: ChunkReader?
    /// The elements of the chunk that were passed.
    var at = 0
  }

  private let chunks: ZarrChunks
  private var cells: [Cell] = []
  /// The row of chunks whose cells are open.
  private var row = -1
  private var position: [Int]

  /// A row of chunks that is smaller is decoded whole.
  private static let smallBand = 64 << 20
  private static let mostCells = 64

  /// Nil when rows of chunks are better decoded whole: small ones, and those of very many chunks.
  init?(_ chunks: ZarrChunks, smallBand: Int = smallBand) {
    let grid = chunks.grid
    guard grid.shape.count >= 2, grid.bandBytes > smallBand,
      grid.counts.dropFirst().reduce(1, *) <= Self.mostCells
    else { return nil }
    self.chunks = chunks
    position = grid.shape.map { _ in 0 }
  }

  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    let grid = chunks.grid
    let last = grid.shape.count - 1
    var done = 0
    while done < count {
      if position[0] / grid.chunk[0] != row { try open(position[0] / grid.chunk[0]) }
      // The cell in the row, and the place in its chunk.
      var (cell, place) = (0, 0)
      for axis in grid.shape.indices {
        if axis > 0 { cell = cell * grid.counts[axis] + position[axis] / grid.chunk[axis] }
        place = place * grid.chunk[axis] + position[axis] % grid.chunk[axis]
      }
      let end = min((position[last] / grid.chunk[last] + 1) * grid.chunk[last], grid.shape[last])
      let run = min(count - done, end - position[last])
      let target = UnsafeMutableRawBufferPointer(
        rebasing: buffer[(done * grid.width)..<((done + run) * grid.width)])
      try read(cell, from: place, count: run, into: target)
      done += run
      position[last] += run
      var axis = last
      while axis > 0, position[axis] == grid.shape[axis] {
        position[axis] = 0
        axis -= 1
        position[axis] += 1
      }
    }
  }

  private mutating func open(_ next: Int) throws(Problem) {
    row = next
    cells = []
    let perRow = chunks.grid.counts.dropFirst().reduce(1, *)
    for index in 0..<perRow {
      var cell = Cell()
      if let (value, range) = try chunks.find(row * perRow + index) {
        cell.reader = try ChunkReader(chunks.array, value, range, chunks.complaint)
      }
      cells.append(cell)
    }
  }

  /// Elements of one chunk from a place on; what lies between, beyond the array's edge, is passed over.
  private mutating func read(
    _ cell: Int, from place: Int, count: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(Problem) {
    guard cells[cell].reader != nil else {
      let fill = chunks.array.fill
      for index in 0..<target.count { target[index] = fill[index % fill.count] }
      return
    }
    let width = chunks.grid.width
    while cells[cell].at < place {
      let skipped = min(place - cells[cell].at, 1 << 16)
      _ = try cells[cell].reader?.bytes(skipped * width)
      cells[cell].at += skipped
    }
    try cells[cell].reader?.read(into: target)
    cells[cell].at += count
  }
}
