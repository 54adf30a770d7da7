// SHA-256 against the vectors of FIPS 180-4's examples (csrc.nist.gov) and against itself: the
// portable rounds and the CPU's own instructions.
import CKernels
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func knownAnswers(message: String, digest: String) {
    var whole = SHA256()
    whole.add(Array(message.utf8))
    #expect(hexadecimal(whole.digest()) == digest)
    // In uneven pieces, across block borders.
    var pieces = SHA256()
    var rest = Array(message.utf8)[...]
    var size = 1
    while !rest.isEmpty {
      pieces.add(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
      size = size * 3 % 131 + 1
    }
    #expect(hexadecimal(pieces.digest()) == digest)
  }

  @Test func acceleratedRoundsEqualPortableOnes() {
    guard ck_sha256_is_accelerated() != 0 else { return }
    var random = Seeded(seed: 11)
    for blocks in [1, 2, 7, 64] {
      let bytes = (0..<(64 * blocks)).map { _ in UInt8.random(in: 0...255, using: &random) }
      var portable: [UInt32] = (0..<8).map { _ in .random(in: 0...UInt32.max, using: &random) }
      var accelerated = portable
      ck_sha256_blocks_portable(&portable, bytes, blocks)
      ck_sha256_blocks_accelerated(&accelerated, bytes, blocks)
      #expect(portable == accelerated, "seed 11, \(blocks) blocks")
    }
  }
}

@Suite struct CRC32Tests {
  @Test func knownAnswer() {
    // The check value of CRC-32/ISO-HDLC.
    #expect(ck_crc32(0, Array("123456789".utf8), 9) == 0xCBF4_3926)
  }

  @Test func foldedEqualsPortableInAnyPieces() {
    var random = Seeded(seed: 12)
    let bytes = (0..<4_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    for count in Array(0...300) + [1_024, 3_999] {
      let start = Int.random(in: 0..<(4_000 - count), using: &random)
      bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        let expected = ck_crc32_portable(99, base + start, count)
        #expect(ck_crc32(99, base + start, count) == expected, "seed 12, \(count) bytes")
        let half = ck_crc32(99, base + start, count / 2)
        #expect(ck_crc32(half, base + start + count / 2, count - count / 2) == expected)
      }
    }
  }
}
