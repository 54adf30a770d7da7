// Windows between two checkpoints' moments where the optimizer is not what it was.

import Information
import Pipeline
import Reports
import Testing

@Suite struct MomentWindowTests {
  private func moments(_ sum: Double, updates: Int, beta2: Double = 0.9) -> KeptMoments {
    KeptMoments(
      beta2: beta2, updates: updates, lowPrecision: false, gradientClipping: 0, sums: [sum],
      elements: [1])
  }

  /// An optimizer made anew counts from 0: its own mean is whole.
  @Test(arguments: [10, 3]) func anOptimizerThatBeganAnewIsMeasuredFromItsStart(before: Int) throws
  {
    let window = MomentWindow(of: moments(0.271, updates: 3), since: moments(5, updates: before))
    let value = try #require(window.perLayer[0].value)
    #expect(abs(value.value - 1) < 1e-12)  // 0.271 / (1 − 0.9³)
    #expect(value.flags.contains(.sinceStart))
  }

  @Test func aMeanOfTwoDecaysHasNoWindow() {
    let window = MomentWindow(
      of: moments(1, updates: 20), since: moments(1, updates: 10, beta2: 0.99))
    #expect(window.perLayer[0].reason == "beta2 went from 0.99 to 0.9 in between")
    #expect(window.total == nil)
  }
}
