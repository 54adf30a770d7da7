// A span of a file that the file itself gives a checksum for: a record of a zip archive, a tensor of a
// TensorFlow bundle.

struct ChecksummedSpan: Sendable {
  enum Checksum: Sendable, Hashable {
    case crc32(UInt32)
    case crc32c(UInt32)
  }

  /// The record, for messages.
  let name: String
  let offset: Int
  /// Bytes that the checksum is of, and bytes in the file.
  let bytes: Int
  let storedBytes: Int
  let isDeflated: Bool
  let checksum: Checksum
  /// Spans of one archive have one number; a file may hold many archives.
  let archive: Int
  /// Whether it is one of the small records beside an archive's tensors, which tell checksums that were
  /// never computed from bytes that were damaged.
  let isStructure: Bool

  init(_ record: ZipArchive.Record, archive: Int) {
    name = record.name
    offset = record.dataOffset
    bytes = record.bytes
    storedBytes = record.storedBytes
    isDeflated = record.isDeflated
    checksum = .crc32(record.checksum)
    self.archive = archive
    isStructure = !record.name.contains("/data/")
  }

  init(name: String, offset: Int, bytes: Int, checksum: Checksum) {
    self.name = name
    self.offset = offset
    self.bytes = bytes
    storedBytes = bytes
    isDeflated = false
    self.checksum = checksum
    archive = 0
    isStructure = false
  }
}
