// One dataset: its type, extents, layout and filters (specification §IV.A.2), as a stored tensor.
internal import Diagnostics
internal import Tensors

/// What a dataset is, seen as a tensor.
enum HDF5Reading {
  case tensor(StoredTensor)
  /// Its elements are of a kind that is not read, and which.
  case unsupported(String)
}

extension HDF5File {
  /// Reads the messages of a dataset. Nothing outside the file is opened: external storage, virtual
  /// datasets and unknown filters are refused.
  ///
  /// - Parameters:
  ///   - opaque: what opaque elements of 2 bytes are, where an attribute says so.
  ///   - file: the index of the file among the checkpoint's.
  ///   - record: of the zip record that holds it.
  func dataset(
    _ messages: [HDF5Message], name: String, opaque: ElementType?, file: Int, record: Int?
  ) throws(Problem) -> HDF5Reading {
    let complaint = Complaint(format: "hdf5", path: "\(complaint.path): dataset \"\(name)\"")
    func fields(_ type: UInt16) throws(Problem) -> ByteCursor? {
      guard let message = messages.first(where: { $0.type == type }) else { return nil }
      guard !message.isShared else {
        throw complaint.unsupported("its type or layout is shared with another object")
      }
      return message.fields
    }
    if messages.contains(where: { $0.type == 0x07 }) {
      throw complaint.unsupported("its elements are said to be in another file")
    }
    guard var typeFields = try fields(0x03), var spaceFields = try fields(0x01),
      var layoutFields = try fields(0x08)
    else { throw complaint.bad("it has no type, extents or layout") }
    let type: ElementType
    let isBigEndian: Bool
    switch try HDF5Datatype(&typeFields) {
    case .number(let number, let big): (type, isBigEndian) = (number, big)
    case .opaque(2) where opaque != nil: (type, isBigEndian) = (opaque ?? .bfloat16, false)
    case .opaque(let size): return .unsupported("opaque elements of \(size) bytes")
    case .fixedText, .variableText: return .unsupported("text")
    case .other(let what): return .unsupported(what)
    }
    guard let space = try HDF5Dataspace(&spaceFields, lengthWidth) else {
      return .unsupported("no elements")
    }
    let shape = space.shape
    guard let bytes = Shape(checking: shape.dimensions + [type.byteWidth])?.count else {
      throw complaint.bad("its shape \(shape) has too many elements")
    }
    var filters = HDF5Filters.none(complaint)
    if var pipeline = try fields(0x0B) { filters = try HDF5Filters(&pipeline) }
    let fill = try fillValue(try fields(0x05), width: type.byteWidth)
    let layout = try HDF5Layout(&layoutFields, self, rank: shape.rank, width: type.byteWidth)
    let (location, encoding) = try place(
      layout, space, type, bytes, filters, fill, isBigEndian, file, record, complaint)
    return .tensor(
      StoredTensor(
        name: name, shape: shape, type: type, location: location, encoding: encoding))
  }

