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

  /// A segment is judged as the points that it grew out of and its own, taken as one run, would be.
  @Test(arguments: 0..<10) func aSegmentIsJudgedAfterItsPast(seed: UInt64) {
    var generator = Congruential(state: seed)
    var segments: [[SeriesPoint]] = []
    for segment in 0..<4 {
      let bounds = (0..<2).map { _ in 1 << Int.random(in: 0...12, using: &generator) }.sorted()
      let own = series.points.filter { segment == 0 || $0.step >= bounds[0] }
        .filter { $0.step <= 2 * bounds[1] }
      segments.append(
        own.map { point in
          var point = point
          point.segment = segment
          point.information = point.information.map { $0 * (1 + 0.3 * Double(segment)) }
          // Of the first points layers are not known.
          if segment == 0, point.step < 4 { point.layers = [] }
          return point
        })
    }
    segments.removeAll(where: \.isEmpty)
    let verdict = judge(segments.flatMap { $0 }, evidence: .probe)
    var past: [SeriesPoint] = []
    for segment in segments {
      past.removeAll { $0.step >= segment[0].step }
      let alone = judge(
        (past + segment).map { point in
          var point = point
          point.segment = 0
          return point
        }, evidence: .probe)
      let number = segment[0].segment
      let own = verdict.trajectory.filter { $0.segment == number }
      #expect(
        own.map(withoutSegment) == alone.trajectory.suffix(segment.count).map(withoutSegment),
        "seed \(seed), segment \(number)")
      for (layer, expected) in zip(verdict.layers, alone.layers) {
        let own = layer.trajectory.filter { $0.segment == number }
        #expect(
          own.map(withoutSegment) == expected.trajectory.suffix(segment.count).map(withoutSegment),
          "seed \(seed), segment \(number), \(layer.name)")
      }
      past += segment
    }
  }

  private func withoutSegment(_ judgement: Judgement) -> Judgement {
    var judgement = judgement
    judgement.segment = 0
    return judgement
  }

  /// A trained network goes on, and its trainer counts steps from 0 again: no second end, and least of all one
  /// at the pace at which the first checkpoint seems to have learned.
  @Test(arguments: [nil, 2.302_585]) func aCountThatBeginsAnewEndsNothingAgain(entropy: Double?) {
    var series = SyntheticSeries.learning()
    series.targetEntropy = entropy
    series.steps = [0] + Array(stride(from: 32, through: 3200, by: 32))
    let first = series.points
    series.steps.removeFirst()
    series.loss = { 2.3 * SyntheticSeries.part($0 + 3200) }
    series.accuracy = { 1 - 0.9 * SyntheticSeries.part($0 + 3200) }
    series.information = { _ in 100 }
    let second = series.points.map { point in
      var point = point
      point.segment = 1
      return point
    }
    let verdict = judge(first + second, evidence: .probe)
    let said = transitions(from: verdict.trajectory).filter { $0.state == .closed }
    #expect(said.map(\.judgement.segment) == [0])
    #expect(verdict.final?.state == .ambiguous)
    #expect(verdict.final?.reason == .leftCensored)
  }

  @Test func resumingAfterTheDecisionSaysNothingTwice() {
    let verdict = judge(
      series.points.filter { $0.step <= 2048 } + resumed(at: 1024),
      evidence: .probe)
    #expect(transitions(from: verdict.trajectory).map(\.state) == [.closed])
    #expect(verdict.final?.state == .closed)
  }
}
