// The directory of a zip archive (PKWARE APPNOTE 6.3), read strictly: where two readers could see
// different content, it is refused (reliability.md §1.9). Nothing is ever extracted to disk.
internal import Diagnostics
internal import Tensors

struct ZipArchive: Sendable {
  struct Record: Sendable {
    let name: String
    /// Where the stored bytes begin in the file, and how many they are.
    let dataOffset: Int
    let storedBytes: Int
    /// How many they are when inflated.
    let bytes: Int
    let isDeflated: Bool
    let checksum: UInt32
  }

  let records: [Record]
  /// Record indices by the bytes of their names.
  private let byName: [[UInt8]: Int]

  /// The name of the first record, from the first bytes of a file; "" when it is not among them.
  static func firstName(in head: [UInt8]) -> String {
    guard let count = head.size(at: 26, width: 2), count <= head.count - 30 else { return "" }
    return String(validating: head[30..<(30 + count)], as: UTF8.self) ?? ""
  }

  /// The index of the record with exactly this name.
  func index(of name: String) -> Int? { byName[Array(name.utf8)] }

  /// Reads the directory of a whole file. Errors: those of `open` on a span of one.
  static func open(_ file: InputFile) throws(Problem) -> ZipArchive {
    try open(FileWindow(file))
  }

  /// Reads the directory of an archive; its records' offsets count from the file's first byte. Errors: `incomplete-zip` (try again: the directory is
  /// written last), `ambiguous-zip`, `unsupported-zip`, `too-many-records`.
  static func open(_ file: FileWindow) throws(Problem) -> ZipArchive {
    let reader = ZipDirectoryReader(file: file)
    let entries = try reader.entries()
    var records: [Record] = []
    records.reserveCapacity(entries.count)
    for entry in entries { records.append(try reader.locate(entry)) }
    try reader.checkSpans(entries, records)
    var byName: [[UInt8]: Int] = [:]
    var folded: Set<[UInt8]> = []
    for (index, record) in records.enumerated() {
      byName[Array(record.name.utf8)] = index
      guard folded.insert(Array(record.name.lowercased().utf8)).inserted else {
        throw reader.ambiguous("two records are named \(record.name), case aside")
      }
    }
    let shifted = records.map { record in
      Record(
        name: record.name, dataOffset: record.dataOffset + file.start,
        storedBytes: record.storedBytes, bytes: record.bytes, isDeflated: record.isDeflated,
        checksum: record.checksum)
    }
    return ZipArchive(records: shifted, byName: byName)
  }
}

/// One entry of the central directory.
private struct ZipEntry {
  let name: [UInt8]
  let flags: UInt64
  let method: UInt64
  let checksum: UInt64
  let storedBytes: Int
  let bytes: Int
  let headerOffset: Int
}

private struct ZipDirectoryReader {
  static let endSignature: UInt64 = 0x0605_4b50
  static let end64Signature: UInt64 = 0x0606_4b50
  static let locatorSignature: UInt64 = 0x0706_4b50
  static let entrySignature: UInt64 = 0x0201_4b50
  static let localSignature: UInt64 = 0x0403_4b50
  /// Data descriptor (3), UTF-8 names (11), and the compression level hints (1, 2).
  static let knownFlags: UInt64 = 0x080E
  static let largestDirectory = 64 << 20
  static let mostRecords = 1_000_000

  let file: FileWindow

  func ambiguous(_ what: String) -> Problem {
    Problem(
      "ambiguous-zip", at: file.path, what,
      remedy: "write the checkpoint again; if it was not damaged, do not trust it")
  }

  private func incomplete(_ what: String) -> Problem {
    Problem(
      "incomplete-zip", at: file.path, what,
      remedy: "wait until its writer has finished, or copy it again", kind: .tryAgain)
  }

