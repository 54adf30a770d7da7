// Random draws that belong to the probe: a counter-based generator, so that a draw depends on
// which one it is and on nothing else.

/// Uniform numbers keyed by (seed, example, position, draw).
///
/// Every checkpoint, block size and thread count sees the same draws (common random numbers), so
/// that differences between checkpoints carry little sampling noise. Each number is the key folded
/// through the finaliser of splitmix64 (Steele, Lea and Flood 2014), once per coordinate.
struct ProbeDraws: Sendable {
  /// What a draw is for; different purposes never share a number.
  enum Purpose: UInt64, Sendable {
    case label = 1
    case score = 2
    case order = 3
    case jacobian = 4
    case weight = 5
  }

  let seed: UInt64

  /// The random bits with these coordinates.
  func bits(
    _ purpose: Purpose, example: Int, position: Int = 0, draw: Int = 0, word: Int = 0
  ) -> UInt64 {
    // Wrapping on purpose: this is hashing.
    var key = Self.mixed(seed &+ Self.golden &* purpose.rawValue)
    key = Self.folded(key, example)
    key = Self.folded(key, position)
    key = Self.folded(key, draw)
    return Self.folded(key, word)
  }

  /// A uniform number in [0, 1) with 53 random bits.
  func uniform(_ purpose: Purpose, example: Int, position: Int = 0, draw: Int = 0) -> Double {
    Double(bits(purpose, example: example, position: position, draw: draw) >> 11) * 0x1p-53
  }

  /// Fair signs, −1 or 1, 64 to a hash.
  func forEachSign(
    _ purpose: Purpose, count: Int, example: Int, position: Int = 0, draw: Int = 0,
    _ body: (_ index: Int, _ sign: Float) -> Void
  ) {
    let words = signs(purpose, count: count, example: example, position: position, draw: draw)
    for (word, var bits) in words.enumerated() {
      for index in word * 64..<min((word + 1) * 64, count) {
        body(index, bits & 1 == 0 ? 1 : -1)
        bits >>= 1
      }
    }
  }

  /// The bits behind `forEachSign`, 64 signs to a word, the first in the lowest bit; set is −1.
  func signs(
    _ purpose: Purpose, count: Int, example: Int, position: Int = 0, draw: Int = 0
  ) -> [UInt64] {
    (0..<(count + 63) / 64).map {
      bits(purpose, example: example, position: position, draw: draw, word: $0)
    }
  }

  private static func folded(_ key: UInt64, _ coordinate: Int) -> UInt64 {
    mixed(key &+ golden &* (UInt64(bitPattern: Int64(coordinate)) &+ 1))
  }

  private static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
