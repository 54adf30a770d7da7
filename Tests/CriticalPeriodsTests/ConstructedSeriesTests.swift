import CriticalPeriods
import Foundation
import Testing

/// Series on which one thing only happens: what is not the end of the period must not be called so.
@Suite struct ConstructedSeriesTests {
  private func states(_ verdict: Verdict) -> Set<PeriodState> {
    Set(verdict.trajectory.map(\.state))
  }

  @Test func sharesThatFreezeOnAPlateauCloseThePeriod() throws {
    var series = SyntheticSeries()
    series.information = SyntheticSeries.rise(until: 128, to: 100)
    series.shares = SyntheticSeries.fluid(until: 256)
    let verdict = judge(series.points, evidence: .probe)
    let final = try #require(verdict.final)
    #expect(final.state == .closed)
    let end = try #require(final.end)
    #expect(end.interval.contains(256))
    #expect(end.interval.contains(end.step))
    #expect(end.decidedAtStep > 256)
    // A freeze tells little of where a deficit stops doing harm: more than two doublings to either side.
    #expect(8 * end.interval.lowerBound <= 2 * 256 && 256 * 8 <= 2 * end.interval.upperBound)
    let layer = try #require(verdict.layers.first?.final?.end)
    #expect(layer.interval.upperBound < 4 * layer.interval.lowerBound, "its freeze: \(layer)")
    #expect((0.5...0.95).contains(end.probability))
    // Never a fall, so never `peaked`.
    #expect(final.peak == nil)
    #expect(!states(verdict).contains(.peaked))
  }

  @Test func aFallWithFluidSharesIsPeakedAndNotClosed() throws {
    var series = SyntheticSeries()
    series.information = { step in
      SyntheticSeries.rise(until: 250, to: 100)(step) * min(1, pow(250 / Double(step + 1), 1))
    }
    series.shares = SyntheticSeries.fluid(until: 1_000_000)
    let verdict = judge(series.points, evidence: .probe)
    let final = try #require(verdict.final)
    #expect(final.state == .peaked)
    #expect(try #require(final.peak).interval.contains(250))
    #expect(final.end == nil)
    #expect(transitions(from: verdict.trajectory).map(\.state) == [.peaked])
  }

  @Test(arguments: [true, false])
  func confidenceAloneIsAmbiguous(throughJacobian: Bool) throws {
    var series = SyntheticSeries()
    let confidence: (Int) -> Double = { min(0.9, 0.9 * pow(250 / Double($0 + 1), 2)) }
    // What the network does hardly changes after step 250; only p(1−p) shrinks, fiftyfold.
    series.information = { SyntheticSeries.rise(until: 250, to: 100)($0) * confidence($0) }
    if throughJacobian {
      series.jacobianTrace = { SyntheticSeries.rise(until: 250, to: 100)($0) }
    } else {
      series.confidence = confidence
    }
    let verdict = judge(series.points, evidence: .probe)
    let final = try #require(verdict.final)
    #expect(final.state == .ambiguous)
    #expect(final.reason == .confidence)
    #expect(final.peak != nil)
    #expect(!states(verdict).contains(.closed))
    #expect(transitions(from: verdict.trajectory).isEmpty)
  }

  /// The trace falls with confidence; at the maximum's entropy it stands.
  @Test(arguments: [1.0, 0.3]) func theTemperedTraceTellsConfidence(kept: Double) {
    var series = SyntheticSeries()
    series.information = {
      SyntheticSeries.rise(until: 250, to: 100)($0) * min(1, pow(250 / Double($0 + 1), 2))
    }
    let top = series.points.max { ($0.information ?? 0) < ($1.information ?? 0) }
    let points = series.points.map { point in
      var point = point
      point.entropy = point.step <= top?.step ?? 0 ? 1.5 : 0.2
      point.referenceEntropy = 1.5
      point.temperedTrace =
        point.step <= top?.step ?? 0 ? point.information : top?.information.map { kept * $0 }
      return point
    }
    let final = judge(points, evidence: .probe).final
    #expect(final?.state == (kept == 1 ? .ambiguous : .consolidating))
    #expect(final?.reason == (kept == 1 ? .confidence : nil))
  }

  @Test func aDeepFallThatConfidenceDoesNotExplainIsConsolidating() throws {
    var series = SyntheticSeries()
    series.information = {
      SyntheticSeries.rise(until: 250, to: 100)($0) * min(1, pow(250 / Double($0 + 1), 2))
    }
    series.confidence = { _ in 0.5 }
    let final = try #require(judge(series.points, evidence: .probe).final)
    #expect(final.state == .consolidating)
    #expect(final.reason == nil)
  }

  @Test func weightScaleAloneIsAmbiguous() throws {
    var series = SyntheticSeries()
    let norm: (Int) -> Double = { max(1, Double($0 + 1) / 250) }
    series.information = {
      SyntheticSeries.rise(until: 250, to: 100)($0) / (norm($0) * norm($0))
    }
    series.confidence = { _ in 0.5 }
    series.weightNorm = norm
    let verdict = judge(series.points, evidence: .probe)
    #expect(verdict.final?.state == .ambiguous)
    #expect(verdict.final?.reason == .weightScale)
    #expect(transitions(from: verdict.trajectory).isEmpty)
  }