  private func place(
    _ layout: HDF5Layout, _ space: HDF5Dataspace, _ type: ElementType, _ bytes: Int,
    _ filters: HDF5Filters, _ fill: [UInt8], _ isBigEndian: Bool, _ file: Int, _ record: Int?,
    _ complaint: Complaint
  ) throws(Problem) -> (TensorLocation, (any TensorEncoding)?) {
    let shape = space.shape
    func location(_ start: Int, _ stored: Int) -> TensorLocation {
      TensorLocation(
        file: file, storageOffset: span.offset + start, storageBytes: stored, firstElement: 0,
        strides: nil, isBigEndian: isBigEndian, record: record)
    }
    // More than 4 GiB of which nearly nothing is stored: Keras refuses it too.
    func check(stored: Int) throws(Problem) {
      guard bytes <= 4 << 30 || bytes / 1_000 <= stored else {
        throw Problem(
          "expansion", at: complaint.path, "\(stored) bytes claim to be \(bytes)",
          remedy: "do not trust this file")
      }
    }
    switch layout {
    case .compact(let data):
      guard data.count == bytes else {
        throw complaint.bad("it has \(data.count) bytes, and should have \(bytes)")
      }
      return (location(0, bytes), HDF5Compact(bytes: data))
    case .contiguous(let address, let stored):
      guard filters.isEmpty else { throw complaint.bad("it has filters, and no chunks") }
      guard let address, bytes > 0 else {
        try check(stored: 0)
        // Never written: all fill value, made a few rows at a time.
        let rows = shape.dimensions.prefix(1).map { max($0 >> 20, 1) }
        let rest = shape.dimensions.dropFirst().map { max($0, 1) }
        guard let grid = ChunkGrid(shape: shape, chunk: rows + rest, width: type.byteWidth)
        else { throw complaint.bad("its shape \(shape) cannot be") }
        return (
          location(0, 0),
          HDF5Chunked(
            file: self, grid: grid, chunks: [:], filters: filters, filtersEdges: true, fill: fill)
        )
      }
      guard stored == bytes, span.contains(address, bytes) else {
        throw complaint.bad("its \(bytes) bytes at \(address) are not those of its layout")
      }
      return (location(address, bytes), nil)
    case .chunked(let extents, let index, let options):
      guard let grid = ChunkGrid(shape: shape, chunk: extents, width: type.byteWidth) else {
        throw complaint.tooLarge("its chunks \(extents) cannot be those of \(shape)")
      }
      let record = HDF5ChunkRecord(
        chunkBytes: grid.chunkCount * grid.width, isFiltered: !filters.isEmpty,
        sizeBytes: options.sizeBytes)
      let chunks = try chunks(index, grid, limits: space.limits, record)
      var stored = 0
      for chunk in chunks.values {
        stored += chunk.storedBytes
        // Neither is more than the file, so that their sum is a number.
        guard stored <= span.size else { throw complaint.bad("its chunks lie over one another") }
      }
      try check(stored: stored)
      let first = chunks.values.map(\.address).min() ?? 0
      return (
        location(first, bytes),
        HDF5Chunked(
          file: self, grid: grid, chunks: chunks, filters: filters,
          filtersEdges: options.filtersEdges, fill: fill)
      )
    }
  }

  /// One element for what was never written (§IV.A.2.f); zeros by default.
  private func fillValue(_ fields: ByteCursor?, width: Int) throws(Problem) -> [UInt8] {
    let zeros = [UInt8](repeating: 0, count: width)
    guard var fields else { return zeros }
    let version = try fields.byte()
    if version == 3 {
      guard try fields.byte() & 0x20 != 0 else { return zeros }
    } else {
      try fields.skip(2)
      let isDefined = try fields.byte() != 0
      guard version == 1 || isDefined, fields.left >= 4 else { return zeros }
    }
    let size = try fields.size(4)
    guard size == width else { return zeros }
    return Array(fields.bytes[try fields.take(size)])
  }
}

/// The layout message (§IV.A.2.i), versions 3 to 5.
private enum HDF5Layout {
  case compact([UInt8])
  case contiguous(Int?, Int)
  case chunked([Int], HDF5ChunkIndex?, Options)

  /// How chunks are stored.
  struct Options {
    /// Whether the chunks that reach beyond the array pass the filters too.
    var filtersEdges = true
    /// Bytes of the number of stored bytes in an index; nil where a chunk's size tells it.
    var sizeBytes: Int?
  }

  init(_ fields: inout ByteCursor, _ file: HDF5File, rank: Int, width: Int) throws(Problem) {
    let version = try fields.byte()
    guard (3...5).contains(version) else {
      throw fields.complaint.unsupported("a layout of version \(version)")
    }
    switch try fields.byte() {
    case 0:
      let count = try fields.size(2)
      self = .compact(Array(fields.bytes[try fields.take(count)]))
    case 1:
      let address = try file.address(&fields)
      self = .contiguous(address, try file.length(&fields))
    case 2 where version == 3:
      let dimensions = Int(try fields.byte())
      let root = try file.address(&fields)
      self = .chunked(
        try Self.extents(&fields, dimensions, bytesEach: 4, rank, width),
        root.map(HDF5ChunkIndex.tree1), Options())
    case 2: self = try Self.indexed(&fields, file, version, rank, width)
    case 3: throw fields.complaint.unsupported("a virtual dataset, made of other files")
    default: throw fields.complaint.bad("a layout of an unknown class")
    }
  }

