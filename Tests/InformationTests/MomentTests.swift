import Foundation
import Information
import Testing

@Suite struct MomentTests {
  private func moment(_ step: Int, _ sum: Double, low: Bool = false) -> SecondMoment {
    SecondMoment(step: step, sum: sum, elements: 10, lowPrecision: low)
  }

  /// Adam's recursion by hand: the window's mean is that of the recursion's own weights.
  @Test func theWindowIsExact() throws {
    let beta2 = 0.99
    let squares = (1...60).map { Double($0 % 7) + 0.5 }
    var v = 0.0
    var at20 = 0.0
    for (t, g) in squares.enumerated() {
      v = beta2 * v + (1 - beta2) * g
      if t == 19 { at20 = v }
    }
    let window = try #require(
      WindowedSecondMoment.between(moment(20, at20), moment(60, v), beta2: beta2).value)
    let weights = (20..<60).map { pow(beta2, Double(59 - $0)) }
    let expected =
      zip(weights, squares[20...]).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    #expect(close(window.value, expected, 1e-12))
    #expect(window.fromStep == 20 && window.toStep == 60)
    #expect(window.flags == [.trueLabels, .clippingUnknown])
    let whole = try #require(
      WindowedSecondMoment.between(nil, moment(60, v), beta2: beta2, clipped: true).value)
    #expect(close(whole.value, v / (1 - pow(beta2, 60)), 1e-12))
    #expect(whole.flags == [.trueLabels, .sinceStart, .censoredClipping])
  }

  @Test func doubtsAreFlagged() throws {
    let short = try #require(
      WindowedSecondMoment.between(
        moment(1000, 1, low: true), moment(1100, 1.05, low: true), beta2: 0.999, clipped: false
      ).value)
    #expect(short.flags == [.trueLabels, .lowPrecisionWindow])
    let long = try #require(
      WindowedSecondMoment.between(
        moment(1000, 1, low: true), moment(3000, 1.05, low: true), beta2: 0.999, clipped: false
      ).value)
    #expect(long.flags == [.trueLabels])
    let rounded = try #require(
      WindowedSecondMoment.between(
        moment(10, 1), moment(11, 0.999 - 1e-9), beta2: 0.999, clipped: false
      ).value)
    #expect(rounded.value == 0)
    #expect(rounded.flags == [.trueLabels, .roundedUp])
  }

  @Test func impossibleWindowsSayWhy() {
    func reason(_ a: SecondMoment?, _ b: SecondMoment, beta2: Double = 0.999) -> String? {
      WindowedSecondMoment.between(a, b, beta2: beta2).reason
    }
    #expect(reason(moment(5, 1), moment(5, 1)) == "step 5 is not after step 5")
    #expect(reason(nil, moment(0, 0)) == "step 0 is not after step 0")
    #expect(reason(nil, moment(5, .nan)) == "the second moment is not finite and positive")
    #expect(reason(nil, moment(5, 1), beta2: 1) == "beta2 is 1.0, not between 0 and 1")
    #expect(
      reason(moment(5, 10), moment(6, 1))
        == "the moments cannot belong to one run: the window's mean is negative")
    #expect(
      reason(
        SecondMoment(step: 1, sum: 1, elements: 3, lowPrecision: false), moment(6, 1))
        == "the layer changed shape")
  }

  /// Gradients of mean μ and noise Σ/B, run through Adam to its stationary state: the formulas
  /// of measurements.md §4 give both back.
  @Test func momentsGiveBackNoiseAndSignal() throws {
    let (signal, noise, beta1, beta2, batch) = (4.0, 1.5, 0.9, 0.999, 32)
    // In expectation: v̂ = μ² + noise, m̂² = μ² + noise (1−β1)/(1+β1), both bias-corrected.
    let step = 100_000
    let statistics = try #require(
      MomentStatistics.from(
        secondSum: signal + noise,
        squaredFirstSum: signal + noise * (1 - beta1) / (1 + beta1), step: step, beta1: beta1,
        beta2: beta2, batch: batch
      ).value)
    #expect(close(statistics.noise, noise, 1e-9))
    #expect(close(statistics.signal, signal, 1e-9))
    // E‖g of one example‖² is μ² + Σ, with Σ = B · noise.
    #expect(
      close(try #require(statistics.empiricalFisher), signal + Double(batch) * noise, 1e-9))
    let unknown = try #require(
      MomentStatistics.from(
        secondSum: 1, squaredFirstSum: 0.5, step: 1, beta1: beta1, beta2: beta2, batch: nil
      ).value)
    #expect(unknown.empiricalFisher == nil)
    #expect(unknown.flags == [.trueLabels, .batchUnknown])
    #expect(
      MomentStatistics.from(
        secondSum: 1, squaredFirstSum: 1, step: 0, beta1: beta1, beta2: beta2, batch: 1
      ).reason == "no update was made yet")
  }
}
