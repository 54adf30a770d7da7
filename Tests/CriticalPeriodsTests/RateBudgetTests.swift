import Foundation
import Testing

@testable import CriticalPeriods

/// What is spent and left of a schedule, against the sums over the schedule itself.
@Suite struct RateBudgetTests {
  /// The budget at a step of a schedule, seen at checkpoints, and what the rest of the schedule sums to.
  private func budget(
    _ rate: (Double) -> Double, checkpoints: [Int], end: Int = 20_000,
    change: [Int: ScheduleWatch.Change] = [:]
  ) -> (found: RateBudget, spent: Double, left: Double) {
    var found = RateBudget(start: 0)
    for step in checkpoints {
      found.observe(step: step, rate: rate(Double(step)), change: change[step])
    }
    let now = checkpoints[checkpoints.count - 1]
    func sum(_ range: Range<Int>) -> Double {
      range.reduce(0) { $0 + rate(Double($1) + 0.5) } / rate(Double(now))
    }
    return (found, sum(0..<now), sum(now..<max(end, now)))
  }

  private let even = Array(stride(from: 0, through: 400, by: 20))
  private let sparse = [0, 50, 100, 200, 400]

  @Test(arguments: [true, false]) func anExponentialScheduleIsExtrapolatedExactly(evenly: Bool) {
    let (found, spent, left) = budget({ 0.1 * exp(-$0 / 300) }, checkpoints: evenly ? even : sparse)
    #expect(abs(found.left / left - 1) < 1e-6)
    #expect(abs(found.spent / spent - 1) < 0.04)
  }

  @Test(arguments: [0.2, 0.35, 0.5], ["cosine", "linear"])
  func schedulesThatEndAreSeenToEnd(part: Double, kind: String) {
    let length = 400 / part
    let rate = { (step: Double) in
      kind == "linear" ? 1 - step / length : 0.5 * (1 + cos(.pi * min(step / length, 1)))
    }
    for checkpoints in [even, sparse] {
      let (found, _, left) = budget(rate, checkpoints: checkpoints, end: Int(length))
      // Too long, because their logarithms bend down faster and faster.
      let most = kind == "linear" ? 1.65 : 1.4
      #expect((0.95...most).contains(found.left / left), "\(kind) \(part): \(found.left) \(left)")
    }
  }

  @Test func aConstantRateLeavesAnyNumberOfSteps() {
    let found = budget({ _ in 0.1 }, checkpoints: even).found
    #expect(found.left == .infinity)
    #expect(found.spent == 400)
  }

  @Test func withoutRatesStepsAreCounted() {
    var found = RateBudget(start: 100)
    for step in [100, 200, 300] { found.observe(step: step, rate: nil, change: nil) }
    #expect(found.spent == 200)
    #expect(found.left == .infinity)
  }

  /// After a warm-up only the decay counts.
  @Test func aWarmUpIsNoDecay() {
    let rate = { (step: Double) in 0.1 * min(step / 100, 1) * exp(-max(step - 100, 0) / 300) }
    let (found, spent, left) = budget(rate, checkpoints: even)
    #expect(abs(found.left / left - 1) < 1e-6)
    #expect(abs(found.spent / spent - 1) < 0.04)
    #expect(budget({ 0.1 * $0 / 400 }, checkpoints: even).found.left == .infinity)
  }

  @Test(arguments: [0.1, 10]) func anAbruptChangeCountsNeitherWay(factor: Double) {
    let change = ScheduleWatch.Change(from: 10, to: 11, before: 0.1, after: 0.1 * factor)
    let found = budget(
      { $0 < 210 ? 0.1 : 0.1 * factor }, checkpoints: even, change: [220: change]
    ).found
    #expect(abs(found.spent - 400) < 1e-9)
    #expect(found.left == .infinity)
  }

  @Test func aRateOfNothingLeavesNothing() {
    let found = budget({ max(0, 1 - $0 / 400) }, checkpoints: even).found
    #expect(found.left == 0)
    #expect(found.spent == .infinity)
  }

  /// A long run keeps a bounded number of rates, and sees the same.
  @Test func tenThousandCheckpointsTellTheSame() {
    let length = 20_000.0
    let rate = { (step: Double) in 0.5 * (1 + cos(.pi * step / length)) }
    let many = budget(rate, checkpoints: Array(0...10_000)).found
    let few = budget(rate, checkpoints: Array(stride(from: 0, through: 10_000, by: 500))).found
    #expect(abs(many.left / few.left - 1) < 0.02)
    #expect(abs(many.spent / few.spent - 1) < 0.01)
  }
}
