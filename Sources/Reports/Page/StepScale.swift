import Glibc

/// Horizontal places of steps on a page: log(step), as the rule reads time.
struct StepScale {
  /// The first and the last step.
  let steps: ClosedRange<Int>
  private let width: Double
  /// Step 0 has no logarithm; it stands as far before the first other step as half of that does.
  private let earliest: Double

  /// - Parameter width: of the chart; ten are left free on both sides.
  init?(_ steps: [Int], width: Double) {
    guard let first = steps.min(), let last = steps.max() else { return nil }
    self.steps = first...last
    self.width = width
    earliest = Double(steps.filter { $0 > 0 }.min() ?? 1) / 2
  }

  /// Where a step lies; in the middle if there is only one.
  func place(_ step: Int) -> Double {
    let (low, high) = (logarithm(steps.lowerBound), logarithm(steps.upperBound))
    guard high > low else { return width / 2 }
    return 10 + (logarithm(step) - low) / (high - low) * (width - 20)
  }

  private func logarithm(_ step: Int) -> Double { log(max(Double(step), earliest)) }
}
