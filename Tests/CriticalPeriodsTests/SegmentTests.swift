import CriticalPeriods
import Testing

/// Runs that were resumed from an earlier step.
@Suite struct SegmentTests {
  private var series: SyntheticSeries {
    var series = SyntheticSeries()
    series.information = SyntheticSeries.rise(until: 128, to: 100)
    series.shares = SyntheticSeries.fluid(until: 256)
    return series
  }

  private func resumed(at step: Int) -> [SeriesPoint] {
    series.points.filter { $0.step >= step }.map { point in
      var point = point
      point.segment = 1
      return point
    }
  }

  @Test func aResumedSegmentForgetsWhatItLeftBehind() throws {
    let whole = judge(series.points, evidence: .probe)
    // The first segment ran to step 1024 and closed; the second goes on from step 181 anew.
    let first = series.points.filter { $0.step <= 1024 }
    let verdict = judge(first + resumed(at: 181), evidence: .probe)
    let second = verdict.trajectory.filter { $0.segment == 1 }
    #expect(second.map(\.state) == whole.trajectory.filter { $0.step >= 181 }.map(\.state))
    let raised = transitions(from: verdict.trajectory)
    #expect(raised.map(\.state) == [.closed, .closed])
    #expect(raised.map(\.judgement.segment) == [0, 1])
  }

  @Test func resumingAfterTheDecisionSaysNothingTwice() {
    let verdict = judge(
      series.points.filter { $0.step <= 2048 } + resumed(at: 1024),
      evidence: .probe)
    #expect(transitions(from: verdict.trajectory).map(\.state) == [.closed])
    #expect(verdict.final?.state == .closed)
  }
}
