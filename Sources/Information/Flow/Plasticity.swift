// The speed of the information shares on the simplex (measurements.md §5.2): fluid before the end of
// the critical period, fixed after.
internal import CKernels
internal import Glibc

/// How fast information moves between layers.
public struct Plasticity: Sendable, Hashable {
  /// Jensen–Shannon divergence of the shares per doubling of the step, bits.
  public let value: Double
  /// Central 95 % of the paired bootstrap over examples; nil when there are no per-example values.
  /// The divergence cannot be negative, so that noise alone lifts both ends above zero by about
  /// `bias`.
  public let interval: Interval?
  /// Mean of the bootstrap's replicates minus the value, in the same unit; nil without one.
  public let bias: Double?
  /// The divergence itself, bits.
  public let divergenceBits: Double
  /// The earlier checkpoint's step.
  public let sinceStep: Int

  /// Time between two steps: log2 of their ratio, both counted from one so that step 0 has a time.
  public static func doublings(from earlier: Int, to later: Int) -> Double {
    log2(1 + Double(later)) - log2(1 + Double(earlier))
  }

  /// The speed between two checkpoints whose shares are all that is known.
  ///
  /// - Returns: absent when the step does not advance or the layers differ in number.
  public static func between(
    _ earlier: Shares, step earlierStep: Int, _ later: Shares, step laterStep: Int
  ) -> Measured<Plasticity> {
    guard laterStep > earlierStep, earlierStep >= 0 else {
      return .absent("step \(laterStep) is not after step \(earlierStep)")
    }
    guard earlier.values.count == later.values.count else {
      return .absent("the layers are not the same")
    }
    let divergence = earlier.divergenceBits(to: later)
    return .known(
      Plasticity(
        value: divergence / doublings(from: earlierStep, to: laterStep), interval: nil, bias: nil,
        divergenceBits: divergence, sinceStep: earlierStep))
  }

  /// The speed between two checkpoints measured on the same examples with the same draws, with its
  /// interval from a paired bootstrap: each resample takes the same examples at both.
  ///
  /// - Parameters:
  ///   - resamples: B.
  ///   - seed: belongs to the probe: every checkpoint sees the same resamples.
  /// - Returns: absent when the step does not advance or layers or examples are not the same.
  public static func between(
    _ earlier: LayerContributions, step earlierStep: Int, _ later: LayerContributions,
    step laterStep: Int, resamples: Int = 400, seed: UInt64 = 0
  ) -> Measured<Plasticity> {
    guard earlier.layers == later.layers else { return .absent("the layers are not the same") }
    guard earlier.examples == later.examples else {
      return .absent("the probe changed from \(earlier.examples) to \(later.examples) examples")
    }
    let first = Shares.of(earlier.means)
    let second = Shares.of(later.means)
    guard case .known(let first) = first, case .known(let second) = second else {
      return .absent(first.reason ?? second.reason ?? "no shares")
    }
    let plain = between(first, step: earlierStep, second, step: laterStep)
    guard case .known(let plain) = plain, earlier.examples > 1, resamples > 1 else { return plain }
    let counts = resampleCounts(examples: earlier.examples, resamples: resamples, seed: seed)
    let before = resampled(earlier, counts: counts, resamples: resamples)
    let after = resampled(later, counts: counts, resamples: resamples)
    let time = doublings(from: earlierStep, to: laterStep)
    // A resample in which no layer holds information says nothing, and is left out.
    let speeds = zip(before, after).compactMap { before, after -> Double? in
      guard let before = Shares.of(before).value, let after = Shares.of(after).value else {
        return nil
      }
      return before.divergenceBits(to: after) / time
    }
    let mean = speeds.isEmpty ? nil : speeds.reduce(0, +) / Double(speeds.count)
    return .known(
      Plasticity(
        value: plain.value, interval: Interval.percentile(speeds, mass: 0.95),
        bias: mean.map { $0 - plain.value }, divergenceBits: plain.divergenceBits,
        sinceStep: earlierStep))
  }

  /// How often each resample holds each example, `[resamples, examples]`.
  private static func resampleCounts(examples: Int, resamples: Int, seed: UInt64) -> [Float] {
    var counts = [Float](repeating: 0, count: resamples * examples)
    counts.withUnsafeMutableBufferPointer { counts in
      ck_resample_counts(seed, resamples, examples, counts.baseAddress)
    }
    return counts
  }

  private static func resampled(
    _ contributions: LayerContributions, counts: [Float], resamples: Int
  ) -> [[Double]] {
    let layers = contributions.layers.count
    var sums = [Double](repeating: 0, count: resamples * layers)
    counts.withUnsafeBufferPointer { counts in
      contributions.values.withUnsafeBufferPointer { values in
        sums.withUnsafeMutableBufferPointer { sums in
          ck_resampled_sums(
            counts.baseAddress, values.baseAddress, resamples, layers, contributions.examples,
            sums.baseAddress)
        }
      }
    }
    return (0..<resamples).map { Array(sums[$0 * layers..<($0 + 1) * layers]) }
  }
}
