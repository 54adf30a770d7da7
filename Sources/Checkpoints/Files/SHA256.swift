// SHA-256 (FIPS 180-4) over CKernels' implementation.
internal import CKernels

package struct SHA256 {
  private var hash = ck_sha256()

  package init() { ck_sha256_start(&hash) }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    if let base = bytes.baseAddress { ck_sha256_add(&hash, base, bytes.count) }
  }

  package mutating func add(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { add($0) }
  }

  /// A little-endian 64-bit number.
  mutating func add(_ number: Int) {
    add((0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
  }

  /// Text with its length before it, so that neighbours cannot run into each other.
  package mutating func add(_ text: String) {
    add(text.utf8.count)
    add(Array(text.utf8))
  }

  /// The 32 bytes of the digest.
  package consuming func digest() -> [UInt8] {
    var hash = hash
    return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      ck_sha256_finish(&hash, buffer.baseAddress)
      count = 32
    }
  }
}

/// Lower-case hexadecimal.
package func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
