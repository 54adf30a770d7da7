// What an optimizer's running second moment tells without a probe (SCIENCE.md §4): the window
// between two checkpoints, and the empirical Fisher information behind it.
internal import Glibc

/// A caveat of a number that rests on optimizer moments; the raw value is the report's word.
public enum MomentFlag: String, Sendable, CaseIterable {
  /// The squared gradients are of true labels and mini-batches: not the Fisher information.
  case trueLabels = "true_labels"
  /// Moments in 16 bits over a window shorter than 1/(1−β2) steps: rounding is of its size.
  case lowPrecisionWindow = "low_precision_window"
  /// Gradients were clipped: early peaks are flattened.
  case censoredClipping = "censored_clipping"
  /// Nobody knows whether gradients were clipped.
  case clippingUnknown = "clipping_unknown"
  /// There is no earlier checkpoint: the mean since the start, which lags by up to 1/(1−β2) steps.
  case sinceStart = "since_start"
  /// The window mean came out slightly negative by rounding and was set to zero.
  case roundedUp = "rounded_up"
  /// The batch size is not known, so nothing per example can be told.
  case batchUnknown = "batch_unknown"
}

/// An exponential running mean of squared gradients, summed over a layer, at one step.
public struct SecondMoment: Sendable, Hashable {
  /// Updates made so far.
  public let step: Int
  /// Σ v over the layer's elements, as stored: without bias correction.
  public let sum: Double
  /// Elements summed over.
  public let elements: Int
  /// Whether v was stored in 16 bits.
  public let lowPrecision: Bool

  /// Creates a layer's moment.
  public init(step: Int, sum: Double, elements: Int, lowPrecision: Bool) {
    self.step = step
    self.sum = sum
    self.elements = elements
    self.lowPrecision = lowPrecision
  }
}

/// The mean of ‖mini-batch gradient‖² of a layer over a window of steps.
public struct WindowedSecondMoment: Sendable, Hashable {
  /// Mean over the window of Σ g², summed over the layer.
  public let value: Double
  /// The window, in steps: from (exclusive) to (inclusive).
  public let fromStep: Int
  /// See `fromStep`.
  public let toStep: Int
  /// What to bear in mind.
  public let flags: [MomentFlag]

  /// The mean between two checkpoints:
  ///
  ///     q = (v₂ − β2^Δ v₁) / (1 − β2^Δ)
  ///
  /// exact and without lag, weighted towards the window's end as the running mean is. Without an
  /// earlier checkpoint v₁ = 0 at step 0: the usual bias correction.
  ///
  /// - Parameters:
  ///   - previous: the earlier checkpoint's moment, nil at the first.
  ///   - current: the later one's.
  ///   - beta2: the optimizer's decay, in (0, 1).
  ///   - clipped: whether gradients were clipped, nil when unknown.
  /// - Returns: absent when the steps do not advance, the layers differ, or a number is not finite.
  public static func between(
    _ previous: SecondMoment?, _ current: SecondMoment, beta2: Double, clipped: Bool? = nil
  ) -> Measured<WindowedSecondMoment> {
    guard beta2 > 0, beta2 < 1 else { return .absent("beta2 is \(beta2), not between 0 and 1") }
    guard current.sum.isFinite, current.sum >= 0 else {
      return .absent("the second moment is not finite and positive")
    }
    let from = previous?.step ?? 0
    guard current.step > from else {
      return .absent("step \(current.step) is not after step \(from)")
    }
    if let previous {
      guard previous.elements == current.elements else { return .absent("the layer changed shape") }
      guard previous.sum.isFinite, previous.sum >= 0 else {
        return .absent("the previous second moment is not finite and positive")
      }
    }
    var flags: [MomentFlag] = [.trueLabels]
    let steps = Double(current.step) - Double(from)
    // −expm1 keeps 1 − β2^Δ accurate for few steps.
    let fresh = -expm1(steps * log(beta2))
    let before = (previous?.sum ?? 0) * (1 - fresh)
    var value = (current.sum - before) / fresh
    if value < 0 {
      let rounding = current.lowPrecision ? 0x1p-8 : 0x1p-20
      guard -value * fresh <= rounding * max(before, current.sum) else {
        return .absent("the moments cannot belong to one run: the window's mean is negative")
      }
      value = 0
      flags.append(.roundedUp)
    }
    if previous == nil { flags.append(.sinceStart) }
    if current.lowPrecision || previous?.lowPrecision == true, steps * (1 - beta2) < 1 {
      flags.append(.lowPrecisionWindow)
    }
    switch clipped {
    case .some(true): flags.append(.censoredClipping)
    case .some(false): break
    case .none: flags.append(.clippingUnknown)
    }
    guard value.isFinite else { return .absent("the window's mean is not finite") }
    return .known(
      WindowedSecondMoment(value: value, fromStep: from, toStep: current.step, flags: flags))
  }
}

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

  /// Separates noise from signal (SCIENCE.md §4), with v̂ and m̂ bias-corrected:
  ///
  ///     Σ̂/B = (v̂ − m̂²)(1+β1)/(2β1),   μ̂² = v̂ − Σ̂/B,   empirical Fisher = B v̂ − (B−1) μ̂²
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
    guard beta1 > 0, beta1 < 1, beta2 > 0, beta2 < 1 else {
      return .absent("beta1 \(beta1) and beta2 \(beta2) must lie between 0 and 1")
    }
    let firstCorrection = -expm1(Double(step) * log(beta1))
    let second = secondSum / -expm1(Double(step) * log(beta2))
    let first = squaredFirstSum / (firstCorrection * firstCorrection)
    // Both are means of squares, so that neither can be negative but by rounding or lag.
    let noise = max(0, min((second - first) * (1 + beta1) / (2 * beta1), second))
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
