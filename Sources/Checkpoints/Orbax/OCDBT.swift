// OCDBT, TensorStore's database in files (google.github.io/tensorstore/kvstore/ocdbt): a manifest that
// names the root of the newest version, and a B+ tree of keys whose values lie in its nodes or in data
// files. Every node has a CRC-32C. Only files below the manifest's own folder are opened.
internal import CKernels
internal import Diagnostics

struct OCDBT {
  /// Values by their keys.
  private(set) var values: [String: StoredValue] = [:]
  private(set) var files: OrbaxFiles
  private let folder: String
  private let complaint: Complaint
  private var nodes = 0
  private var decodedBytes = 0

  private static let manifestMagic: [UInt8] = [0x0C, 0xDB, 0x3A, 0x2A]
  private static let nodeMagic: [UInt8] = [0x0C, 0xDB, 0x20, 0xDE]
  private static let largestNode = 64 << 20
  private static let mostNodes = 1_000_000
  private static let mostKeys = 4_000_000
  private static let mostDecodedBytes = 2 << 30

  /// Where a node is; `height` counts down to the leaves.
  private struct Reference {
    let file: String
    /// What is prepended to the paths in it.
    let base: String
    let offset: Int
    let count: Int
    let height: Int
    let prefix: [UInt8]
  }

  /// Reads the whole tree of keys. Errors: `incomplete-orbax` (try again), `bit-rot`, `bad-orbax`,
  /// `unsupported-orbax`.
  static func open(
    _ folder: String, _ files: OrbaxFiles, _ complaint: Complaint
  ) throws(Problem) -> OCDBT {
    var database = OCDBT(files: files, folder: folder, complaint: complaint)
    guard let root = try database.readManifest() else { return database }
    // A stack instead of recursion; heights count down, so that it ends.
    var open = [root]
    while let reference = open.popLast() {
      open += try database.readNode(reference)
      guard database.nodes + open.count <= mostNodes else {
        throw complaint.tooLarge("its tree of keys has too many nodes")
      }
    }
    return database
  }

  private init(files: OrbaxFiles, folder: String, complaint: Complaint) {
    self.files = files
    self.folder = folder
    self.complaint = complaint
  }

  // MARK: Manifest

  private mutating func readManifest() throws(Problem) -> Reference? {
    let file = try files.open("\(folder)/manifest.ocdbt")
    var fields = try body(
      .span(file, offset: 0, count: file.size), magic: Self.manifestMagic, "its manifest")
    try fields.skip(16)
    guard try fields.varint() == 0 else {
      throw complaint.unsupported("its manifest is in numbered files")
    }
    _ = try fields.varint()
    _ = try fields.varint()
    try fields.skip(1)
    if try fields.varint() != 0 { try fields.skip(4) }
    let table = try paths(&fields, base: "")
    let versions = try fields.varsize()
    // Every version takes at least 16 bytes.
    guard versions > 0, versions <= fields.left / 16 else {
      throw complaint.incomplete("its manifest names no version yet")
    }
    for _ in 0..<versions { _ = try fields.varint() }
    let heights = try fields.take(versions)
    let height = Int(fields.bytes[heights.upperBound - 1])
    // The newest stands last.
    let file1 = try last(versions, &fields)
    let (offset, count) = (try last(versions, &fields), try last(versions, &fields))
    // An empty tree has no root.
    if count == .max || count == 0 { return nil }
    guard let index = Int(exactly: file1), table.indices.contains(index),
      let place = Int(exactly: offset), let size = Int(exactly: count)
    else { throw complaint.bad("its newest version is nowhere") }
    return Reference(
      file: table[index].path, base: table[index].base, offset: place, count: size,
      height: height, prefix: [])
  }

  private func last(_ count: Int, _ fields: inout ByteCursor) throws(Problem) -> UInt64 {
    var value: UInt64 = 0
    for _ in 0..<count { value = try fields.varint() }
    return value
  }

  /// A table of data files: paths from the database's folder on, with the part of each that its own
  /// tables continue.
  private func paths(
    _ fields: inout ByteCursor, base: String
  ) throws(Problem) -> [(path: String, base: String)] {
    let count = try fields.varsize()
    guard count <= fields.left else {
      throw complaint.bad("a table of files is longer than its node")
    }
    guard count > 0 else { return [] }
    let prefixes = [0] + (try sizes(count - 1, &fields))
    let suffixes = try sizes(count, &fields)
    let bases = try sizes(count, &fields)
    var paths: [(path: String, base: String)] = []
    var last: [UInt8] = []
    for index in 0..<count {
      guard prefixes[index] <= last.count, prefixes[index] + suffixes[index] <= 4_096 else {
        throw complaint.bad("a file's name in a table is too long")
      }
      let suffix = try fields.take(suffixes[index])
      last.removeLast(last.count - prefixes[index])
      last += fields.bytes[suffix]
      guard bases[index] <= last.count, let name = String(validating: last, as: UTF8.self),
        let own = String(validating: last[..<bases[index]], as: UTF8.self)
      else { throw complaint.bad("a file's name in a table is no text") }
      paths.append((base + name, base + own))
    }
    return paths
  }

  private func sizes(_ count: Int, _ fields: inout ByteCursor) throws(Problem) -> [Int] {
    guard count <= fields.left else { throw complaint.bad("a node ends before its columns do") }
    var sizes: [Int] = []
    for _ in 0..<count { sizes.append(try fields.varsize()) }
    // Each is bounded where it is used; together they must not overflow.
    guard sizes.allSatisfy({ $0 < 1 << 56 }) else {
      throw complaint.bad("a size exceeds what a file can have")
    }
    return sizes
  }

