// The chunks of one zarr array, decoded: one row of them at a time, or, where chunks lie one behind the
// other along the first axis, a piece at a time.
internal import CKernels
internal import Diagnostics
internal import Synchronization
internal import Tensors

struct ZarrChunks: TensorEncoding {
  let array: ZarrArray
  let grid: ChunkGrid
  /// The values of the chunks (of the shards) by their keys; what is not there was never written.
  let values: [String: StoredValue]
  let complaint: Complaint
  private let shardCounts: [Int]
  private let indices = ShardIndices()

  private static let largestShardIndex = 256 << 20

  /// Nil when its extents make no grid of bounded size.
  init?(_ array: ZarrArray, values: [String: StoredValue], _ complaint: Complaint) {
    // Most arrays are decoded a piece at a time: their chunks may be of any size.
    let grid = ChunkGrid(
      shape: array.shape, chunk: array.chunk, width: array.type.byteWidth, band: 1 << 46)
    guard let grid else { return nil }
    self.array = array
    self.grid = grid
    self.values = values
    self.complaint = complaint
    shardCounts = array.shard.map { zip($0.extents, array.chunk).map { $0 / $1 } } ?? []
    guard Shape(checking: shardCounts + [16]).map({ $0.count <= Self.largestShardIndex }) ?? false
    else { return nil }
  }

  func stream(of tensor: StoredTensor) throws(Problem) -> any ElementStream {
    // Rows of one chunk each: elements follow one another from chunk to chunk.
    if grid.counts.dropFirst().allSatisfy({ $0 == 1 }),
      zip(array.shape.dimensions.dropFirst(), array.chunk.dropFirst()).allSatisfy({ $0 == $1 })
    {
      return ZarrRows(chunks: self)
    }
    if let bands = ZarrBands(self) { return bands }
    guard grid.bandBytes <= ChunkGrid.largestBand,
      grid.chunkCount * grid.width <= ChunkGrid.largestBand
    else {
      throw complaint.unsupported("\"\(tensor.name)\" has too many and too large chunks")
    }
    return ChunkedStream(grid: grid, fill: array.fill, place: complaint.path) {
      place throws(Problem) in
      guard let (value, range) = try self.find(place) else { return nil }
      return try self.decode(value, range)
    }
  }

  /// Where the bytes of a chunk lie; nil when it was never written.
  func find(_ place: Int) throws(Problem) -> (value: StoredValue, range: Range<Int>)? {
    var coordinates = grid.counts
    var left = place
    for axis in grid.counts.indices.reversed() {
      coordinates[axis] = left % grid.counts[axis]
      left /= grid.counts[axis]
    }
    guard let shard = array.shard else {
      return values[array.key(coordinates)].map { ($0, 0..<$0.count) }
    }
    let outer = zip(coordinates, shardCounts).map { $0 / $1 }
    let key = array.key(outer)
    guard let value = values[key] else { return nil }
    let inner = zip(zip(coordinates, shardCounts), shardCounts).reduce(0) {
      $0 * $1.1 + $1.0.0 % $1.0.1
    }
    let index = try indices.index(key) { () throws(Problem) in
      try self.index(of: shardCounts.reduce(1, *), in: value, shard)
    }
    return try find(inner, of: index, in: value).map { (value, $0) }
  }

  /// A shard has an index of 16 bytes a chunk: where it begins, and how long it is.
  private func index(
    of count: Int, in value: StoredValue, _ shard: ZarrArray.Shard
  ) throws(Problem) -> [UInt8] {
    let size = 16 * count + (shard.indexHasChecksum ? 4 : 0)
    guard value.count >= size else { throw complaint.incomplete("a shard ends before its index") }
    try MemoryAllowance.check(size, at: complaint.path)
    let index = try value.bytes(at: shard.indexIsFirst ? 0 : value.count - size, count: size)
    if shard.indexHasChecksum {
      let checksum = index.withUnsafeBytes { ck_crc32c(0, $0.baseAddress, 16 * count) }
      guard index.littleEndian(at: 16 * count, width: 4) == UInt64(checksum) else {
        // The end of a file of its own may not be written yet.
        throw value.isFile
          ? complaint.incomplete("a shard does not end with its index, or is damaged")
          : complaint.damaged("the index of a shard")
      }
    }
    return index
  }

  private func find(
    _ inner: Int, of index: [UInt8], in value: StoredValue
  ) throws(Problem) -> Range<Int>? {
    guard let offset = index.littleEndian(at: 16 * inner, width: 8),
      let bytes = index.littleEndian(at: 16 * inner + 8, width: 8)
    else { return nil }
    if offset == .max, bytes == .max { return nil }
    guard offset <= UInt64(value.count), bytes <= UInt64(value.count) - offset else {
      throw complaint.bad("a chunk lies outside its shard")
    }
    return Int(offset)..<Int(offset + bytes)
  }

  /// The elements of a chunk.
  private func decode(_ value: StoredValue, _ range: Range<Int>) throws(Problem) -> [UInt8] {
    let bytes = grid.chunkCount * grid.width
    var chunk = try ChunkReader(array, value, range, complaint)
    return try chunk.bytes(bytes)
  }
}

/// The indices of the shards that were read last: each serves every chunk of its shard.
private final class ShardIndices: Sendable {
  private static let mostBytes = 16 << 20
  private let read = Mutex<[String: [UInt8]]>([:])

