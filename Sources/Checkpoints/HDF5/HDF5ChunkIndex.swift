// Where the chunks of a dataset are: B-trees of version 1 (specification §III.A.1), and of newer
// files one chunk, chunks in a row, B-trees of version 2, fixed and extensible arrays (§VII).
internal import Diagnostics

struct HDF5Chunk: Sendable {
  let address: Int
  let storedBytes: Int
  /// Filters that were left out for this chunk.
  let mask: UInt32
}

/// How a layout message says where the chunks are.
enum HDF5ChunkIndex {
  case tree1(Int)
  case single(Int, stored: Int?, mask: UInt32)
  case implicit(Int)
  case fixedArray(Int)
  case extensibleArray(Int)
  case tree2(Int)
}

/// What the newer indexes say of each chunk: its address, and where filters change how many bytes it
/// has, that number and a mask.
struct HDF5ChunkRecord {
  let chunkBytes: Int
  /// Bytes of the number of stored bytes; nil without filters.
  let sizeBytes: Int?

  /// - Parameter sizeBytes: that the layout fixes; otherwise as many as a chunk's own size needs.
  init(chunkBytes: Int, isFiltered: Bool, sizeBytes: Int?) {
    self.chunkBytes = chunkBytes
    let bits = Int.bitWidth - 1 - max(chunkBytes, 1).leadingZeroBitCount
    self.sizeBytes = isFiltered ? sizeBytes ?? min(1 + (bits + 8) / 8, 8) : nil
  }

  /// Bytes behind the address.
  var extraBytes: Int { sizeBytes.map { $0 + 4 } ?? 0 }

  func read(_ fields: inout ByteCursor, in file: HDF5File) throws(Problem) -> HDF5Chunk? {
    let address = try file.address(&fields)
    guard let sizeBytes else {
      return address.map { HDF5Chunk(address: $0, storedBytes: chunkBytes, mask: 0) }
    }
    let stored = try fields.size(sizeBytes)
    let mask = UInt32(try fields.number(4))
    return address.map { HDF5Chunk(address: $0, storedBytes: stored, mask: mask) }
  }
}

extension HDF5File {
  /// What a chunk takes of the budget: about as much as it takes of memory.
  private static let chunkCost = 64

  /// The chunks by their row-major place in the grid; those never written are missing.
  ///
  /// - Parameter limits: the largest extents that the dataset may take; nil along an unlimited axis.
  func chunks(
    _ index: HDF5ChunkIndex?, _ grid: ChunkGrid, limits: [Int?], _ record: HDF5ChunkRecord
  ) throws(Problem) -> [Int: HDF5Chunk] {
    guard let index else { return [:] }
    let chunkBytes = record.chunkBytes
    var chunks: [Int: HDF5Chunk] = [:]
    func add(_ place: Int?, _ chunk: HDF5Chunk) throws(Problem) {
      // Chunks beyond the extents are left over from a dataset that shrank.
      guard let place else { return }
      try span.budget?.spend(Self.chunkCost, complaint)
      guard span.contains(chunk.address, chunk.storedBytes) else {
        throw complaint.bad("a chunk lies beyond the end of the file")
      }
      guard record.sizeBytes != nil || chunk.storedBytes == chunkBytes else {
        throw complaint.bad("a chunk has \(chunk.storedBytes) bytes, and should have \(chunkBytes)")
      }
      guard chunks.updateValue(chunk, forKey: place) == nil else {
        throw complaint.bad("a chunk is there twice")
      }
    }
    func order() throws(Problem) -> HDF5ChunkOrder {
      guard let order = HDF5ChunkOrder(grid, limits: limits) else {
        throw complaint.bad("its chunks cannot be counted up to the extents of its space")
      }
      return order
    }
    switch index {
    case .tree1(let root):
      for leaf in try leaves(
        ofTree: root, type: 1, keyBytes: 8 + 8 * (grid.shape.count + 1))
      {
        var key = leaf.key
        let stored = try key.size(4)
        let mask = UInt32(try key.number(4))
        var offsets: [Int] = []
        for _ in grid.shape { offsets.append(try key.size(8)) }
        try add(
          place(of: offsets, grid, scaled: false),
          HDF5Chunk(address: leaf.child, storedBytes: stored, mask: mask))
      }
    case .single(let address, let stored, let mask):
      try add(0, HDF5Chunk(address: address, storedBytes: stored ?? chunkBytes, mask: mask))
    case .implicit(let address):
      let order = try order()
      for place in 0..<grid.total {
        let (offset, overflow) = order.number(at: place).multipliedReportingOverflow(by: chunkBytes)
        let (start, tooFar) = address.addingReportingOverflow(offset)
        guard !overflow, !tooFar else { throw complaint.bad("a chunk lies beyond the end") }
        try add(place, HDF5Chunk(address: start, storedBytes: chunkBytes, mask: 0))
      }
    case .tree2(let address):
      let type: UInt8 = record.sizeBytes == nil ? 10 : 11
      for var fields in try treeRecords(at: address, type: type) {
        guard let chunk = try record.read(&fields, in: self) else { continue }
        var offsets: [Int] = []
        for _ in grid.shape { offsets.append(try fields.size(8)) }
        try add(place(of: offsets, grid, scaled: true), chunk)
      }
    case .fixedArray(let address):
      let order = try order()
      try fixedArray(address, record) { (number, chunk) throws(Problem) in
        try add(order.place(of: number), chunk)
      }
    case .extensibleArray(let address):
      let order = try order()
      try extensibleArray(address, order.end, record) { (number, chunk) throws(Problem) in
        try add(order.place(of: number), chunk)
      }
    }
    return chunks
  }

