import Diagnostics
import Foundation
import Information
import Networks
import Tensors
import Testing

/// Against float64 PyTorch by plain autograd (Fixtures/generate.py), and against itself.
@Suite struct FisherTests {
  private func estimate(
    _ golden: Goldens.NetworkCase, labels: LabelPlan = .exact, threads: Int = 2, block: Int = 4,
    sampling: ScoreSampling = .signs
  ) throws -> FisherEstimate {
    let task = try #require(ProbeTask(rawValue: golden.task))
    var estimator = FisherEstimator(task: task, labels: labels, targets: golden.targets)
    estimator.blockExamples = block
    estimator.threads = threads
    estimator.sampling = sampling
    let model = golden.model
    return try estimator.estimate(examples: golden.examples, weights: model.weights) { (range) in
      model.network(range)
    }
  }

  private func expectExact(
    _ estimate: FisherEstimate, _ golden: Goldens.NetworkCase, tolerance: Double
  ) throws {
    let total = golden.total(golden.fisher).reduce(0, +)
    for parameter in estimate.parameters {
      let name = parameter.name
      let wanted: [(FisherEstimate.Quantity, [Double]?)] = [
        (.fisher, golden.fisher[name]), (.empirical, golden.empirical[name]),
        (.jacobian, golden.jacobian[name]),
      ]
      for (quantity, values) in wanted {
        let values = try #require(values)
        let measured = try #require(parameter.contributions(quantity))
        let mean = values.reduce(0, +) / Double(values.count)
        for n in values.indices {
          #expect(
            close(measured[n], values[n], tolerance, floor: 1e-4 * mean),
            "\(quantity) of \(name), example \(n): \(measured[n]), not \(values[n])")
        }
      }
      let diagonal = try #require(parameter.diagonal)
      for (a, b) in zip(diagonal, try #require(golden.diagonal[name])) {
        #expect(close(Double(a), b, tolerance, floor: 1e-8 * total), "diagonal of \(name)")
      }
      let free = try #require(parameter.scaleFree).reduce(0, +) / Double(golden.examples)
      #expect(close(free, try #require(golden.scaleFree[name]), tolerance))
      // The trace and the diagonal are the same quantity.
      let trace = parameter.fisher.reduce(0, +) / Double(golden.examples)
      #expect(close(diagonal.reduce(0) { $0 + Double($1) }, trace, 1e-5))
    }
    let performance = estimate.performance
    #expect(close(try #require(performance.loss.value).value, golden.loss, 1e-5))
    if let accuracy = golden.accuracy {
      #expect(close(try #require(performance.accuracy.value).value, accuracy, 1e-12))
      #expect(
        close(
          try #require(performance.confidence.value).value, try #require(golden.confidence), 1e-5))
      #expect(
        close(
          try #require(performance.entropyBits.value).value, try #require(golden.entropyBits),
          1e-5))
      #expect(
        close(
          try #require(performance.usableInformationBits.value).value,
          try #require(golden.usableInformationBits), 1e-4))
    } else {
      #expect(performance.accuracy.reason == "a regression has no classes")
    }
  }

  @Test func classification() throws {
    let golden = try Goldens.load().classification
    try expectExact(try estimate(golden), golden, tolerance: 2e-5)
  }

  /// Confidence down to 1e-6 of examples: nothing may cancel in 1 − p.
  @Test func confidentClassification() throws {
    let golden = try Goldens.load().confident
    try expectExact(try estimate(golden), golden, tolerance: 1e-4)
  }

  @Test func languageModel() throws {
    let golden = try Goldens.load().languageModel
    let estimate = try estimate(golden)
    #expect(estimate.positions == Double(golden.positions - 1))
    try expectExact(estimate, golden, tolerance: 2e-5)
  }

  @Test func regression() throws {
    let golden = try Goldens.load().regression
    try expectExact(try estimate(golden), golden, tolerance: 2e-5)
  }

  @Test func standardErrorsAreOverExamples() throws {
    let golden = try Goldens.load().classification
    let trace = try #require(try estimate(golden).trace(.fisher).value)
    let totals = golden.total(golden.fisher)
    let count = Double(totals.count)
    let mean = totals.reduce(0, +) / count
    let variance = totals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    #expect(close(trace.value, mean, 1e-5))
    #expect(close(try #require(trace.standardError), (variance / count).squareRoot(), 1e-4))
  }

  @Test(arguments: [LabelPlan.exact, .sampled(draws: 2, seed: 3)])
  func threadsChangeNothing(_ labels: LabelPlan) throws {
    let golden = try Goldens.load().classification
    let one = try estimate(golden, labels: labels, threads: 1, block: 3)
    let many = try estimate(golden, labels: labels, threads: 4, block: 3)
    for (a, b) in zip(one.parameters, many.parameters) {
      #expect(a.fisher == b.fisher)
      #expect(a.empirical == b.empirical)
      #expect(a.jacobian == b.jacobian)
      #expect(a.diagonal == b.diagonal)
    }
    #expect(one.recordings.map(\.values) == many.recordings.map(\.values))
  }

