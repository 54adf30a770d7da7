// CRC-32C as sorted tables, OCDBT and zarr keep it.

/// CRC-32C, a bit at a time.
package func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
  var crc = UInt32.max
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
  }
  return ~crc
}

/// The same as it stands beside what it covers in TensorFlow's files.
package func maskedCRC32C(_ bytes: some Sequence<UInt8>) -> UInt32 {
  let crc = crc32c(bytes)
  return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
}

/// A base-128 number.
package func varint(_ value: UInt64) -> [UInt8] {
  var bytes: [UInt8] = []
  var left = value
  repeat {
    bytes.append(UInt8(left & 0x7F) | (left > 0x7F ? 0x80 : 0))
    left >>= 7
  } while left > 0
  return bytes
}
