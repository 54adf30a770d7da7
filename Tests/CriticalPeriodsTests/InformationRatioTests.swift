import Testing

@testable import CriticalPeriods

@Suite struct InformationRatioTests {
  private func observation(_ values: [Double], error: Double? = nil) -> Observation {
    Observation(
      run: SeriesPoint(
        step: 1, information: values.reduce(0, +) / Double(values.count),
        informationStandardError: error, contributions: values.count > 1 ? values : nil))
  }

  @Test func pairingTakesOutWhatTheExamplesShare() throws {
    var generator = Congruential(state: 7)
    let before = (0..<200).map { _ in (generator.normal() * 2).magnitude + 0.1 }
    let after = before.map { $0 * (0.8 + 0.05 * generator.normal()) }
    let ratio = try #require(
      InformationRatio(
        observation(after), over: observation(before), logNoise: 0, settings: PeriodSettings()))
    #expect(ratio.basis == .pairedBootstrap || ratio.basis == .pairedErrors)
    #expect(abs(ratio.value - 0.8) < 0.02)
    // Unpaired, either mean is known to about 5 % only.
    #expect(ratio.interval.upperBound - ratio.interval.lowerBound < 0.04)
    #expect(ratio.interval.contains(ratio.value))
  }

  @Test func theBootstrapAgreesWithTheClosedForm() throws {
    var settings = PeriodSettings()
    settings.bootstrapResamples = 2000
    for seed in 0..<5 as Range<UInt64> {
      var generator = Congruential(state: seed)
      let before = (0..<100).map { _ in (generator.normal()).magnitude + 0.5 }
      let after = before.map { 0.8 * $0 + 0.4 * generator.normal() }
      settings.minimumFall = 0.1
      let bootstrap = try #require(
        InformationRatio(
          observation(after), over: observation(before), logNoise: 0, settings: settings))
      settings.minimumFall = 0.9
      let closed = try #require(
        InformationRatio(
          observation(after), over: observation(before), logNoise: 0, settings: settings))
      #expect(bootstrap.basis == .pairedBootstrap, "seed \(seed)")
      #expect(closed.basis == .pairedErrors, "seed \(seed)")
      // 2000 resamples leave about 5 % of the interval's half width, 0.08, at either end.
      #expect(
        abs(bootstrap.interval.upperBound - closed.interval.upperBound) < 0.02, "seed \(seed)")
      #expect(
        abs(bootstrap.interval.lowerBound - closed.interval.lowerBound) < 0.02, "seed \(seed)")
    }
  }

  @Test func withoutExamplesItFallsBackAndSaysSo() throws {
    let settings = PeriodSettings()
    let errors = try #require(
      InformationRatio(
        observation([4], error: 0.2), over: observation([8], error: 0.4), logNoise: 1,
        settings: settings))
    #expect(errors.basis == .standardErrors)
    // ln of the interval is ± 1.96 · √2 · 5 %.
    #expect(abs(errors.interval.upperBound - 0.5744) < 1e-3)
    let noise = try #require(
      InformationRatio(observation([4]), over: observation([8]), logNoise: 0.1, settings: settings))
    #expect(noise.basis == .seriesNoise)
    #expect(abs(noise.interval.upperBound - 0.6597) < 1e-3)
  }

  /// The table of draws against drawing one example after another.
  @Test(arguments: [2, 3, 37, 256]) func theTableIsTheDrawing(examples: Int) throws {
    let settings = PeriodSettings()
    var normal = Congruential(state: UInt64(examples))
    let x = (0..<examples).map { _ in normal.normal().magnitude + 0.5 }
    let y = (0..<examples).map { _ in normal.normal().magnitude + 0.5 }
    var generator = SplitMix64(seed: settings.seed)
    let ratios = (0..<settings.bootstrapResamples).map { _ in
      let picks = (0..<examples).map { _ in Int(generator.next() % UInt64(examples)) }
      return picks.reduce(0) { $0 + x[$1] } / picks.reduce(0) { $0 + y[$1] }
    }.sorted()
    let interval = try #require(
      PairedResamples(examples: examples, settings: settings).interval(of: x, over: y, level: 0.95))
    #expect(abs(interval.lowerBound - ratios[4]) < 1e-12)
    #expect(abs(interval.upperBound - ratios[195]) < 1e-12)
  }

  @Test func theTableRefusesWhatItWasNotDrawnFor() {
    let table = PairedResamples(examples: 4, settings: PeriodSettings())
    #expect(table.interval(of: [1, 2, 3], over: [1, 2, 3], level: 0.95) == nil)
    #expect(table.interval(of: [1, 1, 1, 1], over: [0, 0, 0, 0], level: 0.95) == nil)
    for bare in [SeriesPoint(step: 1), SeriesPoint(step: 2, contributions: [1])] {
      #expect(PairedResamples(for: bare, settings: PeriodSettings()) == nil)
    }
  }
}
