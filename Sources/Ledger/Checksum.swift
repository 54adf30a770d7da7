// A checksum of a row's values. Every step is a bijection of its state for a given word and of the
// word for a given state, so a change within any one 8-byte word is always found; others with
// probability 1 − 2⁻⁶⁴. Against accidents, not against forgers.

struct Checksum {
  private var state: UInt64 = 0x706C_6173_7469_6369

  /// The checksum of values in their order, with their types and lengths.
  static func of(_ values: [SQLValue]) -> Int64 {
    var checksum = Checksum()
    for value in values { checksum.add(value) }
    return Int64(bitPattern: checksum.state)
  }

  private mutating func add(_ value: SQLValue) {
    switch value {
    case .null: add(word: 0)
    case .integer(let value):
      add(word: 1)
      add(word: UInt64(bitPattern: value))
    case .real(let value):
      add(word: 2)
      add(word: value.bitPattern)
    case .text(let text):
      add(word: 3)
      var text = text
      text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    case .blob(let bytes):
      add(word: 4)
      bytes.withUnsafeBytes { add($0) }
    }
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(word: UInt64(bytes.count))
    var offset = 0
    while offset + 8 <= bytes.count {
      add(word: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    var last: UInt64 = 0
    while offset < bytes.count {
      last = last << 8 | UInt64(bytes[offset])
      offset += 1
    }
    add(word: last)
  }

  private mutating func add(word: UInt64) {
    // Wraps by design: multiplication by an odd number is a bijection modulo 2⁶⁴.
    state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 32
  }
}
