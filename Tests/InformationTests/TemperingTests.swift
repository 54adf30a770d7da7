import Foundation
import Tensors
import Testing

@testable import Information

@Suite struct TemperingTests {
  /// Mean entropy of two predictions at a temperature, nats.
  private func entropy(_ temperature: Double) -> Double {
    [[0.0, 1, 2, 3], [-4, 0.5, 8, 1]].reduce(0) { sum, logits in
      let z = logits.map { ($0 - 8) / temperature }
      let top = z.max() ?? 0
      let total = z.reduce(0) { $0 + exp($1 - top) }
      return sum
        - z.reduce(0) { partial, value in
          let p = exp(value - top) / total
          return p > 0 ? partial + p * log(p) : partial
        }
    } / 2
  }

  @Test(arguments: [1e-6, 0.01, 0.2, 0.7, 1, 1.2, 1.38])
  func hasTheEntropyThatWasAskedFor(_ nats: Double) throws {
    var evaluations = 0
    let temperature = Tempering.temperature(entropy: nats) {
      evaluations += 1
      return entropy($0)
    }
    #expect(close(entropy(try #require(temperature.value)), nats, 1e-7))
    #expect(evaluations < 40)
  }

  @Test func impossibleEntropiesSaySo() {
    let reason = Tempering.temperature(entropy: 2, entropy).reason
    #expect(reason == "no temperature gives the reference's entropy, \(2 / M_LN2) bits")
    #expect(Tempering.temperature(entropy: 0, entropy).reason == "the reference's entropy is zero")
    #expect(Tempering.temperature(entropy: 1) { _ in .nan }.reason == "a logit is not finite")
    #expect(Tempering.temperature(entropy: 1) { _ in 0.5 }.value == nil)
  }

  private func estimator(_ golden: Goldens.NetworkCase, _ labels: LabelPlan) throws
    -> FisherEstimator
  {
    let task = try #require(ProbeTask(rawValue: golden.task))
    var estimator = FisherEstimator(task: task, labels: labels, targets: golden.targets)
    estimator.blockExamples = 4
    return estimator
  }

  /// A network whose last layer is divided by τ has the tempered prediction; its Fisher information in
  /// the first layer is the tempered one.
  @Test(arguments: ["classification", "language-model"])
  func dividesTheLogits(_ task: String) throws {
    let goldens = try Goldens.load()
    let golden = task == "classification" ? goldens.classification : goldens.languageModel
    let (model, temperature) = (golden.model, 1.7)
    var tempered = try estimator(golden, .exact)
    tempered.temperature = temperature
    let measured = try tempered.estimate(examples: golden.examples) { (range) in
      model.network(range)
    }
    var weights = model.weights
    for name in ["fc2.weight", "fc2.bias"] {
      let tensor = try #require(weights[name])
      weights[name] = Tensor(
        shape: tensor.shape, values: tensor.values.map { Float(Double($0) / temperature) })
    }
    let divided = Perceptron(
      positions: model.positions, inputs: model.inputs, hidden: model.hidden,
      classes: model.classes, input: model.input, weights: weights, isSequence: model.isSequence)
    let wanted = try estimator(golden, .exact).estimate(examples: golden.examples) { (range) in
      divided.network(range)
    }
    for (a, b) in zip(measured.parameters, wanted.parameters) {
      // ∂/∂w of the divided layer is τ times that of the layer before it was divided.
      let factor = a.layer == 0 ? 1 : 1 / (temperature * temperature)
      for (x, y) in zip(a.fisher, b.fisher) { #expect(close(x, y * factor, 1e-4, floor: 1e-9)) }
      for (x, y) in zip(try #require(a.diagonal), try #require(b.diagonal)) {
        #expect(close(Double(x), Double(y) * factor, 1e-3, floor: 1e-6))
      }
    }
    // And the trace alone, by norms, is the same.
    tempered.measuresOnlyTrace()
    let norms = try tempered.estimate(examples: golden.examples) { (range) in
      model.network(range)
    }
    let total = try #require(measured.trace(.fisher).value).value
    #expect(close(try #require(norms.trace(.fisher).value).value, total, 1e-4))
  }

  @Test func temperatureGivesTheReferencesEntropy() throws {
    let golden = try Goldens.load().confident
    let model = golden.model
    var estimator = try estimator(golden, .exact)
    let temperature = try #require(
      try estimator.temperature(
        entropyBits: 0.9, examples: golden.examples, blocks: [0..<3, 3..<golden.examples]
      ) {
        (range) in model.network(range)
      }.value)
    #expect(temperature > 1)
    estimator.temperature = temperature
    let estimate = try estimator.estimate(examples: golden.examples) { (range) in
      model.network(range)
    }
    #expect(close(try #require(estimate.performance.entropyBits.value).value, 0.9, 1e-5))
    let regression = try Goldens.load().regression
    let other = regression.model
    #expect(
      try self.estimator(regression, .exact).temperature(
        entropyBits: 1, examples: 9, blocks: [0..<9]
      ) {
        (range) in other.network(range)
      }.reason == "a regression has no classes")
  }
}
