// Abrupt changes of the learning rate, and what is none.
import Testing

@testable import CriticalPeriods

@Suite struct ScheduleWatchTests {
  private func changes(_ points: [SeriesPoint]) -> [[Double]] {
    var watch = ScheduleWatch(settings: PeriodSettings())
    var history: [Observation] = []
    for point in points {
      history.append(Observation(run: point))
      watch.observe(history)
    }
    return watch.changes.map { [$0.before, $0.after] }
  }

  private func points(_ rate: (Int) -> Double, isAdaptive: (Int) -> Bool?) -> [SeriesPoint] {
    (0...10).map {
      SeriesPoint(
        step: 100 * $0, information: 1, learningRate: rate($0), isAdaptive: isAdaptive($0))
    }
  }

  /// From Adam to gradient descent the rate is another kind of number; with one optimizer it is a restart.
  @Test func ratesOfTwoOptimizersAreNotCompared() {
    let rate = { $0 < 6 ? 0.001 : 0.02 }
    #expect(changes(points(rate, isAdaptive: { $0 == 0 ? nil : true })) == [[0.001, 0.02]])
    #expect(changes(points(rate, isAdaptive: { _ in nil })) == [[0.001, 0.02]])
    #expect(changes(points(rate, isAdaptive: { $0 < 6 ? true : nil })).isEmpty)
    // What comes after counts again.
    let back = { $0 < 3 ? 0.001 : $0 < 7 ? 0.02 : 0.002 }
    #expect(changes(points(back, isAdaptive: { $0 < 3 ? true : nil })) == [[0.02, 0.002]])
  }
}
