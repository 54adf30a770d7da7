import CriticalPeriods
import Testing

/// What holds on any series. Every failure prints its seed or its length.
@Suite struct JudgePropertyTests {
  private static let recorded = ["mnist1d-cnn", "digits-resnet", "chars-gpt2", "mlp-exp"]

  /// Also where the start is missing, and what was learned before has to be estimated.
  @Test(arguments: recorded, [0, 3])
  func aPrefixIsJudgedAsThePrefixOfTheWhole(name: String, missing: Int) throws {
    let points = try RecordedSeries.named(name).dropFirst(missing).map { point in
      var point = withoutContributions(point)
      if missing > 0 { point.targetEntropy = nil }
      return point
    }
    let whole = judge(points, evidence: .probe)
    for count in 0...points.count {
      let part = judge(Array(points.prefix(count)), evidence: .probe)
      #expect(part.trajectory == Array(whole.trajectory.prefix(count)), "first \(count) points")
      for (a, b) in zip(part.layers, whole.layers) {
        #expect(a.trajectory == Array(b.trajectory.prefix(count)), "\(a.name), \(count) points")
      }
    }
  }

  @Test(arguments: recorded)
  func arrivalInAnyOrderAndTwiceChangesNothing(name: String) throws {
    let points = try RecordedSeries.named(name)
    let expected = judge(points, evidence: .probe)
    for seed in 0..<5 as Range<UInt64> {
      var generator = Congruential(state: seed)
      let shuffled = (points + points.prefix(7)).shuffled(using: &generator)
      #expect(judge(shuffled, evidence: .probe) == expected, "seed \(seed)")
    }
  }

  @Test func noiseAroundARiseNeverCloses() {
    for seed in 0..<60 as Range<UInt64> {
      var series = SyntheticSeries()
      series.information = { Double($0 + 1) }
      series.shares = SyntheticSeries.fluid(until: 128)
      series.noise = [0.03, 0.1, 0.3][Int(seed % 3)]
      series.error = seed % 2 == 0 ? 0.05 : nil
      series.seed = seed
      let verdict = judge(series.points, evidence: seed % 5 == 0 ? .optimizer : .probe)
      let said = transitions(from: verdict.trajectory).map(\.state)
      #expect(!said.contains(.closed), "seed \(seed), noise \(series.noise)")
      #expect(verdict.final?.state == .acquiring, "seed \(seed), noise \(series.noise)")
    }
  }

  /// An exact probe does not see how much the optimizer itself bounces, so the rule has to estimate
  /// that from the series. It does not always succeed: the share of level series of 41 checkpoints on
  /// which it sees a peak was measured as 0.025, 0.08 and 0.11, on 200 other seeds.
  @Test(arguments: [(0.05, 4), (0.15, 9), (0.3, 12)])
  func noiseOnAPlateauIsRarelyAPeak(noise: Double, atMost bound: Int) {
    var peaked: [UInt64] = []
    for seed in 0..<60 as Range<UInt64> {
      var series = SyntheticSeries()
      series.information = SyntheticSeries.rise(until: 128, to: 100)
      series.shares = SyntheticSeries.fluid(until: 1 << 20)
      series.noise = noise
      series.error = 0.001
      series.seed = seed
      let verdict = judge(series.points, evidence: .probe)
      if verdict.trajectory.contains(where: { $0.peak != nil }) { peaked.append(seed) }
    }
    #expect(peaked.count <= bound, "noise \(noise), seeds \(peaked)")
  }

  @Test func unitsOfInformationDoNotMatter() throws {
    let points = try RecordedSeries.named("mlp-exp")
    let states = judge(points, evidence: .probe).trajectory.map(\.state)
    for factor in [1e-9, 1.0 / 1024, 1e9] {
      let scaled = points.map { point in
        var point = point
        point.information = point.information.map { $0 * factor }
        point.informationStandardError = point.informationStandardError.map { $0 * factor }
        for l in point.layers.indices {
          point.layers[l].information = point.layers[l].information.map { $0 * factor }
        }
        return point
      }
      #expect(judge(scaled, evidence: .probe).trajectory.map(\.state) == states, "× \(factor)")
    }
  }

  @Test func whatIsNotFiniteOrNegativeIsNotMeasured() {
    let poison: [Double] = [.nan, .infinity, -.infinity, -1, 0, .greatestFiniteMagnitude]
    for (index, value) in poison.enumerated() {
      var points = SyntheticSeries().points
      for n in points.indices where n % 3 == index % 3 {
        points[n].information = value
        points[n].informationStandardError = value
        points[n].contributions = [value, value]
        points[n].confidence = value
        points[n].learningRate = value
        points[n].weightNorm = value
        points[n].plasticity = Plasticity(bitsPerDoubling: value)
        points[n].layers[0].information = value
      }
      for evidence in EvidenceKind.allCases {
        let verdict = judge(points, evidence: evidence)
        #expect(verdict.trajectory.count == points.count, "\(value)")
        let words = verdict.trajectory.flatMap(\.evidence).map(\.text)
        #expect(!words.contains { $0.contains("nan") || $0.contains("inf ") }, "\(value)")
      }
    }
  }

  @Test func extremeStepsAreJudged() {
    let steps = [Int.min, -5, 0, 1, 2, .max - 1, .max]
    let points = steps.map { SeriesPoint(step: $0, information: 1, learningRate: 0.1) }
    #expect(judge(points, evidence: .probe).trajectory.map(\.step) == steps)
  }

  private func withoutContributions(_ point: SeriesPoint) -> SeriesPoint {
    var point = point
    point.contributions = nil
    return point
  }
}
