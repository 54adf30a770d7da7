// The end of a critical period on curves of deficit experiments: four measured ones with the ends that
// were read off them elsewhere, and constructed ones.

import Foundation
import Testing

@testable import CriticalPeriods

@Suite struct SensitivityCurveTests {
  typealias Run = SensitivityCurve.Run

  struct Measured: Sendable {
    let name: String
    let places: [Double]
    let losses: [Double]
    let end: Double
  }

  // MNIST-1D, blur of 20 epochs, means of three seeds to four digits; ends to one.
  static let measured = [
    Measured(
      name: "four layers, exponential",
      places: [0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 60],
      losses: [
        0.0463, 0.0387, 0.0347, 0.0232, 0.02, 0.0139, 0.0116, 0.007, 0.0006, -0.0001, -0.0035,
        -0.0053, -0.0063,
      ], end: 13.0),
    Measured(
      name: "six layers, exponential",
      places: [0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 60],
      losses: [
        0.0534, 0.0551, 0.0557, 0.0577, 0.0483, 0.0513, 0.0484, 0.0433, 0.0372, 0.0296, 0.0209,
        0.0093, -0.0052,
      ], end: 35.6),
    Measured(
      name: "four layers, cosine",
      places: [0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 60],
      losses: [
        0.0143, 0.0128, 0.0152, 0.0148, 0.0159, 0.0153, 0.017, 0.0097, 0.0046, 0.0026, 0.0019,
        -0.0041, -0.0048,
      ], end: 20.9),
    Measured(
      name: "tanh, cosine", places: [0, 3, 6, 10, 16, 25, 40, 60],
      losses: [0.0289, 0.0283, 0.0256, 0.0185, 0.016, 0.0094, 0.0022, -0.0], end: 29.6),
  ]

  @Test(arguments: measured)
  func endIsTheOneThatWasReadOffTheSameCurve(_ measured: Measured) {
    let curve = SensitivityCurve(
      means: zip(measured.places, measured.losses).map {
        SensitivityCurve.Point(
          place: $0, loss: $1, standardError: nil, accuracy: 0.6, runs: 3)
      })
    guard case .end(let end) = curve.label() else {
      Issue.record("\(measured.name): no end")
      return
    }
    // The published means are rounded, and so is the end read off the unrounded ones.
    #expect(abs(end.place - measured.end) < 0.1, "\(measured.name): \(end.place)")
    #expect(end.interval == nil)
  }

  @Test func lossesAreTakenAgainstTheSameSeed() throws {
    // Seeds differ by ten points, windows cost one: only the pairing shows it.
    let curve = try #require(
      SensitivityCurve(
        control: [Run(seed: 1, accuracy: 0.5), Run(seed: 2, accuracy: 0.6)],
        windows: [
          Run(seed: 2, place: 0, accuracy: 0.59), Run(seed: 1, place: 0, accuracy: 0.49),
          Run(seed: 1, place: 5, accuracy: 0.5), Run(seed: 2, place: 5, accuracy: 0.6),
        ]))
    #expect(curve.points.map(\.place) == [0, 5])
    #expect(abs(curve.points[0].loss - 0.01) < 1e-12)
    #expect(try #require(curve.points[0].standardError) < 1e-9)
    #expect(curve.points[1].loss == 0)
    guard case .end(let end) = curve.label() else {
      Issue.record("no end")
      return
    }
    #expect(abs(end.place - 3.75) < 1e-6)
    #expect(end.undetermined == 0)
  }

  @Test func seedWithoutACleanRunIsComparedWithTheirMean() throws {
    let curve = try #require(
      SensitivityCurve(
        control: [Run(seed: 1, accuracy: 0.5), Run(seed: 2, accuracy: 0.7)],
        windows: [Run(seed: 9, place: 0, accuracy: 0.5)]))
    #expect(abs(curve.points[0].loss - 0.1) < 1e-12)
    #expect(curve.points[0].standardError == nil)
  }

  @Test func curveThatIsStillHighAtTheLastWindowHasNoEnd() {
    #expect(code([0: 0.04, 10: 0.03, 20: 0.02]) == "still-sensitive")
    #expect(code([0: 0.04]) == "few-windows")
    // One run a place tells no cost from chance.
    #expect(code([0: 0.04, 10: 0.01, 20: 0]) == "few-seeds")
    #expect(code([0: -0.01, 10: 0]) == "no-sensitivity")
    #expect(code([:]) == nil)
  }

  @Test func lateRiseMovesTheEnd() {
    #expect(LastFall.of(places: [0, 1, 2, 3], values: [4, 0, 2, 0], fraction: 0.25) == .at(2.5))
    #expect(LastFall.of(places: [0, 1], values: [4, 1], fraction: 0.25) == .stillAbove)
    #expect(LastFall.of(places: [], values: [], fraction: 0.25) == .nothing)
  }

  /// Where nothing but chance differs, an end is rarely claimed; where a step is far above chance,
  /// it is found between the windows around it, and its interval holds it nearly always.
  @Test func chanceIsNoSensitivityAndStepsAreFound() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SplitMix64(seed: seed)
    var falseEnds = 0
    var held = 0
    for round in 0..<200 {
      let places = (0..<10).map { Double($0) * 4 }
      let step = Double.random(in: 6...30, using: &generator)
      var runs: [Run] = []
      var chance: [Run] = []
      let control = (1...5).map {
        Run(seed: $0, accuracy: 0.7 + normal(&generator) * 0.01)
      }
      for place in places {
        for one in control {
          let error = normal(&generator) * 0.004
          chance.append(Run(seed: one.seed, place: place, accuracy: one.accuracy + error))
          let loss = 0.04 / (1 + exp2((place - step) / 2))
          runs.append(Run(seed: one.seed, place: place, accuracy: one.accuracy - loss + error))
        }
      }
      if case .end = try #require(SensitivityCurve(control: control, windows: chance)).label(
        resamples: 1)
      {
        falseEnds += 1
      }
      guard
        case .end(let end) = try #require(SensitivityCurve(control: control, windows: runs))
          .label(resamples: 300, seed: UInt64(round))
      else { continue }
      // A quarter of the largest value, which is nearly 0.04, lies 2 log2 3 after the half.
      let truth = step + 3.17
      let interval = try #require(end.interval)
      if interval.lowerBound - 2 <= truth, truth <= interval.upperBound + 2 { held += 1 }
    }
    #expect(falseEnds < 30, "seed \(seed): \(falseEnds) of 200")
    #expect(held > 170, "seed \(seed): \(held) of 200")
  }

  private func code(_ losses: [Double: Double]) -> String? {
    guard
      let curve = SensitivityCurve(
        control: [Run(seed: 1, accuracy: 0.5)],
        windows: losses.map { Run(seed: 1, place: $0.key, accuracy: 0.5 - $0.value) }),
      case .none(let code, _) = curve.label()
    else { return nil }
    return code
  }
}

/// A standard normal draw, by the sum of twelve uniform ones.
private func normal(_ generator: inout SplitMix64) -> Double {
  (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) }
}