  @Test func aStepOfTheLearningRateThatFreezesTheSharesIsAmbiguous() throws {
    var series = SyntheticSeries()
    series.learningRate = { $0 <= 512 ? 0.1 : 0.01 }
    series.information = { SyntheticSeries.rise(until: 200, to: 100)($0) * ($0 <= 512 ? 1 : 0.4) }
    series.shares = SyntheticSeries.fluid(until: 512)
    let verdict = judge(series.points, evidence: .probe)
    let final = try #require(verdict.final)
    #expect(final.state == .ambiguous)
    #expect(final.reason == .learningRate)
    #expect(final.evidence.contains { $0.name == .schedule && $0.text.contains("0.1 to 0.01") })
    #expect(transitions(from: verdict.trajectory).isEmpty)
  }

  @Test func aSmoothScheduleIsNoExplanation() throws {
    var series = SyntheticSeries()
    series.information = SyntheticSeries.rise(until: 128, to: 100)
    series.shares = SyntheticSeries.fluid(until: 256)
    let schedules: [(Int) -> Double] = [
      { 0.05 * (1 + cos(.pi * Double($0) / 4096)) / 2 },
      { 0.05 * exp(-Double($0) / 80) },
      { 0.05 * min(1, Double($0) / 150) },
    ]
    for schedule in schedules {
      series.learningRate = schedule
      let final = try #require(judge(series.points, evidence: .probe).final)
      #expect(final.state == .closed)
    }
  }

  @Test func onlyRisingIsAcquiring() {
    var series = SyntheticSeries()
    series.information = { Double($0 + 1) }
    // Frozen shares do not close a period in which information still rises.
    series.shares = SyntheticSeries.fluid(until: 256)
    let verdict = judge(series.points, evidence: .probe)
    #expect(verdict.final?.state == .acquiring)
    #expect(states(verdict) == [.waiting, .acquiring])
  }

  @Test func startingPastTheRiseIsLeftCensored() {
    var series = SyntheticSeries()
    series.steps = Array(stride(from: 1000, through: 8000, by: 500))
    series.information = { 100 * 1000 / Double($0) }
    let verdict = judge(series.points, evidence: .probe)
    #expect(verdict.final?.state == .ambiguous)
    #expect(verdict.final?.reason == .leftCensored)
    #expect(transitions(from: verdict.trajectory).isEmpty)
  }

  @Test func sharesStillFromTheFirstCheckpointAreLeftCensored() {
    var series = SyntheticSeries()
    series.steps = Array(stride(from: 1000, through: 8000, by: 500))
    let verdict = judge(series.points, evidence: .probe)
    #expect(verdict.final?.state == .ambiguous)
    #expect(verdict.final?.reason == .leftCensored)
  }

  @Test func aFreezeBetweenDistantCheckpointsIsSparse() {
    var series = SyntheticSeries()
    series.steps = [0, 4, 400, 800, 1000, 1200, 1400, 1600]
    series.information = SyntheticSeries.rise(until: 300, to: 100)
    series.shares = { $0 < 10 ? [0.2, 0.4, 0.4] : [0.7, 0.2, 0.1] }
    let verdict = judge(series.points, evidence: .probe)
    #expect(verdict.final?.state == .ambiguous)
    #expect(verdict.final?.reason == .sparse)
  }

  @Test func fewerThanThreeCheckpointsAreWaitedFor() {
    var series = SyntheticSeries()
    series.steps = [0, 10]
    #expect(judge(series.points, evidence: .probe).trajectory.map(\.state) == [.waiting, .waiting])
    #expect(judge([], evidence: .probe).final == nil)
  }

  @Test func aNewTaskReopensAClosedPeriod() throws {
    var series = SyntheticSeries()
    series.information = { step in
      step <= 1024 ? SyntheticSeries.rise(until: 128, to: 100)(step) : 400 * Double(step) / 1024
    }
    series.shares = { step in
      SyntheticSeries.fluid(until: .max)(step <= 1024 ? min(step, 256) : step / 4)
    }
    let verdict = judge(series.points, evidence: .probe)
    #expect(transitions(from: verdict.trajectory).map(\.state) == [.closed, .reopened])
    let reopened = try #require(verdict.trajectory.first { $0.state == .reopened })
    #expect((1024...2048).contains(reopened.step))
    #expect(reopened.evidence.contains { $0.name == .reopening })
    // The withdrawn decision stays to be seen.
    #expect(reopened.end != nil)
  }

  @Test func aLeapAwayAndBackIsNoMovement() throws {
    var series = SyntheticSeries()
    // Information rises until 1024, so that the decision is taken after the leap.
    series.information = SyntheticSeries.rise(until: 1024, to: 100)
    let shares = SyntheticSeries.fluid(until: 256)
    series.shares = { $0 == 724 ? [0.1, 0.1, 0.8] : shares($0) }
    let end = try #require(judge(series.points, evidence: .probe).final?.end)
    #expect(end.step == 256)
    #expect(end.decidedAtStep > 1024)
  }

  @Test func oneWildCheckpointNeitherPeaksNorReopens() {
    var series = SyntheticSeries()
    series.information = SyntheticSeries.rise(until: 128, to: 100)
    series.shares = SyntheticSeries.fluid(until: 256)
    let calm = judge(series.points, evidence: .probe)
    let level = series.information
    let shares = series.shares
    series.information = { $0 == 861 ? 20 : level($0) }
    series.shares = { $0 == 861 ? [0.1, 0.1, 0.8] : shares($0) }
    let wild = judge(series.points, evidence: .probe)
    #expect(wild.final?.state == .closed)
    #expect(wild.final?.end == calm.final?.end)
    #expect(wild.final?.peak == nil)
  }
}
