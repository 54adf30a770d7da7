import CriticalPeriods
import Foundation

/// Series made to order: each factor of what happens in training can be switched on alone.
struct SyntheticSeries {
  /// Steps of the checkpoints: the start, then four to a doubling.
  var steps: [Int] = [0] + (8...48).map { Int(exp2(Double($0) / 4).rounded()) }
  /// The information as a function of the step.
  var information: (Int) -> Double = { _ in 100 }
  /// The shares of the layers as a function of the step.
  var shares: (Int) -> [Double] = { _ in [0.5, 0.3, 0.2] }
  var confidence: (Int) -> Double? = { _ in nil }
  var jacobianTrace: (Int) -> Double? = { _ in nil }
  var learningRate: (Int) -> Double? = { _ in nil }
  var weightNorm: (Int) -> Double? = { _ in nil }
  var scaleFreeTrace: (Int) -> Double? = { _ in nil }
  var loss: (Int) -> Double? = { _ in nil }
  var accuracy: (Int) -> Double? = { _ in nil }
  var epoch: (Int) -> Double? = { _ in nil }
  var targetEntropy: Double?
  /// Relative standard error.
  var error: Double? = 0.02
  /// Relative noise of each layer's information, drawn from `seed`.
  var noise = 0.0
  var seed: UInt64 = 0

  var points: [SeriesPoint] {
    var generator = Congruential(state: seed)
    return steps.map { step in
      let parts = shares(step).map { $0 * information(step) * exp(noise * generator.normal()) }
      let total = parts.reduce(0, +)
      return SeriesPoint(
        step: step, information: total, informationStandardError: error.map { $0 * total },
        layers: parts.enumerated().map { LayerPoint(name: "l\($0)", information: $1) },
        loss: loss(step), accuracy: accuracy(step), confidence: confidence(step),
        jacobianTrace: jacobianTrace(step), scaleFreeTrace: scaleFreeTrace(step),
        targetEntropy: targetEntropy, epoch: epoch(step),
        learningRate: learningRate(step), weightNorm: weightNorm(step))
    }
  }

  /// Rises as step^2 until `step`, then is level.
  static func rise(until step: Int, to level: Double) -> (Int) -> Double {
    { level * pow(min(Double($0 + 1) / Double(step + 1), 1), 2) }
  }

  /// A network of ten classes, 32 steps to an epoch, that takes its task in as labelled runs do: half
  /// of the task is left after 10 epochs, a quarter after 20.
  static func learning() -> SyntheticSeries {
    var series = SyntheticSeries()
    series.information = SyntheticSeries.rise(until: 2000, to: 100)
    series.shares = SyntheticSeries.fluid(until: 256)
    series.epoch = { Double($0) / 32 }
    series.learningRate = { _ in 0.05 }
    series.loss = { 2.3 * part($0) }
    series.accuracy = { 1 - 0.9 * part($0) }
    series.confidence = { 0.9 * part($0) }
    return series
  }

  /// What remains of the task in `learning`.
  static func part(_ step: Int) -> Double { 1 / (1 + pow(Double(max(step, 0)) / 320, 1.6)) }

  /// Shares that move evenly in log-step, to and fro, until `step`, and then hold.
  static func fluid(until step: Int) -> (Int) -> [Double] {
    { now in
      let travelled = 0.3 * log2(Double(min(max(now, 1), step)))
      let phase = travelled.truncatingRemainder(dividingBy: 1.6)
      let a = 0.1 + min(phase, 1.6 - phase)
      return [a, 0.6 * (1 - a), 0.4 * (1 - a)]
    }
  }
}

/// Knuth's 64-bit linear congruential generator: the tests draw the same numbers everywhere.
struct Congruential: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 32) | (state << 32)
  }

  /// A standard normal number, by Box and Muller.
  mutating func normal() -> Double {
    let u = Double.random(in: Double.leastNormalMagnitude...1, using: &self)
    let v = Double.random(in: 0...1, using: &self)
    return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
  }
}
