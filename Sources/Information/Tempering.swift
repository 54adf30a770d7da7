// The temperature at which a network is as sure of itself as another was (measurements.md §2).
internal import CKernels
internal import Glibc

/// softmax(z/τ) with τ chosen by its mean entropy over the probe.
public enum Tempering {
  /// The τ at which the mean entropy of softmax(z/τ) is a given one.
  ///
  /// Newton's method on ln τ in a shrinking bracket: the entropy H rises with τ, and dH/d ln τ is the
  /// variance of z/τ under the prediction.
  ///
  /// - Parameters:
  ///   - logits: `[rows, classes]`.
  ///   - entropyNats: more than 0 and less than ln C.
  /// - Returns: absent when no temperature gives that entropy, and for logits that are not finite.
  public static func temperature(
    logits: [Float], classes: Int, entropyNats: Double
  ) -> Measured<Double> {
    guard classes > 1, logits.count >= classes else { return .absent("there are no classes") }
    guard entropyNats > 0, entropyNats < log(Double(classes)) else {
      return .absent("no temperature gives the reference's entropy, \(entropyNats) nats")
    }
    var (low, high) = (-60.0, 60.0)
    var candidate = 0.0
    for _ in 0..<100 {
      let (entropy, slope) = entropy(logits, classes, temperature: exp(candidate))
      guard entropy.isFinite else { return .absent("a logit is not finite") }
      let excess = entropy - entropyNats
      if abs(excess) <= 1e-9 * entropyNats || high - low < 1e-12 {
        return .known(exp(candidate))
      }
      if excess > 0 { high = candidate } else { low = candidate }
      let newton = candidate - excess / slope
      candidate = newton > low && newton < high ? newton : (low + high) / 2
    }
    // Equal logits, or classes that differ by more than floats can: their entropy does not move.
    return .absent("no temperature gives the reference's entropy, \(entropyNats) nats")
  }

  /// Mean entropy of softmax(z/τ), nats, and its derivative by ln τ.
  static func entropy(
    _ logits: [Float], _ classes: Int, temperature: Double
  ) -> (entropy: Double, slope: Double) {
    let rows = logits.count / classes
    let sums = logits.withUnsafeBufferPointer {
      ck_tempered_entropy($0.baseAddress, rows, classes, 1 / temperature)
    }
    return (sums.entropy / Double(rows), sums.variance / Double(rows))
  }
}
