// Windows between two checkpoints' moments where the optimizer is not what it was.

import Glibc
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

  /// A layer that was frozen at first counts its own updates; one whose parameters differ has no number.
  @Test func layersCountTheirOwnUpdates() throws {
    var now = KeptMoments(
      beta2: 0.9, updates: 50, lowPrecision: false, sums: [0.271, 0.271, 0.271],
      elements: [1, 1, 1])
    now.layerUpdates = [3, nil, 50]
    let window = MomentWindow(of: now, since: nil)
    #expect(abs(try #require(window.perLayer[0].value).value - 1) < 1e-12)
    #expect(
      window.perLayer[1].reason == "its parameters have had different numbers of updates")
    #expect(abs(try #require(window.perLayer[2].value).value - 0.271 / (1 - pow(0.9, 50))) < 1e-12)
    // Between two checkpoints too: frozen before the first, and frozen since.
    var before = now
    before.updates = 47
    before.sums = [nil, 0.2, 0.2]
    before.layerUpdates = [nil, nil, 50]
    let between = MomentWindow(of: now, since: before)
    #expect(abs(try #require(between.perLayer[0].value).value - 1) < 1e-12)
    #expect(between.perLayer[2].reason == "step 50 is not after step 50")
  }

  /// An optimizer made anew may have passed the earlier one's count: what the steps in between allow tells.
  @Test(arguments: [
    // Resumed without its state at step 301; at 101, with 10 updates skipped.
    (300, 300, 700, 400, true), (100, 100, 300, 190, true),
    // Goes on; goes on with updates skipped at first; every second step an update; counted from a start of 5000.
    (300, 300, 700, 700, false), (100, 80, 300, 280, false), (100, 50, 400, 200, false),
    (5100, 100, 6100, 1100, false),
  ])
  func anOptimizerThatBeganAnewIsTold(
    _ earlierStep: Int, _ earlierUpdates: Int, _ step: Int, _ updates: Int, _ isRestarted: Bool
  ) throws {
    let window = MomentWindow(
      of: moments(1, updates: updates), since: moments(1, updates: earlierUpdates),
      steps: (earlierStep, step))
    #expect(window.isRestarted == isRestarted)
    #expect(try #require(window.perLayer[0].value).flags.contains(.restarted) == isRestarted)
  }

  /// Groups of parameters may have decays of their own; a layer whose parameters differ has no number.
  @Test func layersHaveTheirOwnDecays() throws {
    var now = KeptMoments(
      beta2: nil, updates: 3, lowPrecision: false, sums: [0.271, 0.271, 1 - pow(0.99, 3)],
      elements: [1, 1, 1])
    now.layerBeta2 = [0.9, nil, 0.99]
    let window = MomentWindow(of: now, since: nil)
    #expect(abs(try #require(window.perLayer[0].value).value - 1) < 1e-12)
    #expect(window.perLayer[1].reason == "its parameters have different decays")
    #expect(abs(try #require(window.perLayer[2].value).value - 1) < 1e-12)
  }

  @Test func sumsHaveWindows() throws {
    var before = moments(4, updates: 10)
    (before.beta2, before.isSum) = (nil, true)
    var now = before
    (now.sums, now.updates) = ([10], 13)
    #expect(try #require(MomentWindow(of: now, since: before).perLayer[0].value).value == 2)
    #expect(
      MomentWindow(of: now, since: nil).perLayer[0].reason
        == "what the sum of squared gradients began at is not known")
    now.sumFrom = 0.75
    #expect(
      try #require(MomentWindow(of: now, since: nil).perLayer[0].value).value == (10 - 0.75) / 13)
  }

  @Test func aMeanOfTwoDecaysHasNoWindow() {
    let window = MomentWindow(
      of: moments(1, updates: 20), since: moments(1, updates: 10, beta2: 0.99))
    #expect(window.perLayer[0].reason == "beta2 went from 0.99 to 0.9 in between")
    #expect(window.total == nil)
  }
}
