import Foundation
import Testing

@testable import CriticalPeriods

@Suite struct PeakWatchTests {
  /// A rise and a fall over log(step) of examples that share most of their noise.
  private func history(_ count: Int, seed: UInt64) -> [Observation] {
    var generator = Congruential(state: seed)
    let examples = (0..<40).map { _ in 1 + 0.5 * generator.normal().magnitude }
    return (0..<count).map { index in
      let place = 10 * Double(index + 1) / Double(count)
      let level = 100 * exp(-pow(place - 6, 2) / 4)
      let values = examples.map { level * $0 * (1 + 0.05 * generator.normal()) }
      return Observation(
        run: SeriesPoint(
          step: Int(1000 * exp2(place)), information: values.reduce(0, +),
          informationStandardError: 0.1 * level, contributions: values))
    }
  }

  /// However dense the checkpoints, the peak lies where comparing every one of them would place it, give or
  /// take the neighbour that was forgotten, and few keep their examples.
  @Test(arguments: [20, 33, 100, 400], [1, 2, 3] as [UInt64])
  func aDenseSeriesPeaksWhereAllOfItSays(count: Int, seed: UInt64) throws {
    let all = history(count, seed: seed)
    let settings = PeriodSettings()
    var watch = PeakWatch(settings: settings)
    var seen: [Observation] = []
    for observation in all where watch.peak == nil {
      seen.append(observation)
      watch.observe(&seen, resamples: nil)
      #expect(seen.count { $0.contributions != nil } <= PeakWatch.mostRemembered)
    }
    let peak = try #require(watch.peak)
    let top = try #require(watch.maximum)
    #expect(seen[top].contributions != nil)

    let noise = seriesLogNoise(seen)
    let contenders = try seen.indices.filter { index in
      let ratio = try #require(
        InformationRatio(all[index], over: all[top], logNoise: noise, settings: settings))
      return index == top || ratio.interval.upperBound >= 1 - settings.minimumFall
        || -log(ratio.value) <= settings.noiseDeviations * noise
    }
    let first = all[max(try #require(contenders.first) - 1, 0)].step
    let last = all[min(try #require(contenders.last) + 1, seen.count - 1)].step
    #expect(peak.step == all[top].step)
    // A thirty-second of the four doublings in which anything contends, on either side.
    #expect(abs(log2(Double(peak.interval.lowerBound) / Double(first))) < (count > 32 ? 0.3 : 1e-9))
    #expect(abs(log2(Double(peak.interval.upperBound) / Double(last))) < (count > 32 ? 0.3 : 1e-9))
  }
}