  /// Draws belong to examples: blocks must not shift them.
  @Test func blocksChangeNoDraw() throws {
    let golden = try Goldens.load().classification
    let labels = LabelPlan.sampled(draws: 3, seed: 11)
    let small = try estimate(golden, labels: labels, block: 1)
    let large = try estimate(golden, labels: labels, block: 10)
    for (a, b) in zip(small.parameters, large.parameters) {
      #expect(a.fisher == b.fisher)
      #expect(a.jacobian == b.jacobian)
    }
  }

  /// Eighty seeds: their mean lies within three of its standard errors of the exact value, and
  /// that error is small enough for the test to notice a bias of a tenth.
  @Test(arguments: ["classification", "language-model", "regression"], ScoreSampling.allCases)
  func samplingIsUnbiased(_ task: String, _ sampling: ScoreSampling) throws {
    let goldens = try Goldens.load()
    let golden = try #require(
      [goldens.classification, goldens.languageModel, goldens.regression]
        .first { $0.task == task })
    let exact = golden.total(golden.fisher).reduce(0, +) / Double(golden.examples)
    let jacobian = golden.total(golden.jacobian).reduce(0, +) / Double(golden.examples)
    for (quantity, wanted) in [(FisherEstimate.Quantity.fisher, exact), (.jacobian, jacobian)] {
      let values = try (0..<80).map { seed in
        let plan = LabelPlan.sampled(draws: 4, seed: UInt64(seed))
        let estimate = try estimate(golden, labels: plan, sampling: sampling)
        return try #require(estimate.trace(quantity).value).value
      }
      let mean = values.reduce(0, +) / 80
      let deviation =
        (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 79 / 80).squareRoot()
      #expect(deviation > 0)
      #expect(abs(mean - wanted) < 3 * deviation, "\(quantity): \(mean) ± \(deviation), \(wanted)")
      #expect(deviation < wanted / 30)
    }
  }

  /// Of a sure network, where drawn labels miss what makes the trace: single draws of signs stay
  /// close.
  @Test func signsAreCalmOfASureNetwork() throws {
    let golden = try Goldens.load().confident
    let exact = golden.total(golden.fisher).reduce(0, +) / Double(golden.examples)
    func spread(_ sampling: ScoreSampling) throws -> Double {
      var squares = 0.0
      for seed in 0..<60 {
        let plan = LabelPlan.sampled(draws: 1, seed: UInt64(seed))
        let estimate = try estimate(golden, labels: plan, sampling: sampling)
        let trace = try #require(estimate.trace(.fisher).value)
        squares += (trace.value / exact - 1) * (trace.value / exact - 1)
      }
      return (squares / 60).squareRoot()
    }
    let signs = try spread(.signs)
    let labels = try spread(.labels)
    #expect(signs * 3 < labels, "\(signs) against \(labels)")
  }

  @Test func aProbeWithoutTargets() throws {
    let golden = try Goldens.load().classification
    let model = golden.model
    let estimator = FisherEstimator(task: .classification, labels: .exact, targets: nil)
    let estimate = try estimator.estimate(examples: golden.examples) { range in
      model.network(range)
    }
    #expect(estimate.performance.loss.reason == "the probe has no target")
    #expect(estimate.performance.confidence.value != nil)
    #expect(estimate.trace(.empirical).value == nil)
    #expect(estimate.trace(.scaleFree).reason == "the weights were not given")
    let exact = golden.total(golden.fisher).reduce(0, +) / Double(golden.examples)
    #expect(close(try #require(estimate.trace(.fisher).value).value, exact, 1e-5))
  }

  /// More classes than the fused kernel takes go class by class, with the same result.
  @Test func manyClasses() throws {
    let golden = try Goldens.load().classification
    let classes = 70
    var weights = golden.model.weights
    let hidden = golden.hidden
    weights["fc2.weight"] = Tensor(
      shape: Shape([classes, hidden]),
      values: (0..<classes * hidden).map { Float(sin(Double($0) * 2.3)) })
    weights["fc2.bias"] = Tensor(
      shape: Shape([classes]), values: (0..<classes).map { Float(cos(Double($0))) })
    let model = Perceptron(
      positions: 1, inputs: golden.inputs, hidden: hidden, classes: classes, input: golden.input,
      weights: weights, isSequence: false)
    let estimator = FisherEstimator(task: .classification, labels: .exact, targets: nil)
    let estimate = try estimator.estimate(examples: model.examples) { range in
      model.network(range)
    }
    // The slow way: the gradient of every class, squared in double.
    let network = model.network(0..<1)
    let logits = try network.forward().map { Double($0) }
    let total = logits.reduce(0) { $0 + exp($1) }
    let p = logits.map { exp($0) / total }
    var cotangents: [Float] = []
    for c in 0..<classes {
      cotangents += (0..<classes).map { Float(($0 == c ? 1 : 0) - p[$0]) }
    }
    var expected = 0.0
    try network.backward(cotangents: cotangents, count: classes) { _, _, g in
      let count = g.count / classes
      for (i, value) in g.enumerated() { expected += p[i / count] * Double(value) * Double(value) }
    }
    let measured = try #require(estimate.contributions(.fisher))
    #expect(close(measured[0], expected, 1e-5))
  }

  @Test func divergedNetworksGiveReasonsNotNumbers() throws {
    let golden = try Goldens.load().classification
    var weights = golden.model.weights
    weights["fc2.bias"] = Tensor(shape: Shape([4]), values: [0, .nan, 0, 0])
    let model = Perceptron(
      positions: 1, inputs: golden.inputs, hidden: golden.hidden, classes: 4, input: golden.input,
      weights: weights, isSequence: false)
    for labels in [LabelPlan.exact, .sampled(draws: 1, seed: 0)] {
      let estimator = FisherEstimator(
        task: .classification, labels: labels, targets: golden.targets)
      let estimate = try estimator.estimate(examples: golden.examples, weights: weights) { range in
        model.network(range)
      }
      #expect(estimate.trace(.fisher).reason == "not finite on the probe")
      #expect(estimate.performance.loss.reason == "not finite on the probe")
      #expect(Shares.of(estimate.layerContributions.means).value == nil)
      let layers = try #require(estimate.weightedLayers(weights).value)
      #expect(WeightInformation.at(toleranceNats: 0.01, layers: layers).value == nil)
    }
  }

  @Test func problemsSayWhatIsWrong() throws {
    let golden = try Goldens.load().classification
    let model = golden.model
    func message(_ task: ProbeTask, _ targets: BatchArray?, examples: Int = 10) -> String {
      do {
        _ = try FisherEstimator(task: task, labels: .exact, targets: targets)
          .estimate(examples: examples) { range in model.network(range) }
        return "no problem"
      } catch {
        return "\(error)"
      }
    }
    let tooLarge = BatchArray.integer(
      IntegerTensor(shape: Shape([10]), values: [0, 1, 2, 3, 4, 0, 0, 0, 0, 0]))
    #expect(
      message(.classification, tooLarge)
        == "bad-target: probe: the target holds class 4 at example 4, where there are 4; "
        + "write batch.npz again with one target for each example")
    let tooFew = BatchArray.integer(IntegerTensor(shape: Shape([3]), values: [0, 1, 2]))
    #expect(
      message(.classification, tooFew)
        == "bad-target: probe: the target holds shape [3], where 10 examples need 1 each; "
        + "write batch.npz again with one target for each example")
    #expect(
      message(.languageModel, nil)
        == "bad-output: probe: one example's output is [4], where language-model needs "
        + "[positions, classes] with two positions or more; state another `task:` in probe.yaml, "
        + "or export the graph with that output")
    #expect(
      message(.classification, nil, examples: 0)
        == "no-examples: probe: the batch holds no examples; write batch.npz again with some")
  }

  @Test func tasksAreTold() throws {
    let labels = BatchArray.integer(IntegerTensor(shape: Shape([1]), values: [0]))
    let reals = BatchArray.real(Tensor(shape: Shape([1]), values: [0]))
    #expect(try ProbeTask.told(byOutput: Shape([10]), targets: labels) == .classification)
    #expect(try ProbeTask.told(byOutput: Shape([8, 10]), targets: nil) == .languageModel)
    #expect(try ProbeTask.told(byOutput: Shape([8, 10]), targets: reals) == .regression)
    #expect(throws: Problem.self) {
      try ProbeTask.told(byOutput: Shape([3, 8, 10]), targets: labels)
    }
    #expect(
      LabelPlan.standard(for: .classification, output: Shape([33]), seed: 5)
        == .sampled(draws: 1, seed: 5))
    #expect(LabelPlan.standard(for: .classification, output: Shape([32]), seed: 5) == .exact)
  }

  @Test func aFailingBlockEndsTheEstimate() throws {
    let golden = try Goldens.load().classification
    let model = golden.model
    var estimator = FisherEstimator(task: .classification, labels: .exact, targets: nil)
    estimator.blockExamples = 1
    let made: @Sendable (Range<Int>) throws(Problem) -> any DifferentiableNetwork = {
      (range) throws(Problem) in
      if range.lowerBound >= 6 {
        throw Problem("test", at: "block \(range.lowerBound)", "fails", remedy: "nothing")
      }
      return model.network(range)
    }
    // The first in block order, whichever thread was first.
    #expect(throws: Problem("test", at: "block 6", "fails", remedy: "nothing")) {
      try estimator.estimate(examples: 10, network: made)
    }
  }
}
