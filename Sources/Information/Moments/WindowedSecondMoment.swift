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
  public private(set) var flags: [MomentFlag]

  /// The same with one more thing to bear in mind.
  public func flagged(_ flag: MomentFlag) -> WindowedSecondMoment {
    var flagged = self
    flagged.flags.append(flag)
    return flagged
  }

  /// The mean between two checkpoints of a running mean, weighted towards the window's end as that is, or
  /// of a sum, every step alike:
  ///
  ///     q = (v₂ − β2^Δ v₁) / (1 − β2^Δ)          q = (v₂ − v₁) / Δ
  ///
  /// exact and without lag. Without an earlier checkpoint v₁ = 0 at step 0, which is the usual bias
  /// correction; a sum's v₁ is then what it began at.
  ///
  /// - Parameters:
  ///   - previous: the earlier checkpoint's moment, nil at the first.
  ///   - current: the later one's.
  ///   - clipped: whether gradients were clipped, nil when unknown.
  /// - Returns: absent when the steps do not advance, the layers or the ways of gathering differ, or a
  ///   number is not finite.
  public static func between(
    _ previous: SecondMoment?, _ current: SecondMoment, clipped: Bool? = nil
  ) -> Measured<WindowedSecondMoment> {
    guard current.sum.isFinite, current.sum >= 0 else {
      return .absent("the second moment is not finite and positive")
    }
    let from = previous?.step ?? 0
    guard current.step > 0 else { return .absent("no update was made yet") }
    guard current.step > from else {
      return .absent("step \(current.step) is not after step \(from)")
    }
    if let previous {
      guard previous.elements == current.elements else { return .absent("the layer changed shape") }
      guard previous.sum.isFinite, previous.sum >= 0 else {
        return .absent("the previous second moment is not finite and positive")
      }
    }
    let steps = Double(current.step) - Double(from)
    // What of the earlier moment is still in the later one, and how often the window's mean was added to it.
    let before: Double
    let fresh: Double
    let isShort: Bool
    switch (previous?.gathering ?? current.gathering, current.gathering) {
    case (.mean(let earlier), .mean(let beta2)):
      guard earlier == beta2 else {
        return .absent("beta2 went from \(earlier) to \(beta2) in between")
      }
      guard beta2 > 0, beta2 < 1 else { return .absent("beta2 is \(beta2), not between 0 and 1") }
      // −expm1 keeps 1 − β2^Δ accurate for few steps.
      fresh = -expm1(steps * log(beta2))
      before = (previous?.sum ?? 0) * (1 - fresh)
      isShort = steps * (1 - beta2) < 1
    case (.sum, .sum(let start)):
      guard let base = previous?.sum ?? start.map({ $0 * Double(current.elements) }) else {
        return .absent("what the sum of squared gradients began at is not known")
      }
      (before, fresh) = (base, steps)
      isShort = current.sum < 2 * base
    default: return .absent("the optimizer was another in between")
    }
    var flags: [MomentFlag] = [.trueLabels]
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
    if current.lowPrecision || previous?.lowPrecision == true, isShort {
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
