// Noise, signal and empirical Fisher information behind Adam's two moments (measurements.md §4).
internal import Glibc

/// The per-example gradient statistics that Adam's two moments imply.
public struct MomentStatistics: Sendable, Hashable {
  /// Σ over the layer of the noise of the mini-batch gradient, Σ̂/B.
  public let noise: Double
  /// ‖μ̂‖², the squared mean gradient.
  public let signal: Double
  /// E‖g of one example‖²; nil when the batch size is not known.
  public let empiricalFisher: Double?
  /// What to bear in mind.
  public let flags: [MomentFlag]

  /// Separates noise from signal (measurements.md §4), with v̂ and m̂ bias-corrected:
  ///
  ///     Σ̂/B = (v̂ − m̂²)/(1 − r),   μ̂² = v̂ − Σ̂/B,   empirical Fisher = B v̂ − (B−1) μ̂²
  ///
  /// with r = (1 − β1)(1 + β1^t)/((1 + β1)(1 − β1^t)), the part of the noise that is left in the mean m̂ after t
  /// updates; 1/(1 − r) ends at (1 + β1)/(2β1).
  ///
  /// - Parameters:
  ///   - secondSum: Σ v of the layer, as stored.
  ///   - squaredFirstSum: Σ m², as stored.
  ///   - step: updates made so far.
  ///   - batch: examples of one update, over all accumulation steps and devices.
  /// - Returns: absent when the step or a coefficient makes the correction impossible.
  public static func from(
    secondSum: Double, squaredFirstSum: Double, step: Int, beta1: Double, beta2: Double,
    batch: Int?
  ) -> Measured<MomentStatistics> {
    guard step > 0 else { return .absent("no update was made yet") }
    guard step > 1 else { return .absent("one update does not tell noise from signal") }
    guard beta1 > 0, beta1 < 1, beta2 > 0, beta2 < 1 else {
      return .absent("beta1 \(beta1) and beta2 \(beta2) must lie between 0 and 1")
    }
    let firstCorrection = -expm1(Double(step) * log(beta1))
    let second = secondSum / -expm1(Double(step) * log(beta2))
    let first = squaredFirstSum / (firstCorrection * firstCorrection)
    // β1 − β1^t, accurate for few updates and for β1 near 1.
    let rest = -beta1 * expm1(Double(step - 1) * log(beta1))
    let factor = (1 + beta1) * firstCorrection / (2 * rest)
    // Both are means of squares, so that neither can be negative but by rounding or lag.
    let noise = max(0, min((second - first) * factor, second))
    let signal = second - noise
    let fisher = batch.map { Double($0) * second - Double($0 - 1) * signal }
    guard noise.isFinite, signal.isFinite, fisher?.isFinite != false else {
      return .absent("the moments are not finite")
    }
    return .known(
      MomentStatistics(
        noise: noise, signal: signal, empiricalFisher: fisher,
        flags: [.trueLabels] + (batch == nil ? [.batchUnknown] : [])))
  }
}