  /// The central directory's entries, in its order.
  func entries() throws(Problem) -> [ZipEntry] {
    let (offset, size, count) = try findDirectory()
    guard count <= Self.mostRecords, size <= Self.largestDirectory else {
      throw Problem(
        "too-many-records", at: file.path, "\(count) records in a directory of \(size) bytes",
        remedy: "at most \(Self.mostRecords) records and 64 MiB are read")
    }
    try MemoryAllowance.check(size, at: file.path)
    guard count * 46 <= size else { throw ambiguous("\(count) records in \(size) bytes") }
    let directory = try file.bytes(at: offset, count: size)
    var entries: [ZipEntry] = []
    entries.reserveCapacity(count)
    var at = 0
    for _ in 0..<count { entries.append(try entry(in: directory, &at, directoryOffset: offset)) }
    guard at == size else { throw ambiguous("the directory has \(size - at) bytes too many") }
    return entries
  }

  /// Offset, size and number of records of the central directory.
  private func findDirectory() throws(Problem) -> (offset: Int, size: Int, count: Int) {
    let size = file.size
    guard size >= 22 else { throw incomplete("\(size) bytes are no archive yet") }
    let tailBytes = min(size, 22 + 65_535)
    let end = try file.bytes(at: size - 22, count: 22)
    guard end.littleEndian(at: 0, width: 4) == Self.endSignature,
      end.littleEndian(at: 20, width: 2) == 0
    else {
      let tail = try file.bytes(at: size - tailBytes, count: tailBytes)
      for start in stride(from: tailBytes - 23, through: 0, by: -1)
      where tail[start] == 0x50 && tail.littleEndian(at: start, width: 4) == Self.endSignature
        && tail.size(at: start + 20, width: 2) == tailBytes - start - 22
      {
        throw ambiguous("the archive ends in a comment, which no checkpoint writer leaves")
      }
      throw incomplete("it does not end in a directory, which is written last")
    }
    guard let disk = end.size(at: 4, width: 2), let directoryDisk = end.size(at: 6, width: 2),
      let countHere = end.size(at: 8, width: 2), let count = end.size(at: 10, width: 2),
      let bytes = end.size(at: 12, width: 4), let offset = end.size(at: 16, width: 4)
    else { throw ambiguous("its end record cannot be read") }
    guard disk == 0, directoryDisk == 0, countHere == count else {
      throw ambiguous("it claims to span several disks")
    }
    let narrow = (offset: offset, size: bytes, count: count)
    guard let (wide, end64) = try findWideDirectory() else {
      guard count != 0xFFFF, bytes != 0xFFFF_FFFF, offset != 0xFFFF_FFFF else {
        throw ambiguous("its end record points to a ZIP64 record that is not there")
      }
      guard offset + bytes == size - 22 else {
        throw ambiguous("its directory does not end where the end record begins")
      }
      return narrow
    }
    guard count == 0xFFFF || count == wide.count, bytes == 0xFFFF_FFFF || bytes == wide.size,
      offset == 0xFFFF_FFFF || offset == wide.offset
    else { throw ambiguous("its two end records disagree") }
    let (sum, overflow) = wide.offset.addingReportingOverflow(wide.size)
    guard !overflow, sum == end64 else {
      throw ambiguous("its directory does not end where the end record begins")
    }
    return wide
  }

  /// The same from the ZIP64 end record, with that record's own offset; nil when there is none.
  private func findWideDirectory() throws(Problem)
    -> (directory: (offset: Int, size: Int, count: Int), recordOffset: Int)?
  {
    let size = file.size
    guard size >= 22 + 20 else { return nil }
    let locator = try file.bytes(at: size - 42, count: 20)
    guard locator.littleEndian(at: 0, width: 4) == Self.locatorSignature else { return nil }
    guard locator.size(at: 4, width: 4) == 0, locator.size(at: 16, width: 4) == 1,
      size >= 42 + 56, let at = locator.size(at: 8, width: 8), at == size - 42 - 56
    else { throw ambiguous("its ZIP64 locator points elsewhere") }
    let end = try file.bytes(at: at, count: 56)
    guard end.littleEndian(at: 0, width: 4) == Self.end64Signature,
      end.size(at: 4, width: 8) == 44, end.size(at: 16, width: 4) == 0,
      end.size(at: 20, width: 4) == 0, let countHere = end.size(at: 24, width: 8),
      let count = end.size(at: 32, width: 8), countHere == count,
      let bytes = end.size(at: 40, width: 8), let offset = end.size(at: 48, width: 8)
    else { throw ambiguous("its ZIP64 end record cannot be read") }
    return ((offset, bytes, count), at)
  }

