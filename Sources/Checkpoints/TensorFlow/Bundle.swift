// The index and the data files of one bundle (tensorflow/core/util/tensor_bundle/tensor_bundle.cc): its
// tensors by name, partitioned ones put together, and the graph of objects beside them.
internal import CKernels
internal import Diagnostics
internal import Tensors

/// The table of a bundle and its data files.
struct Bundle {
  let complaint: Complaint
  /// The index first, then the data files.
  private(set) var files: [Checkpoint.OpenFile]
  /// Names and entries in the order of the table.
  private(set) var entries: [(name: String, entry: BundleEntry)] = []
  private var byKey: [[UInt8]: Range<Int>] = [:]
  private let table: SortedTable
  private var isBigEndian = false

  static let graphKey = "_CHECKPOINTABLE_OBJECT_GRAPH"
  private static let mostShards = 100_000
  private static let largestText = 64 << 20

  static func open(
    _ index: InputFile, _ bytes: [UInt8], _ complaint: Complaint
  ) throws(Problem) -> Bundle {
    var bundle = Bundle(
      complaint: complaint, files: [Checkpoint.OpenFile(file: index)],
      table: try SortedTable(bytes, complaint))
    let shards = try bundle.readHeader()
    // All are opened before any is read.
    let prefix = index.path.dropLast(TensorFlowBundle.suffix.utf8.count)
    for shard in 0..<shards {
      let name = "\(prefix).data-\(padded(shard))-of-\(padded(shards))"
      do throws(Problem) {
        bundle.files.append(Checkpoint.OpenFile(file: try InputFile.open(name)))
      } catch {
        throw error.code == "not-found"
          ? complaint.incomplete("\(name.split(separator: "/").last ?? "") is missing") : error
      }
    }
    for (key, place) in bundle.table.entries.dropFirst() {
      bundle.byKey[key] = place
      // The parts of partitioned variables begin with a zero; their whole has an entry of its own.
      guard key.first != 0 else { continue }
      guard let name = String(validating: key, as: UTF8.self) else {
        throw complaint.bad("a name is not UTF-8")
      }
      bundle.entries.append((name, try bundle.entry(place)))
    }
    return bundle
  }

  private init(complaint: Complaint, files: [Checkpoint.OpenFile], table: SortedTable) {
    self.complaint = complaint
    self.files = files
    self.table = table
  }

  private static func padded(_ number: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
  }

  private func fields(_ place: Range<Int>) -> ProtobufFields {
    ProtobufFields(ByteCursor(table.bytes, complaint, range: place))
  }

  private func entry(_ place: Range<Int>) throws(Problem) -> BundleEntry {
    try BundleEntry(fields(place))
  }

  /// The number of data files, from the value of the empty key.
  private mutating func readHeader() throws(Problem) -> Int {
    guard let first = table.entries.first, first.key.isEmpty else {
      throw complaint.bad("it has no header")
    }
    var header = fields(first.value)
    var shards = 0
    while let (number, value) = try header.next() {
      guard case .number(let value) = value else { continue }
      if number == 1 { shards = try header.size(value) }
      if number == 2 { isBigEndian = value == 1 }
    }
    guard shards <= Self.mostShards else {
      throw complaint.tooLarge("it names \(shards) data files")
    }
    return shards
  }

  /// A tensor; nil, and why, when its type is not read. Errors: `incomplete-tensorflow` (try again)
  /// when its data file is too short, `bad-tensorflow`.
  mutating func tensor(
    _ entry: BundleEntry, named name: String, key: [UInt8]
  ) throws(Problem) -> (tensor: StoredTensor?, why: String) {
    guard let type = BundleEntry.types[entry.type] else {
      return (nil, "elements of type \(BundleEntry.unread[entry.type] ?? "\(entry.type)")")
    }
    guard let shape = Shape(checking: entry.dimensions) else {
      throw complaint.bad("tensor \"\(name)\" has too many elements")
    }
    guard entry.slices.isEmpty else {
      return (try assembled(entry, shape, type, named: name, key: key), "")
    }
    let location = try location(of: entry, shape, type, named: name)
    return (StoredTensor(name: name, shape: shape, type: type, location: location), "")
  }