  // MARK: Nodes

  /// What stands between header and checksum, decompressed.
  private mutating func body(
    _ value: StoredValue, magic: [UInt8], _ what: String
  ) throws(Problem) -> ByteCursor {
    guard value.count > 18 else { throw complaint.incomplete("\(what) is not all there") }
    let bytes = try value.all(limit: Self.largestNode, complaint)
    guard bytes.starts(with: magic) else {
      throw bytes.allSatisfy { $0 == 0 }
        ? complaint.incomplete("\(what) is not written yet") : complaint.bad("\(what) has no mark")
    }
    guard bytes.littleEndian(at: 4, width: 8) == UInt64(bytes.count) else {
      throw complaint.incomplete("\(what) has \(bytes.count) bytes, and should have others")
    }
    let end = bytes.count - 4
    let checksum = bytes.withUnsafeBytes { ck_crc32c(0, $0.baseAddress, end) }
    guard bytes.littleEndian(at: end, width: 4) == UInt64(checksum) else {
      throw complaint.damaged(what)
    }
    var fields = ByteCursor(bytes, complaint, range: 12..<end)
    let (version, compression) = (try fields.varint(), try fields.varint())
    guard version == 0, compression <= 1 else {
      throw complaint.unsupported("\(what) has version \(version), compression \(compression)")
    }
    nodes += 1
    guard compression == 1 else { return fields }
    let stream = try ZstandardStream(.inline(bytes), range: fields.at..<end, complaint)
    let decoded = try stream.all(limit: Self.largestNode)
    decodedBytes += decoded.count
    guard decodedBytes <= Self.mostDecodedBytes else {
      throw complaint.tooLarge("its tree of keys holds more than \(Self.mostDecodedBytes) bytes")
    }
    return ByteCursor(decoded, complaint)
  }

  /// Takes the values of a leaf, or returns the nodes below.
  private mutating func readNode(_ reference: Reference) throws(Problem) -> [Reference] {
    let value = try files.span(
      reference.file, beneath: folder, offset: reference.offset, count: reference.count, complaint)
    var fields = try body(value, magic: Self.nodeMagic, "a node of its tree")
    let height = Int(try fields.byte())
    guard height == reference.height else { throw complaint.bad("its tree has uneven branches") }
    let table = try paths(&fields, base: reference.base)
    let count = try fields.varsize()
    guard count > 0, count <= fields.left else {
      throw complaint.bad("a node has \(count) entries")
    }
    let prefixes = [0] + (try sizes(count - 1, &fields))
    let suffixes = try sizes(count, &fields)
    let common = height > 0 ? try sizes(count, &fields) : []
    var keys: [[UInt8]] = []
    var last: [UInt8] = []
    for index in 0..<count {
      guard prefixes[index] <= last.count, prefixes[index] + suffixes[index] <= 4_096 else {
        throw complaint.bad("a key is too long")
      }
      let suffix = try fields.take(suffixes[index])
      last.removeLast(last.count - prefixes[index])
      last += fields.bytes[suffix]
      keys.append(reference.prefix + last)
    }
    guard height > 0 else {
      try takeLeaf(keys, table, &fields)
      return []
    }
    let numbers = try sizes(count, &fields)
    let offsets = try sizes(count, &fields)
    let lengths = try sizes(count, &fields)
    var below: [Reference] = []
    for index in 0..<count {
      let shared = reference.prefix.count + common[index]
      guard table.indices.contains(numbers[index]), shared <= keys[index].count else {
        throw complaint.bad("a node of its tree is nowhere")
      }
      let place = table[numbers[index]]
      below.append(
        Reference(
          file: place.path, base: place.base, offset: offsets[index], count: lengths[index],
          height: height - 1, prefix: Array(keys[index][..<shared])))
    }
    return below
  }

  private mutating func takeLeaf(
    _ keys: [[UInt8]], _ table: [(path: String, base: String)], _ fields: inout ByteCursor
  ) throws(Problem) {
    let lengths = try sizes(keys.count, &fields)
    let kindPlaces = try fields.take(keys.count)
    let kinds = Array(fields.bytes[kindPlaces])
    let outside = kinds.indices.filter { kinds[$0] != 0 }
    guard kinds.allSatisfy({ $0 <= 1 }) else { throw complaint.bad("a value is of no known kind") }
    let numbers = try sizes(outside.count, &fields)
    let offsets = try sizes(outside.count, &fields)
    var found: [Int: StoredValue] = [:]
    for (place, index) in outside.enumerated() {
      guard table.indices.contains(numbers[place]) else {
        throw complaint.bad("a value is nowhere")
      }
      found[index] = try files.span(
        table[numbers[place]].path, beneath: folder, offset: offsets[place], count: lengths[index],
        complaint)
    }
    for index in keys.indices {
      var value = found[index]
      if value == nil {
        let place = try fields.take(lengths[index])
        value = .inline(Array(fields.bytes[place]))
      }
      guard let key = String(validating: keys[index], as: UTF8.self) else {
        throw complaint.bad("a key is not UTF-8")
      }
      guard values[key] == nil else {
        throw complaint.bad("two values have the key \"\(key)\"")
      }
      values[key] = value
    }
    guard values.count <= Self.mostKeys else { throw complaint.tooLarge("it has too many keys") }
  }
}
