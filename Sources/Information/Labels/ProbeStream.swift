// A stream of the probe's draws, for shuffles.

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