  func index(
    _ key: String, _ load: () throws(Problem) -> [UInt8]
  ) throws(Problem) -> [UInt8] {
    if let known = read.withLock({ $0[key] }) { return known }
    let index = try load()
    read.withLock { known in
      let bytes = known.values.reduce(index.count) { $0 + $1.count }
      if bytes > Self.mostBytes { known = [:] }
      known[key] = index
    }
    return index
  }
}

/// The bytes of one chunk, decoded from its beginning.
struct ChunkReader {
  private enum Source {
    case plain(StoredValue, at: Int, end: Int)
    case zstandard(ZstandardStream)
  }

  private var source: Source
  private let complaint: Complaint

  init(
    _ array: ZarrArray, _ value: StoredValue, _ range: Range<Int>, _ complaint: Complaint
  ) throws(Problem) {
    self.complaint = complaint
    var (value, range) = (value, range)
    // Undone in reverse. A checksum is over what lies before it.
    for (index, codec) in array.codecs.enumerated().reversed() {
      let isFirst = index == 0
      switch codec {
      case .crc32c:
        guard range.count >= 4 else { throw complaint.incomplete("a chunk ends too early") }
        let bytes = try value.bytes(at: range.lowerBound, count: range.count)
        let checksum = bytes.withUnsafeBytes { ck_crc32c(0, $0.baseAddress, bytes.count - 4) }
        guard bytes.littleEndian(at: bytes.count - 4, width: 4) == UInt64(checksum) else {
          throw complaint.damaged("a chunk")
        }
        (value, range) = (.inline(bytes), 0..<(bytes.count - 4))
      case .zstd where isFirst:
        let stream = try ZstandardStream(value, range: range, complaint)
        if let bytes = try stream.statedBytes(), bytes != Self.bytes(array) {
          throw complaint.bad("a chunk says that it has \(bytes) bytes of \(Self.bytes(array))")
        }
        source = .zstandard(stream)
        return
      case .zstd:
        let stream = try ZstandardStream(value, range: range, complaint)
        let bytes = try stream.all(limit: Self.largestPart)
        (value, range) = (.inline(bytes), 0..<bytes.count)
      case .gzip, .zlib:
        guard isFirst else { throw complaint.unsupported("its chunks are compressed twice") }
        let bytes = try Self.inflate(array, value, range, codec, complaint)
        (value, range) = (.inline(bytes), 0..<bytes.count)
      }
    }
    let bytes = Self.bytes(array)
    guard range.count >= bytes else { throw complaint.incomplete("a chunk ends too early") }
    guard range.count == bytes else {
      throw complaint.bad("a chunk has \(range.count) bytes, and should have \(bytes)")
    }
    source = .plain(value, at: range.lowerBound, end: range.upperBound)
  }

  /// Every chunk has all its elements, also where it reaches beyond the array.
  private static func bytes(_ array: ZarrArray) -> Int {
    array.chunk.reduce(1, *) * array.type.byteWidth
  }

  private static let largestPart = 1 << 30

  private static func inflate(
    _ array: ZarrArray, _ value: StoredValue, _ range: Range<Int>, _ codec: ZarrArray.Codec,
    _ complaint: Complaint
  ) throws(Problem) -> [UInt8] {
    let stored = try value.bytes(at: range.lowerBound, count: range.count)
    let bytes = Self.bytes(array)
    try MemoryAllowance.check(bytes, at: complaint.path)
    var wrapping = Deflate.Wrapping.zlib
    if case .gzip = codec { wrapping = .gzip }
    return try Deflate.inflate(stored, bytes: bytes, wrapping: wrapping, place: complaint.path)
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    switch source {
    case .zstandard(let stream): try stream.read(into: buffer)
    case .plain(let value, let at, let end):
      guard buffer.count <= end - at else { throw complaint.incomplete("a chunk ends too early") }
      source = .plain(value, at: at + buffer.count, end: end)
      buffer.copyBytes(from: try value.bytes(at: at, count: buffer.count))
    }
  }

  mutating func bytes(_ count: Int) throws(Problem) -> [UInt8] {
    try [UInt8](count: count) { buffer throws(Problem) in try read(into: buffer) }
  }
}

/// Elements from one chunk after the other, a piece at a time.
private struct ZarrRows: ElementStream {
  let chunks: ZarrChunks
  private var place = 0
  /// Bytes of the array that the open chunk still holds.
  private var left = 0
  private var reader: ChunkReader?

  init(chunks: ZarrChunks) { self.chunks = chunks }

  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    let grid = chunks.grid
    let wanted = count * grid.width
    var done = 0
    while done < wanted {
      if left == 0 {
        let rows = grid.shape.first.map { min(grid.chunk[0], $0 - place * grid.chunk[0]) } ?? 1
        left = rows * grid.shape.dropFirst().reduce(1, *) * grid.width
        reader = nil
        if let (value, range) = try chunks.find(place) {
          reader = try ChunkReader(chunks.array, value, range, chunks.complaint)
        }
        place += 1
      }
      let run = min(left, wanted - done)
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<(done + run)])
      if reader != nil {
        try reader?.read(into: target)
      } else {
        let fill = chunks.array.fill
        for index in 0..<run { target[index] = fill[index % fill.count] }
      }
      done += run
      left -= run
    }
  }
}