  /// The last of the extents is the width of an element.
  private static func extents(
    _ fields: inout ByteCursor, _ dimensions: Int, bytesEach: Int, _ rank: Int, _ width: Int
  ) throws(Problem) -> [Int] {
    guard dimensions == rank + 1, (1...8).contains(bytesEach) else {
      throw fields.complaint.bad("its chunks have \(dimensions - 1) axes, and it has \(rank)")
    }
    var extents: [Int] = []
    for _ in 0..<dimensions { extents.append(try fields.size(bytesEach)) }
    guard extents.last == width, !extents.contains(0) else {
      throw fields.complaint.bad("its chunks have elements of another width")
    }
    return Array(extents.dropLast())
  }

  /// Chunks of version 4 or 5, which differ in how wide an index writes sizes.
  private static func indexed(
    _ fields: inout ByteCursor, _ file: HDF5File, _ version: UInt8, _ rank: Int, _ width: Int
  ) throws(Problem) -> HDF5Layout {
    let flags = try fields.byte()
    let options = Options(
      filtersEdges: flags & 1 == 0, sizeBytes: version == 5 ? file.lengthWidth : nil)
    let dimensions = Int(try fields.byte())
    let bytesEach = Int(try fields.byte())
    let extents = try extents(&fields, dimensions, bytesEach: bytesEach, rank, width)
    let kind = try fields.byte()
    var stored: Int?
    var mask: UInt32 = 0
    switch kind {
    case 1 where flags & 2 != 0:
      stored = try file.length(&fields)
      mask = UInt32(try fields.number(4))
    case 1, 2: break
    case 3: try fields.skip(1)
    case 4: try fields.skip(5)
    case 5: try fields.skip(6)
    default: throw fields.complaint.unsupported("an index of chunks of kind \(kind)")
    }
    guard let address = try file.address(&fields) else { return .chunked(extents, nil, options) }
    let index: HDF5ChunkIndex =
      switch kind {
      case 1: .single(address, stored: stored, mask: mask)
      case 2: .implicit(address)
      case 3: .fixedArray(address)
      case 4: .extensibleArray(address)
      default: .tree2(address)
      }
    return .chunked(extents, index, options)
  }
}

/// Elements that stand in the object header itself.
private struct HDF5Compact: TensorEncoding {
  let bytes: [UInt8]

  func stream(of tensor: StoredTensor) throws(Problem) -> any ElementStream {
    PackedStream(source: MemoryBytes(bytes: bytes), width: tensor.type.byteWidth, offset: 0)
  }
}

private struct HDF5Chunked: TensorEncoding {
  let file: HDF5File
  let grid: ChunkGrid
  let chunks: [Int: HDF5Chunk]
  let filters: HDF5Filters
  /// Whether chunks that reach beyond the array passed the filters.
  let filtersEdges: Bool
  let fill: [UInt8]

  func stream(of tensor: StoredTensor) throws(Problem) -> any ElementStream {
    let (file, grid, chunks, filters) = (file, grid, chunks, filters)
    let filtersEdges = filtersEdges
    let path = "\(file.complaint.path): dataset \"\(tensor.name)\""
    return ChunkedStream(grid: grid, fill: fill, place: path) { (place) throws(Problem) in
      guard let chunk = chunks[place] else { return nil }
      try MemoryAllowance.check(chunk.storedBytes, at: path)
      let stored = try file.span.elements(at: chunk.address, count: chunk.storedBytes)
      let isFiltered = filtersEdges || grid.isWhole(at: place)
      return try filters.undo(
        stored, mask: isFiltered ? chunk.mask : .max, bytes: grid.chunkCount * grid.width,
        place: path)
    }
  }
}
