// The sorted table of LevelDB, in which TensorFlow keeps the index of a bundle
// (tensorflow/core/lib/io/format.cc): blocks of keys that share prefixes, each with a masked CRC-32C,
// an index block of their places, and a footer of 48 bytes. Blocks may be compressed with Snappy, as
// those of TensorFlow 1 are where it was built with it.
internal import CKernels
internal import Diagnostics

struct SortedTable {
  /// Keys and the places of their values in `bytes`, in the order of the keys.
  private(set) var entries: [(key: [UInt8], value: Range<Int>)] = []
  /// The file, and behind it what its compressed blocks hold.
  private(set) var bytes: [UInt8]
  private let fileBytes: Int
  private let complaint: Complaint

  private static let footerBytes = 48
  private static let magic: UInt64 = 0xDB47_7524_8B80_FB57
  private static let mostEntries = 4_000_000
  private static let longestKey = 1 << 16
  /// Keys share prefixes, so that a small table could hold vast ones.
  private static let mostKeyBytes = 256 << 20
  private var keyBytes = 0
  private static let mostExpandedBytes = 256 << 20
  /// Where the last block of entries ends.
  private var blocksEnd = 0

  /// - Parameter bytes: the whole file. Errors: `incomplete-tensorflow` (try again) without the
  ///   footer, which is written last; `bit-rot`, `bad-tensorflow`, `unsupported-tensorflow`.
  init(_ bytes: [UInt8], _ complaint: Complaint) throws(Problem) {
    self.bytes = bytes
    fileBytes = bytes.count
    self.complaint = complaint
    guard bytes.count >= Self.footerBytes,
      bytes.littleEndian(at: bytes.count - 8, width: 8) == Self.magic
    else { throw complaint.incomplete("its footer is not there yet, which is written last") }
    var last: [UInt8] = []
    for handle in try blockHandles() {
      // Otherwise a small table could have one block read a million times.
      guard handle.offset >= blocksEnd else {
        throw complaint.bad("its blocks do not follow one another")
      }
      let found = try block(handle)
      blocksEnd = handle.offset + handle.count
      for entry in found {
        guard entries.isEmpty || last.lexicographicallyPrecedes(entry.key) else {
          throw complaint.bad("its keys are not in order")
        }
        guard entries.count < Self.mostEntries else {
          throw complaint.tooLarge("it has more than \(Self.mostEntries) keys")
        }
        last = entry.key
        entries.append(entry)
      }
    }
  }

  /// Offset and bytes of a block, without its trailer of five bytes.
  private typealias Handle = (offset: Int, count: Int)

  private static func handle(_ fields: inout ByteCursor) throws(Problem) -> Handle {
    (try fields.varsize(), try fields.varsize())
  }

  /// Where the blocks of entries are. They are listed first: `bytes` grows while blocks are read, and
  /// would be copied each time if a cursor held on to it.
  private mutating func blockHandles() throws(Problem) -> [Handle] {
    var footer = ByteCursor(
      bytes, complaint, range: (fileBytes - Self.footerBytes)..<(fileBytes - 8))
    _ = try Self.handle(&footer)
    var handles: [Handle] = []
    for (_, place) in try block(try Self.handle(&footer)) {
      var fields = ByteCursor(bytes, complaint, range: place)
      handles.append(try Self.handle(&fields))
    }
    return handles
  }

  private mutating func block(
    _ handle: Handle
  ) throws(Problem) -> [(key: [UInt8], value: Range<Int>)] {
    let (offset, count) = handle
    guard count <= fileBytes - 5, offset <= fileBytes - 5 - count else {
      throw complaint.bad("a block lies beyond its end")
    }
    let end = offset + count
    let checksum = bytes[offset...end].withUnsafeBytes {
      ck_crc32c(0, $0.baseAddress, $0.count)
    }
    guard bytes.littleEndian(at: end + 1, width: 4) == UInt64(MaskedChecksum.mask(checksum)) else {
      throw complaint.damaged("a block of its index")
    }
    let content = try expanded(offset..<end, kind: bytes[end])
    guard content.count >= 4, let restarts = bytes.size(at: content.upperBound - 4, width: 4),
      restarts <= (content.count - 4) / 4
    else { throw complaint.bad("a block has no entries") }
    var fields = ByteCursor(
      bytes, complaint, range: content.lowerBound..<(content.upperBound - 4 - 4 * restarts))
    var found: [(key: [UInt8], value: Range<Int>)] = []
    var key: [UInt8] = []
    while fields.left > 0 {
      let (shared, rest) = (try fields.varsize(), try fields.varsize())
      let value = try fields.varsize()
      guard shared <= key.count, rest <= Self.longestKey, shared + rest <= Self.longestKey else {
        throw complaint.bad("a key is longer than \(Self.longestKey) bytes")
      }
      key.removeLast(key.count - shared)
      key += bytes[try fields.take(rest)]
      keyBytes += key.count
      guard keyBytes <= Self.mostKeyBytes, found.count < Self.mostEntries else {
        throw complaint.tooLarge("its keys are too many or too long")
      }
      found.append((key, try fields.take(value)))
    }
    return found
  }

  /// The place of a block's content, which is behind the file when it had to be expanded.
  private mutating func expanded(
    _ stored: Range<Int>, kind: UInt8
  ) throws(Problem) -> Range<Int> {
    switch kind {
    case 0: return stored
    case 1:
      let start = bytes.count
      bytes += try SnappyBlock.expand(
        bytes, stored, limit: Self.mostExpandedBytes - (start - fileBytes), complaint)
      return start..<bytes.count
    default: throw complaint.unsupported("its blocks are compressed (kind \(kind))")
    }
  }
}

/// A CRC-32C as it is stored beside what it covers: rotated and offset, so that a checksum over data
/// with checksums in it stays useful (tensorflow/core/lib/hash/crc32c.h).
enum MaskedChecksum {
  static func mask(_ checksum: UInt32) -> UInt32 {
    // Wraps by definition.
    (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }

  static func unmask(_ masked: UInt32) -> UInt32 {
    let rotated = masked &- 0xA282_EAD8
    return rotated >> 17 | rotated << 15
  }
}
