// An array stored as a grid of chunks of one shape (HDF5, zarr). One row of chunks along the first
// axis is decoded at a time, so memory holds that much of the array.
internal import Diagnostics
internal import Tensors

struct ChunkGrid: Sendable {
  let shape: [Int]
  /// Extents of every chunk; those at the far edges reach beyond the array.
  let chunk: [Int]
  let width: Int
  /// Chunks along each axis.
  let counts: [Int]
  /// Elements of one chunk.
  let chunkCount: Int
  /// The most bytes of one row of chunks that are decoded at once.
  static let largestBand = 4 << 30

  /// Nil when extents do not make a grid of bounded size.
  ///
  /// - Parameter band: the most bytes of one row of chunks.
  init?(shape: Shape, chunk: [Int], width: Int, band: Int = largestBand) {
    // With the width as one more extent, so that no product of bytes overflows below.
    guard chunk.count == shape.rank, chunk.allSatisfy({ $0 > 0 }), width > 0,
      let one = Shape(checking: chunk + [width]),
      Shape(checking: shape.dimensions + [width]) != nil
    else { return nil }
    let counts = zip(shape.dimensions, chunk).map { $0 / $1 + ($0 % $1 == 0 ? 0 : 1) }
    guard let all = Shape(checking: counts), all.count <= 1 << 24 else { return nil }
    self.shape = shape.dimensions
    self.chunk = chunk
    self.width = width
    self.counts = counts
    chunkCount = one.count / width
    guard one.count <= band, bandBytes <= band else { return nil }
  }

  /// Chunks of the whole grid.
  var total: Int { counts.reduce(1, *) }

  /// The place of the chunk at these grid coordinates in row-major order.
  func linear(_ coordinates: [Int]) -> Int {
    zip(counts, coordinates).reduce(0) { $0 * $1.0 + $1.1 }
  }

  /// Whether all of the chunk at a place lies inside the array.
  func isWhole(at place: Int) -> Bool {
    var rest = place
    for axis in shape.indices.reversed() {
      guard (rest % counts[axis] + 1) * chunk[axis] <= shape[axis] else { return false }
      rest /= counts[axis]
    }
    return true
  }

  /// Bytes of the elements of one row of chunks along the first axis.
  var bandBytes: Int {
    guard let first = shape.first else { return width }
    return min(first, chunk[0]) * shape.dropFirst().reduce(1, *) * width
  }
}

struct ChunkedStream: ElementStream {
  /// The decoded bytes of a chunk by its place in the grid; nil when it was never written.
  typealias Loader = @Sendable (Int) throws(Problem) -> [UInt8]?

  let grid: ChunkGrid
  /// One element, for what was never written.
  let fill: [UInt8]
  let load: Loader
  /// What it is part of, for messages.
  let place: String
  private var band: [UInt8] = []
  private var row = 0
  private var at = 0

  init(grid: ChunkGrid, fill: [UInt8], place: String, load: @escaping Loader) {
    self.place = place
    self.grid = grid
    self.fill = fill
    self.load = load
  }

  mutating func read(
    _ count: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Problem) {
    var done = 0
    let wanted = count * grid.width
    while done < wanted {
      if at == band.count { try loadBand() }
      let run = min(wanted - done, band.count - at)
      band.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[at..<(at + run)]))
      }
      at += run
      done += run
    }
  }

  private mutating func loadBand() throws(Problem) {
    let first = grid.shape.first ?? 1
    let rows = grid.shape.isEmpty ? 1 : min(grid.chunk[0], first - row * grid.chunk[0])
    let rest = Array(grid.shape.dropFirst())
    let bytes = rows * rest.reduce(1, *) * grid.width
    try MemoryAllowance.check(bytes, at: place)
    if band.count != bytes { band = [UInt8](repeating: 0, count: bytes) }
    let perRow = grid.counts.dropFirst().reduce(1, *)
    var coordinates = [Int](repeating: 0, count: rest.count)
    for index in 0..<perRow {
      let chunk = try load(row * perRow + index)
      copy(chunk, rows: rows, to: coordinates)
      var axis = rest.count - 1
      while axis >= 0 {
        coordinates[axis] += 1
        if coordinates[axis] < grid.counts[axis + 1] { break }
        coordinates[axis] = 0
        axis -= 1
      }
    }
    row += 1
    at = 0
  }

  /// Copies what of a chunk lies inside the array into the band, line by line.
  private mutating func copy(_ chunk: [UInt8]?, rows: Int, to coordinates: [Int]) {
    let rank = grid.shape.count
    // Extents of the part of the chunk that lies inside, and where it begins in the band.
    var extents =
      [rows]
      + coordinates.indices.map {
        min(grid.chunk[$0 + 1], grid.shape[$0 + 1] - coordinates[$0] * grid.chunk[$0 + 1])
      }
    if rank == 0 { extents = [] }
    let line = (extents.last ?? 1) * grid.width
    var position = [Int](repeating: 0, count: max(rank - 1, 0))
    while true {
      var (source, target) = (0, 0)
      for axis in 0..<rank {
        let inner = axis < rank - 1 ? position[axis] : 0
        source = source * grid.chunk[axis] + inner
        let origin = axis == 0 ? 0 : coordinates[axis - 1] * grid.chunk[axis]
        target = target * grid.shape[axis] + origin + inner
      }
      put(chunk, from: source * grid.width, to: target * grid.width, line)
      var axis = rank - 2
      while axis >= 0 {
        position[axis] += 1
        if position[axis] < extents[axis] { break }
        position[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  private mutating func put(_ chunk: [UInt8]?, from source: Int, to target: Int, _ count: Int) {
    guard let chunk else {
      for index in 0..<count { band[target + index] = fill[index % fill.count] }
      return
    }
    band.withUnsafeMutableBytes { band in
      chunk.withUnsafeBytes { chunk in
        UnsafeMutableRawBufferPointer(rebasing: band[target..<(target + count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: chunk[source..<(source + count)]))
      }
    }
  }
}
