import Glibc

/// Jensen–Shannon divergence of two distributions over the same parts, in bits, in 0 … 1.
func jensenShannonBits(_ p: [Double], _ q: [Double]) -> Double {
  var total = 0.0
  for (a, b) in zip(p, q) {
    let middle = (a + b) / 2
    if a > 0 { total += a * log2(a / middle) / 2 }
    if b > 0 { total += b * log2(b / middle) / 2 }
  }
  return max(total, 0)
}

/// The mean shares over consecutive checkpoints that lie close together in log-step time.
///
/// Noise of the shares does not shrink when checkpoints are dense, but the divisor Δ log(step) does:
/// taken from checkpoint to checkpoint, a run saved often would look fluid for ever.
struct ShareGroup: Sendable {
  /// Indices of the first and last checkpoint in the history.
  let first: Int
  private(set) var last: Int
  /// Whether the first part is one layer, against all others together.
  let isLayer: Bool
  private(set) var parts: [String]
  private(set) var sums: [Double]
  private(set) var doublingsSum: Double
  private(set) var count = 1

  /// A group of one checkpoint; nil when it has no shares or no place in log-step time.
  init?(_ observation: Observation, at index: Int) {
    guard let doublings = observation.doublings, !observation.shares.isEmpty else { return nil }
    (first, last, parts, isLayer) = (index, index, observation.parts, observation.isLayer)
    (sums, doublingsSum) = (observation.shares, doublings)
  }

  /// Adds the group after this one.
  mutating func append(_ next: ShareGroup) {
    last = next.last
    for l in sums.indices { sums[l] += next.sums[l] }
    doublingsSum += next.doublingsSum
    count += next.count
  }

  /// The mean share of each part.
  var shares: [Double] { sums.map { $0 / Double(count) } }
  /// The mean of log2(step).
  var doublings: Double { doublingsSum / Double(count) }

  /// Speed of the shares from this group to a later one, bits per doubling of the step
  /// (measurements.md §5.2); nil when the layers differ.
  ///
  /// A layer's own speed is per unit of its share: to second order the run's speed is the mean of the
  /// layers' weighted by share, so one threshold serves both, and a small layer can be fluid too.
  func speed(to later: ShareGroup) -> Double? {
    guard parts == later.parts, later.doublings > doublings else { return nil }
    let bits = jensenShannonBits(shares, later.shares)
    var scale = 1.0
    if isLayer, let before = shares.first, let after = later.shares.first {
      scale = (before + after) / 2
    }
    return scale > 0 ? bits / scale / (later.doublings - doublings) : nil
  }
}
