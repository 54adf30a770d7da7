// The mean of squared mini-batch gradients between two checkpoints (measurements.md §4).
internal import Glibc

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