  /// A chunk's place in the grid from its offsets in elements, or in chunks; nil outside.
  private func place(of offsets: [Int], _ grid: ChunkGrid, scaled: Bool) -> Int? {
    var coordinates: [Int] = []
    for (axis, offset) in offsets.enumerated() {
      guard scaled || offset % grid.chunk[axis] == 0 else { return nil }
      let coordinate = scaled ? offset : offset / grid.chunk[axis]
      guard coordinate < grid.counts[axis] else { return nil }
      coordinates.append(coordinate)
    }
    return grid.linear(coordinates)
  }

  /// Takes a chunk by its number in an array of chunks.
  typealias AddChunk = (Int, HDF5Chunk) throws(Problem) -> Void

  private func fixedArray(
    _ address: Int, _ record: HDF5ChunkRecord, _ add: AddChunk
  ) throws(Problem) {
    var head = try checked(
      at: address, count: 8 + lengthWidth + addressWidth + 4, "a fixed array's header")
    try head.expect("FAHD", "a fixed array")
    try head.skip(1)
    guard (try head.byte() == 1) == (record.sizeBytes != nil) else {
      throw complaint.bad("an array of another kind")
    }
    let elementBytes = Int(try head.byte())
    let pageBits = Int(try head.byte())
    let count = try length(&head)
    guard let block = try self.address(&head) else { return }
    guard elementBytes == addressWidth + record.extraBytes, pageBits < 32, count <= 1 << 24 else {
      throw complaint.bad("a fixed array's sizes are not possible")
    }
    let pageCount = 1 << pageBits
    let prefix = 6 + addressWidth
    guard count > pageCount else {
      var fields = try checked(
        at: block, count: prefix + count * elementBytes + 4, "a fixed array's block")
      try fields.expect("FADB", "a fixed array's block")
      try fields.skip(prefix - 4)
      for number in 0..<count {
        if let chunk = try record.read(&fields, in: self) { try add(number, chunk) }
      }
      return
    }
    let pages = (count + pageCount - 1) / pageCount
    let bitmapBytes = (pages + 7) / 8
    var fields = try checked(
      at: block, count: prefix + bitmapBytes + 4, "a fixed array's block")
    try fields.expect("FADB", "a fixed array's block")
    try fields.skip(prefix - 4)
    let bitmap = fields.bytes[try fields.take(bitmapBytes)]
    var at = block + prefix + bitmapBytes + 4
    for page in 0..<pages {
      let elements = min(pageCount, count - page * pageCount)
      let bytes = elements * elementBytes + 4
      defer { at += pageCount * elementBytes + 4 }
      guard bitmap[bitmap.startIndex + page / 8] & (0x80 >> UInt8(page % 8)) != 0 else { continue }
      var fields = try checked(at: at, count: bytes, "a fixed array's page")
      for index in 0..<elements {
        if let chunk = try record.read(&fields, in: self) {
          try add(page * pageCount + index, chunk)
        }
      }
    }
  }
}
