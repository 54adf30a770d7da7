// Little-endian numbers at checked places of a byte array.

extension [UInt8] {
  /// The unsigned number of `width` (at most 8) bytes at `offset`, or nil when it is not all there.
  func littleEndian(at offset: Int, width: Int) -> UInt64? {
    guard offset >= 0, width <= count, offset <= count - width else { return nil }
    var value: UInt64 = 0
    for i in (0..<width).reversed() { value = value << 8 | UInt64(self[offset + i]) }
    return value
  }

  /// The same as a size or an offset: nil also when it exceeds what a file can have.
  func size(at offset: Int, width: Int) -> Int? {
    littleEndian(at: offset, width: width).flatMap { Int(exactly: $0) }
  }
}
