// TensorFlow's bundles, made from nothing: a sorted table with any entries, and messages of protocol
// buffers.

package enum Bundle {
  /// A field that holds a number, and one that holds bytes.
  package static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] {
    varint(number << 3) + varint(value)
  }

  package static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  package static func header(shards: UInt64 = 1) -> [UInt8] { field(1, shards) }

  /// What a bundle says of one tensor.
  package static func entry(
    type: UInt64 = 1, _ shape: [UInt64], offset: UInt64 = 0, bytes: UInt64, shard: UInt64 = 0,
    checksum: UInt32 = 0
  ) -> [UInt8] {
    field(1, type) + field(2, shape.flatMap { field(2, field(1, $0)) }) + field(3, shard)
      + field(4, offset) + field(5, bytes) + varint(6 << 3 | 5) + little(UInt64(checksum), 4)
  }

  /// An entry of a block, its key written out.
  package static func pair(_ key: String, _ value: [UInt8]) -> [UInt8] {
    varint(0) + varint(UInt64(key.utf8.count)) + varint(UInt64(value.count)) + Array(key.utf8)
      + value
  }

  /// Entries and a restart.
  package static func content(_ entries: [UInt8]) -> [UInt8] {
    entries + little(0, 4) + little(1, 4)
  }

  /// A block's content as it is stored, the kind of compression and a checksum.
  private static func block(_ stored: [UInt8], compression: UInt8 = 0) -> [UInt8] {
    stored + [compression] + little(UInt64(maskedCRC32C(stored + [compression])), 4)
  }

  /// Bytes as Snappy keeps those that it finds nowhere before.
  package static func literals(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 60).flatMap { start in
      let piece = bytes[start..<min(start + 60, bytes.count)]
      return [UInt8(piece.count - 1) << 2] + piece
    }
  }

  /// A table of one block with these entries.
  package static func table(_ entries: [UInt8]) -> [UInt8] { table(stored: content(entries)) }

  /// A table of one block that is stored like this.
  package static func table(stored: [UInt8], compression: UInt8 = 0) -> [UInt8] {
    let data = block(stored, compression: compression)
    let place = varint(0) + varint(UInt64(data.count - 5))
    let index = block(content(pair("~", place)))
    let footer =
      varint(0) + varint(0) + varint(UInt64(data.count)) + varint(UInt64(index.count - 5))
    return data + index + footer + [UInt8](repeating: 0, count: 40 - footer.count)
      + little(0xDB47_7524_8B80_FB57, 8)
  }

  /// A bundle with one good tensor and whatever else its table has.
  package static func index(_ more: [UInt8] = [], header: [UInt8] = header()) -> [UInt8] {
    table(pair("", header) + pair("a", good) + more)
  }

  /// Four float32 at the beginning of the data file.
  package static let good = entry([4], bytes: 16, checksum: maskedCRC32C(floats(4)))

  /// The checksum of an entry that is a text.
  package static func checksum(ofText bytes: [UInt8]) -> UInt32 {
    let length = little(UInt64(bytes.count), 4)
    return maskedCRC32C(length + little(UInt64(maskedCRC32C(length)), 4) + bytes)
  }

  /// A text in a data file: its length, a checksum of the length, itself.
  package static func text(_ bytes: [UInt8]) -> [UInt8] {
    varint(UInt64(bytes.count)) + little(UInt64(maskedCRC32C(little(UInt64(bytes.count), 4))), 4)
      + bytes
  }
}