  /// Reads one entry and moves `at` behind it.
  private func entry(
    in directory: [UInt8], _ at: inout Int, directoryOffset: Int
  ) throws(Problem) -> ZipEntry {
    guard directory.littleEndian(at: at, width: 4) == Self.entrySignature,
      let flags = directory.littleEndian(at: at + 8, width: 2),
      let method = directory.littleEndian(at: at + 10, width: 2),
      let checksum = directory.littleEndian(at: at + 16, width: 4),
      var stored = directory.size(at: at + 20, width: 4),
      var bytes = directory.size(at: at + 24, width: 4),
      let nameBytes = directory.size(at: at + 28, width: 2),
      let extraBytes = directory.size(at: at + 30, width: 2),
      let commentBytes = directory.size(at: at + 32, width: 2),
      let disk = directory.size(at: at + 34, width: 2),
      var header = directory.size(at: at + 42, width: 4),
      at + 46 + nameBytes + extraBytes + commentBytes <= directory.count
    else {
      throw ambiguous("its directory cannot be read at byte \(directoryOffset + at)")
    }
    let name = Array(directory[(at + 46)..<(at + 46 + nameBytes)])
    let extra = (at + 46 + nameBytes)..<(at + 46 + nameBytes + extraBytes)
    at = extra.upperBound + commentBytes
    var wide = try wideFields(directory, extra)
    for field in [\Sizes.bytes, \Sizes.stored, \Sizes.header] {
      var sizes = Sizes(bytes: bytes, stored: stored, header: header)
      guard sizes[keyPath: field] == 0xFFFF_FFFF else { continue }
      guard !wide.isEmpty else { throw ambiguous("a ZIP64 size is missing") }
      sizes[keyPath: field] = wide.removeFirst()
      (bytes, stored, header) = (sizes.bytes, sizes.stored, sizes.header)
    }
    guard disk == 0 else { throw ambiguous("it claims to span several disks") }
    return ZipEntry(
      name: name, flags: flags, method: method, checksum: checksum, storedBytes: stored,
      bytes: bytes, headerOffset: header)
  }

  private struct Sizes {
    var bytes: Int
    var stored: Int
    var header: Int
  }

  /// The 64-bit numbers of the ZIP64 extra field (id 1), empty when there is none.
  private func wideFields(_ directory: [UInt8], _ extra: Range<Int>) throws(Problem) -> [Int] {
    var fields: [Int]?
    var at = extra.lowerBound
    while at < extra.upperBound {
      guard let id = directory.size(at: at, width: 2),
        let count = directory.size(at: at + 2, width: 2), at + 4 + count <= extra.upperBound
      else { throw ambiguous("an extra field runs out of its record") }
      if id == 1 {
        guard fields == nil else { throw ambiguous("a record has two ZIP64 fields") }
        var found: [Int] = []
        for offset in stride(from: at + 4, to: at + 4 + count - 7, by: 8) {
          guard let value = directory.size(at: offset, width: 8) else {
            throw ambiguous("a ZIP64 size exceeds what a file can have")
          }
          found.append(value)
        }
        fields = found
      }
      at += 4 + count
    }
    return fields ?? []
  }

