// Power-law fit of the tail of a sample by maximum likelihood (Clauset, Shalizi and Newman 2009),
// choosing its start as WeightWatcher does.
internal import CKernels
internal import Glibc

/// p(x) ∝ x^−alpha for x ≥ start.
public struct PowerLawTail: Sendable, Hashable {
  /// The exponent.
  public let alpha: Double
  /// Where the tail starts: the observed value that makes the Kolmogorov–Smirnov distance least.
  public let start: Double
  /// Observations in the tail.
  public let count: Int
  /// That distance.
  public let distance: Double

  /// Fits positive values.
  ///
  /// Every observation but the largest is tried as the start x_min; alpha = 1 + n/Σ ln(x/x_min),
  /// and the first with the least distance between the empirical and fitted distribution wins.
  ///
  /// - Returns: absent of fewer than 10 positive values, or when they are all equal.
  /// - Complexity: O(n²) at most; a start whose fit is bad is given up at an early glance.
  public static func fit(_ values: [Double]) -> Measured<PowerLawTail> {
    let logs = values.filter { $0 > 0 && $0.isFinite }.map { log($0) }.sorted()
    guard logs.count >= 10 else {
      return .absent("\(logs.count) positive values, fewer than 10")
    }
    var best: PowerLawTail?
    var tailSum = 0.0
    var sums = [Double](repeating: 0, count: logs.count)
    for i in logs.indices.reversed() {
      tailSum += logs[i]
      sums[i] = tailSum
    }
    for i in 0..<(logs.count - 1) {
      let count = logs.count - i
      let spread = sums[i] - Double(count) * logs[i]
      guard spread > 1e-12 * Double(count) else { continue }
      let alpha = 1 + Double(count) / spread
      let limit = best?.distance ?? .infinity
      let distance = logs.withUnsafeBufferPointer { logs in
        logs.baseAddress.map { ck_power_law_distance($0 + i, count, alpha, limit) } ?? .infinity
      }
      if distance < limit {
        best = PowerLawTail(alpha: alpha, start: exp(logs[i]), count: count, distance: distance)
      }
    }
    return best.map { .known($0) } ?? .absent("all its eigenvalues are equal")
  }
}
