// Bob Jenkins' lookup3 `hashlittle` with initial value 0, which guards HDF5's newer structures.

enum JenkinsHash {
  static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
    var (b, c) = (a, a)
    var at = bytes.startIndex
    func word(_ offset: Int) -> UInt32 {
      var value: UInt32 = 0
      for i in (0..<4).reversed() where at + offset + i < bytes.endIndex {
        value |= UInt32(bytes[at + offset + i]) << (8 * UInt32(i))
      }
      return value
    }
    // All sums wrap: it is arithmetic modulo 2³².
    while bytes.endIndex - at > 12 {
      a &+= word(0)
      b &+= word(4)
      c &+= word(8)
      a = (a &- c) ^ rotate(c, 4); c &+= b
      b = (b &- a) ^ rotate(a, 6); a &+= c
      c = (c &- b) ^ rotate(b, 8); b &+= a
      a = (a &- c) ^ rotate(c, 16); c &+= b
      b = (b &- a) ^ rotate(a, 19); a &+= c
      c = (c &- b) ^ rotate(b, 4); b &+= a
      at += 12
    }
    guard at < bytes.endIndex else { return c }
    a &+= word(0)
    b &+= word(4)
    c &+= word(8)
    c = (c ^ b) &- rotate(b, 14)
    a = (a ^ c) &- rotate(c, 11)
    b = (b ^ a) &- rotate(a, 25)
    c = (c ^ b) &- rotate(b, 16)
    a = (a ^ c) &- rotate(c, 4)
    b = (b ^ a) &- rotate(a, 14)
    c = (c ^ b) &- rotate(b, 24)
    return c
  }

  private static func rotate(_ value: UInt32, _ bits: UInt32) -> UInt32 {
    value << bits | value >> (32 - bits)
  }
}