  /// Compares the local header with the directory, and finds where the data begins.
  func locate(_ entry: ZipEntry) throws(Problem) -> ZipArchive.Record {
    let name = try checkedName(entry)
    guard entry.flags & ~Self.knownFlags == 0 else {
      throw ambiguous("record \(name) has flags \(entry.flags)")
    }
    guard entry.method == 0 || entry.method == 8 else {
      throw Problem(
        "unsupported-zip", at: "\(file.path): record \(name)",
        "compression method \(entry.method)", remedy: "write it stored or deflated")
    }
    guard entry.method == 8 || entry.storedBytes == entry.bytes else {
      throw ambiguous("record \(name) is stored but has two sizes")
    }
    let (headerEnd, overflow) = entry.headerOffset.addingReportingOverflow(30 + entry.name.count)
    guard !overflow, headerEnd <= file.size else {
      throw ambiguous("record \(name) lies beyond the end of the file")
    }
    let header = try file.bytes(at: entry.headerOffset, count: 30 + entry.name.count)
    guard header.littleEndian(at: 0, width: 4) == Self.localSignature,
      header.littleEndian(at: 6, width: 2) == entry.flags,
      header.littleEndian(at: 8, width: 2) == entry.method,
      let checksum = header.littleEndian(at: 14, width: 4),
      let stored = header.size(at: 18, width: 4), let bytes = header.size(at: 22, width: 4),
      header.size(at: 26, width: 2) == entry.name.count,
      let extraBytes = header.size(at: 28, width: 2), Array(header[30...]) == entry.name
    else { throw ambiguous("record \(name) has a local header that differs from the directory") }
    // With a data descriptor (flag 3) the header may leave these to it; ZIP64 saturates them.
    let hasDescriptor = entry.flags & 8 != 0
    let agrees = { (local: Int, central: Int) in
      local == central || local == 0xFFFF_FFFF || hasDescriptor && local == 0
    }
    guard agrees(stored, entry.storedBytes), agrees(bytes, entry.bytes),
      checksum == entry.checksum || hasDescriptor && checksum == 0
    else { throw ambiguous("record \(name) has a local header that differs from the directory") }
    return ZipArchive.Record(
      name: name, dataOffset: headerEnd + extraBytes, storedBytes: entry.storedBytes,
      bytes: entry.bytes, isDeflated: entry.method == 8,
      checksum: UInt32(truncatingIfNeeded: entry.checksum))
  }

  private func checkedName(_ entry: ZipEntry) throws(Problem) -> String {
    guard entry.name.count <= 1_024, !entry.name.isEmpty,
      let name = String(validating: entry.name, as: UTF8.self)
    else { throw ambiguous("a record's name is empty, too long or not UTF-8") }
    let parts = entry.name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard !entry.name.contains(0), !entry.name.contains(UInt8(ascii: "\\")),
      entry.name.first != UInt8(ascii: "/"), !parts.contains(where: { $0.elementsEqual("..".utf8) })
    else { throw ambiguous("record \(name) has a name that leads out of the archive") }
    return name
  }

  /// No two records may share a byte, and all lie below the directory.
  func checkSpans(_ entries: [ZipEntry], _ records: [ZipArchive.Record]) throws(Problem) {
    let (directoryOffset, _, _) = try findDirectory()
    var previousEnd = 0
    // What may lie between two records: a data descriptor, where the first one announced it.
    var gap = 0...0
    let spans = zip(entries, records).sorted { $0.0.headerOffset < $1.0.headerOffset }
    for (entry, record) in spans {
      let (end, overflow) = record.dataOffset.addingReportingOverflow(record.storedBytes)
      guard entry.headerOffset >= previousEnd + gap.lowerBound, !overflow, end <= directoryOffset
      else { throw ambiguous("record \(record.name) overlaps another one") }
      guard entry.headerOffset <= previousEnd + gap.upperBound else {
        throw ambiguous("unknown bytes stand before record \(record.name)")
      }
      previousEnd = end
      gap = entry.flags & 8 != 0 ? 12...24 : 0...0
    }
    guard directoryOffset >= previousEnd + gap.lowerBound,
      directoryOffset <= previousEnd + gap.upperBound
    else { throw ambiguous("the directory does not follow the last record") }
  }
}
