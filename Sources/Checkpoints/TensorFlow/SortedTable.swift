// The sorted table of LevelDB, in which TensorFlow keeps the index of a bundle
// (tensorflow/core/lib/io/format.cc): blocks of keys that share prefixes, each with a masked CRC-32C,
// an index block of their places, and a footer of 48 bytes.
internal import CKernels
internal import Diagnostics

struct SortedTable {
  /// Keys and the places of their values in the file, in the order of the keys.
  private(set) var entries: [(key: [UInt8], value: Range<Int>)] = []
  let bytes: [UInt8]
  private let complaint: Complaint

  private static let footerBytes = 48
  private static let magic: UInt64 = 0xDB47_7524_8B80_FB57
  private static let mostEntries = 4_000_000
  private static let longestKey = 1 << 16
  /// Keys share prefixes, so that a small table could hold vast ones.
  private static let mostKeyBytes = 256 << 20
  private var keyBytes = 0

  /// - Parameter bytes: the whole file. Errors: `incomplete-tensorflow` (try again) without the
  ///   footer, which is written last; `bit-rot`, `bad-tensorflow`, `unsupported-tensorflow`.
  init(_ bytes: [UInt8], _ complaint: Complaint) throws(Problem) {
    self.bytes = bytes
    self.complaint = complaint
    guard bytes.count >= Self.footerBytes,
      bytes.littleEndian(at: bytes.count - 8, width: 8) == Self.magic
    else { throw complaint.incomplete("its footer is not there yet, which is written last") }
    var footer = ByteCursor(
      bytes, complaint, range: (bytes.count - Self.footerBytes)..<(bytes.count - 8))
    _ = try Self.handle(&footer)
    let index = try block(try Self.handle(&footer))
    var last: [UInt8] = []
    for (_, place) in index {
      var fields = ByteCursor(bytes, complaint, range: place)
      for entry in try block(try Self.handle(&fields)) {
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
  private static func handle(_ fields: inout ByteCursor) throws(Problem) -> (Int, Int) {
    (try fields.varsize(), try fields.varsize())
  }

  private mutating func block(
    _ handle: (offset: Int, count: Int)
  ) throws(Problem) -> [(key: [UInt8], value: Range<Int>)] {
    let (offset, count) = handle
    guard count >= 4, count <= bytes.count - 5, offset <= bytes.count - 5 - count else {
      throw complaint.bad("a block lies beyond its end")
    }
    let end = offset + count
    guard bytes[end] == 0 else {
      throw complaint.unsupported("its blocks are compressed (kind \(bytes[end]))")
    }
    let checksum = bytes[offset...end].withUnsafeBytes {
      ck_crc32c(0, $0.baseAddress, $0.count)
    }
    guard bytes.littleEndian(at: end + 1, width: 4) == UInt64(MaskedChecksum.mask(checksum)) else {
      throw complaint.damaged("a block of its index")
    }
    let restarts = bytes.size(at: end - 4, width: 4) ?? 0
    guard restarts <= (count - 4) / 4 else { throw complaint.bad("a block has no entries") }
    var fields = ByteCursor(bytes, complaint, range: offset..<(end - 4 - 4 * restarts))
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