  private mutating func location(
    of entry: BundleEntry, _ shape: Shape, _ type: ElementType, named name: String
  ) throws(Problem) -> TensorLocation {
    guard let bytes = Shape(checking: shape.dimensions + [type.byteWidth])?.count,
      bytes == entry.bytes
    else { throw complaint.bad("tensor \"\(name)\" does not have the bytes of its shape") }
    try check(entry, named: name)
    let file = entry.shard + 1
    files[file].spans.append(
      ChecksummedSpan(
        name: name, offset: entry.offset, bytes: bytes,
        checksum: .crc32c(MaskedChecksum.unmask(entry.checksum))))
    return TensorLocation(
      file: file, storageOffset: entry.offset, storageBytes: bytes, firstElement: 0, strides: nil,
      isBigEndian: isBigEndian, record: files[file].spans.count - 1)
  }

  /// That a tensor's bytes are all there.
  private func check(_ entry: BundleEntry, named name: String) throws(Problem) {
    guard entry.shard < files.count - 1 else {
      throw complaint.bad(
        "tensor \"\(name)\" is in data file \(entry.shard), of \(files.count - 1)")
    }
    let size = files[entry.shard + 1].file.size
    guard entry.offset <= size, entry.bytes <= size - entry.offset else {
      throw complaint.incomplete(
        "tensor \"\(name)\" ends beyond the end of data file \(entry.shard)")
    }
  }

  /// A partitioned variable from its parts.
  private mutating func assembled(
    _ entry: BundleEntry, _ shape: Shape, _ type: ElementType, named name: String, key: [UInt8]
  ) throws(Problem) -> StoredTensor {
    var pieces: [TensorPiece] = []
    for slice in entry.slices {
      guard slice.count == shape.rank, let place = byKey[SliceKey.encode(key, slice)] else {
        throw complaint.bad("a part of \"\(name)\" is not in the index")
      }
      let part = try self.entry(place)
      var extents: [Int] = []
      for (extent, whole) in zip(slice, shape.dimensions) {
        guard extent.start <= whole else {
          throw complaint.bad("a part of \"\(name)\" lies outside")
        }
        extents.append(extent.length ?? whole - extent.start)
      }
      guard part.type == entry.type, part.dimensions == extents,
        let partShape = Shape(checking: extents)
      else { throw complaint.bad("a part of \"\(name)\" has another shape than it should") }
      pieces.append(
        TensorPiece(
          origin: slice.map(\.start), extents: extents,
          location: try location(of: part, partShape, type, named: name)))
    }
    guard let assembly = TensorAssembly(extents: shape.dimensions, pieces: pieces) else {
      throw complaint.bad("the parts of \"\(name)\" do not tile its shape")
    }
    return StoredTensor(name: name, shape: shape, type: type, assembly: assembly)
  }

  /// The graph of objects; nil in checkpoints of TensorFlow 1.
  func graph() throws(Problem) -> ObjectGraph? {
    guard let place = byKey[Array(Self.graphKey.utf8)] else { return nil }
    let entry = try entry(place)
    guard entry.type == BundleEntry.textType, entry.dimensions.isEmpty else {
      throw complaint.bad("its graph of objects is no text")
    }
    try check(entry, named: Self.graphKey)
    guard entry.bytes <= Self.largestText else { throw complaint.tooLarge("its graph of objects") }
    try MemoryAllowance.check(entry.bytes, at: complaint.path)
    let bytes = try files[entry.shard + 1].file.bytes(at: entry.offset, count: entry.bytes)
    // The length of the text, a checksum of the length, the text; the entry's own checksum is over the
    // length in four bytes and what follows.
    var cursor = ByteCursor(bytes, complaint)
    let count = try cursor.varsize()
    var checksum = (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
      .withUnsafeBytes { ck_crc32c(0, $0.baseAddress, $0.count) }
    checksum = bytes[cursor.at...].withUnsafeBytes { ck_crc32c(checksum, $0.baseAddress, $0.count) }
    guard checksum == MaskedChecksum.unmask(entry.checksum) else {
      throw complaint.damaged("its graph of objects")
    }
    try cursor.skip(4)
    guard count == cursor.left else {
      throw complaint.bad("its graph of objects has another length")
    }
    return try ObjectGraph(ProtobufFields(cursor), complaint)
  }
}
