import CriticalPeriods
import Foundation
import Testing

/// Series with gaps, counts that begin anew, and rates that no trainer means.
@Suite struct IrregularSeriesTests {
  /// Rates as a defect of a trainer might write them: no probability without a number, no trap.
  @Test func extremeLearningRatesLeaveNumbers() {
    for seed in 0..<200 as Range<UInt64> {
      var generator = Congruential(state: seed)
      let extremes = [
        0, .leastNonzeroMagnitude, .leastNormalMagnitude / 8, 1e-200, 1e-30, 0.05, 1, 1e30, 1e200,
        1.7e308,
      ]
      var series = SyntheticSeries.learning()
      let rates = series.steps.map { _ in extremes.randomElement(using: &generator) ?? 0 }
      let places = Dictionary(uniqueKeysWithValues: zip(series.steps, rates))
      series.learningRate = { places[$0] }
      let labelled = LabelledSeries(
        name: "s", points: series.points, label: .end(step: 500, interval: nil))
      for bin in reliability(on: [labelled], resamples: 2) {
        // A mean rounds.
        #expect((0.049_999...0.950_001).contains(bin.stated), "seed \(seed)")
      }
      for judgement in judge(series.points, evidence: .probe).trajectory {
        guard let probability = judgement.endProbability else { continue }
        #expect((0.05...0.95).contains(probability), "seed \(seed), step \(judgement.step)")
      }
    }
  }

  /// Two hundred restarts, each from a hundredth of the rate: what is spent stays a number.
  @Test func hundredsOfRestartsLeaveNumbers() {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 16, through: 16_000, by: 16))
    series.learningRate = { 0.05 * pow(0.1, Double($0 / 16 % 5) / 2) }
    let judgements = judge(series.points, evidence: .probe).trajectory
    #expect(judgements.dropFirst(5).allSatisfy { $0.endProbability?.isFinite != false })
    #expect(judgements.contains { $0.state == .closed })
  }

  /// Between two checkpoints far apart most of the task is taken in, and the rate falls somewhere: what would
  /// have been taken in all the same is not set aside.
  @Test func aGapWithAStepOfTheScheduleIsNotAllSetAside() throws {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 32, through: 640, by: 32)) + [3200, 3232, 3264, 3296]
    series.learningRate = { $0 < 2000 ? 0.05 : 0.005 }
    let text = try #require(
      judge(series.points, evidence: .probe).final?.evidence.first { $0.name == .progress }?.text)
    let remaining = try #require(Double(text.prefix { $0 != " " }))
    #expect(remaining < 8, "\(text)")  // In truth 2.4 %, and 25 % were all of it set aside.
  }

  /// After the untrained network, the end can lie anywhere in a wide gap; nothing is cut off at the left.
  @Test func aGapAfterTheUntrainedNetworkIsSparse() {
    var series = SyntheticSeries.learning()
    series.steps = [0, 2400, 4800, 7200]
    let final = judge(series.points, evidence: .probe).final
    #expect(final?.state == .ambiguous)
    #expect(final?.reason == .sparse)
  }

  /// A resumed trainer counts epochs from 0 again, and steps on.
  @Test func epochsThatBeginAnewDoNotUndoPasses() throws {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 32, through: 3200, by: 32))
    let whole = judge(series.points, evidence: .probe).final
    series.epoch = { Double($0 < 1600 ? $0 : $0 - 1600) / 32 }
    let resumed = judge(series.points, evidence: .probe).final
    #expect(resumed?.end == whole?.end)
    #expect(resumed?.endProbability == whole?.endProbability)
    #expect(whole?.end != nil)
  }

  /// Moving shares have withdrawn the end: progress says nothing of the next one, and no document may go on
  /// stating its probability.
  @Test func aPeriodReopenedByMovementHasNoProbability() throws {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 32, through: 6400, by: 32))
    series.learningRate = { $0 < 2400 ? 0.05 * exp(-Double($0) / 600) : 0.1 }
    let shares = SyntheticSeries.fluid(until: .max)
    series.shares = { shares($0 < 2400 ? min($0, 256) : $0 < 3200 ? 200 * ($0 - 2300) : 180_000) }
    let trajectory = judge(series.points, evidence: .probe).trajectory
    let reopened = trajectory.filter { $0.state == .reopened }
    #expect(!reopened.isEmpty)
    for judgement in reopened {
      #expect(judgement.endProbability == nil)
      #expect(
        !judgement.evidence.contains { $0.name == .progress && $0.text.contains("probability") })
    }
    let again = try #require(trajectory.last { $0.state == .closed }?.end)
    let opening = try #require(reopened.first)
    #expect(again.basis == .shares)
    #expect(again.interval.lowerBound >= opening.step)
  }

  /// Step 0 of a trained network is no untrained one: its rise lies before, however the trace goes on.
  @Test func aTrainedNetworkAtStepZeroIsLeftCensored() {
    var series = SyntheticSeries.learning()
    series.targetEntropy = 2.302_585
    series.steps = [0, 2400, 4800, 7200]
    series.information = SyntheticSeries.rise(until: 7200, to: 100)
    series.loss = { 0.4 / (1 + Double($0) / 2400) }
    series.accuracy = { 1 - 0.1 / (1 + Double($0) / 2400) }
    let final = judge(series.points, evidence: .probe).final
    #expect(final?.state == .ambiguous)
    #expect(final?.reason == .leftCensored)
  }
}
