// Numbers as they stand in files.
import CZlib

/// The lowest `width` bytes, least significant first.
package func little(_ value: UInt64, _ width: Int) -> [UInt8] {
  (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

/// Float32 elements: 1, 2, 3 …
package func floats(_ count: Int) -> [UInt8] {
  (0..<count).flatMap { little(UInt64(Float($0 + 1).bitPattern), 4) }
}

/// CRC-32 as zip has it.
package func crc32(_ bytes: [UInt8]) -> UInt32 {
  UInt32(truncatingIfNeeded: CZlib.crc32(0, bytes, UInt32(bytes.count)))
}
