// When a value says no more than that the probe is small (measurements.md §5.3).
internal import Glibc

/// N examples tell at most log2 N bits apart: an estimate that comes near it measures N, not the
/// network.
public enum Saturation {
  /// Whether a mutual information, or a capacity that bounds one, is within 10 % of log2 N or above.
  public static func isReached(bits: Double, examples: Int) -> Bool {
    examples > 1 && bits >= 0.9 * log2(Double(examples))
  }
}
