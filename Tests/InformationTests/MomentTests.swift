import Foundation
import Information
import TestSupport
import Testing

@Suite struct MomentTests {
  private func moment(
    _ step: Int, _ sum: Double, beta2: Double = 0.999, low: Bool = false
  ) -> SecondMoment {
    SecondMoment(.mean(beta2: beta2), step: step, sum: sum, elements: 10, lowPrecision: low)
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
      WindowedSecondMoment.between(
        moment(20, at20, beta2: beta2), moment(60, v, beta2: beta2)
      ).value)
    let weights = (20..<60).map { pow(beta2, Double(59 - $0)) }
    let expected =
      zip(weights, squares[20...]).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    #expect(close(window.value, expected, 1e-12))
    #expect(window.fromStep == 20 && window.toStep == 60)
    #expect(window.flags == [.trueLabels, .clippingUnknown])
    let whole = try #require(
      WindowedSecondMoment.between(nil, moment(60, v, beta2: beta2), clipped: true).value)
    #expect(close(whole.value, v / (1 - pow(beta2, 60)), 1e-12))
    #expect(whole.flags == [.trueLabels, .sinceStart, .censoredClipping])
  }

  /// After however few updates, of gradients whose mean and noise are known.
  @Test(arguments: [2, 3, 5, 12, 100])
  func noiseIsToldFromSignal(updates: Int) throws {
    var random = Seeded(seed: UInt64(updates))
    let (beta1, beta2, mean, deviation, elements) = (0.9, 0.999, 0.3, 2.0, 20_000)
    var (second, squaredFirst) = (0.0, 0.0)
    for _ in 0..<elements {
      var (m, v) = (0.0, 0.0)
      for _ in 0..<updates {
        // Of the uniform distribution with that deviation.
        let g = mean + deviation * 3.0.squareRoot() * Double.random(in: -1...1, using: &random)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
      }
      second += v
      squaredFirst += m * m
    }
    let found = try #require(
      MomentStatistics.from(
        secondSum: second, squaredFirstSum: squaredFirst, step: updates, beta1: beta1,
        beta2: beta2, batch: 16
      ).value)
    let size = Double(elements)
    #expect(close(found.noise / size, deviation * deviation, 0.05), "\(found.noise / size)")
    let fisher = try #require(found.empiricalFisher) / size
    #expect(close(fisher, 16 * deviation * deviation + mean * mean, 0.05), "\(fisher)")
  }

  @Test func doubtsAreFlagged() throws {
    let short = try #require(
      WindowedSecondMoment.between(
        moment(1000, 1, low: true), moment(1100, 1.05, low: true), clipped: false
      ).value)
    #expect(short.flags == [.trueLabels, .lowPrecisionWindow])
    let long = try #require(
      WindowedSecondMoment.between(
        moment(1000, 1, low: true), moment(3000, 1.05, low: true), clipped: false
      ).value)
    #expect(long.flags == [.trueLabels])
    let rounded = try #require(
      WindowedSecondMoment.between(
        moment(10, 1), moment(11, 0.999 - 1e-9), clipped: false
      ).value)
    #expect(rounded.value == 0)
    #expect(rounded.flags == [.trueLabels, .roundedUp])
  }

  @Test func impossibleWindowsSayWhy() {
    func reason(_ a: SecondMoment?, _ b: SecondMoment) -> String? {
      WindowedSecondMoment.between(a, b).reason
    }
    #expect(reason(moment(5, 1), moment(5, 1)) == "step 5 is not after step 5")
    #expect(reason(nil, moment(0, 0)) == "no update was made yet")
    #expect(reason(nil, moment(5, .nan)) == "the second moment is not finite and positive")
    #expect(reason(nil, moment(5, 1, beta2: 1)) == "beta2 is 1.0, not between 0 and 1")
    #expect(
      reason(moment(5, 10), moment(6, 1))
        == "the moments cannot belong to one run: the window's mean is negative")
    #expect(
      reason(
        SecondMoment(.mean(beta2: 0.999), step: 1, sum: 1, elements: 3, lowPrecision: false),
        moment(6, 1)) == "the layer changed shape")
    #expect(
      reason(moment(5, 1, beta2: 0.99), moment(6, 1)) == "beta2 went from 0.99 to 0.999 in between")
    #expect(reason(sum(5, 1, from: 0), moment(6, 1)) == "the optimizer was another in between")
    #expect(
      reason(nil, sum(5, 1, from: nil))
        == "what the sum of squared gradients began at is not known")
    #expect(
      reason(nil, sum(5, 0.5, from: 0.1))
        == "the moments cannot belong to one run: the window's mean is negative")
  }

  private func sum(
    _ step: Int, _ sum: Double, from start: Double?, low: Bool = false
  ) -> SecondMoment {
    SecondMoment(.sum(from: start), step: step, sum: sum, elements: 10, lowPrecision: low)
  }

  /// Adagrad's sums: the window's mean is that of its steps, and the first is told from where sums began.
  @Test func theWindowOfASumIsExact() throws {
    let squares = (1...60).map { Double($0 % 7) + 0.5 }
    let start = 10 * 0.1
    let at20 = start + squares[..<20].reduce(0, +)
    let at60 = start + squares.reduce(0, +)
    let first = try #require(
      WindowedSecondMoment.between(nil, sum(20, at20, from: 0.1), clipped: false).value)
    #expect(close(first.value, squares[..<20].reduce(0, +) / 20, 1e-12))
    #expect(first.flags == [.trueLabels, .sinceStart])
    for known in [0.1, nil] {
      let window = try #require(
        WindowedSecondMoment.between(
          sum(20, at20, from: known), sum(60, at60, from: known), clipped: false
        ).value)
      #expect(close(window.value, squares[20...].reduce(0, +) / 40, 1e-12))
      #expect(window.flags == [.trueLabels])
    }
    // Less than was there before is of the size of what 16 bits round.
    for (total, flags) in [
      (150.0, [MomentFlag.trueLabels, .lowPrecisionWindow]), (201, [.trueLabels]),
    ] {
      let window = try #require(
        WindowedSecondMoment.between(
          sum(20, 100, from: 0, low: true), sum(60, total, from: 0, low: true), clipped: false
        ).value)
      #expect(window.flags == flags)
    }
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
        secondSum: 1, squaredFirstSum: 0.5, step: 2, beta1: beta1, beta2: beta2, batch: nil
      ).value)
    #expect(unknown.empiricalFisher == nil)
    #expect(unknown.flags == [.trueLabels, .batchUnknown])
    #expect(
      MomentStatistics.from(
        secondSum: 1, squaredFirstSum: 1, step: 0, beta1: beta1, beta2: beta2, batch: 1
      ).reason == "no update was made yet")
    #expect(
      MomentStatistics.from(
        secondSum: 1, squaredFirstSum: 1, step: 1, beta1: beta1, beta2: beta2, batch: 1
      ).reason == "one update does not tell noise from signal")
  }
}
