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
    case sign = 2
    case order = 3
  }

  let seed: UInt64

  /// The random bits with these coordinates.
  func bits(_ purpose: Purpose, example: Int, position: Int = 0, draw: Int = 0) -> UInt64 {
    var key = Self.mixed(seed &+ Self.golden &* purpose.rawValue)
    for coordinate in [example, position, draw] {
      // Wrapping on purpose: this is hashing.
      key = Self.mixed(key &+ Self.golden &* (UInt64(bitPattern: Int64(coordinate)) &+ 1))
    }
    return key
  }

  /// A uniform number in [0, 1) with 53 random bits.
  func uniform(_ purpose: Purpose, example: Int, position: Int = 0, draw: Int = 0) -> Double {
    Double(bits(purpose, example: example, position: position, draw: draw) >> 11) * 0x1p-53
  }

  /// −1 or 1, each with probability one half.
  func sign(example: Int, position: Int = 0, draw: Int = 0) -> Float {
    bits(.sign, example: example, position: position, draw: draw) >> 63 == 0 ? 1 : -1
  }

  private static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// A stream of the same numbers for the standard library's generic code.
struct ProbeStream: RandomNumberGenerator {
  let draws: ProbeDraws
  let purpose: ProbeDraws.Purpose
  let stream: Int
  private var count = 0

  init(seed: UInt64, purpose: ProbeDraws.Purpose, stream: Int = 0) {
    draws = ProbeDraws(seed: seed)
    self.purpose = purpose
    self.stream = stream
  }

  mutating func next() -> UInt64 {
    count += 1
    return draws.bits(purpose, example: stream, position: 0, draw: count)
  }
}
