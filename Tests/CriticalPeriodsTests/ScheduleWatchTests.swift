// Abrupt changes of the learning rate, and what is none.
import Foundation
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

  /// Of few checkpoints, the first ones rotated away, a smooth schedule is no change; a step of a steady one is.
  @Test func aFirstIntervalTellsNothing() {
    func seen(_ steps: [Int], _ rate: (Int) -> Double) -> [[Double]] {
      changes(
        steps.map { SeriesPoint(step: $0, information: 1, learningRate: rate($0), isAdaptive: nil) }
      )
    }
    #expect(seen([300, 400, 500], { 5e-5 * (1 - Double($0) / 600) }).isEmpty)
    #expect(seen([470, 940, 1410, 1880]) { 0.05 * pow(0.95, Double($0) / 47) }.isEmpty)
    #expect(seen([100, 200, 300]) { $0 < 250 ? 0.1 : 0.01 } == [[0.1, 0.01]])
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
