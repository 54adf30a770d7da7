import Diagnostics
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@testable import Information

/// Tasks whose positions or outputs are independent, against the definition computed in double
/// precision from the same gradients.
@Suite struct TaskTests {
  private static let (examples, positions, inputs, hidden, classes) = (4, 3, 2, 3, 4)

  private static func model(isSequence: Bool, examples: Int = examples) -> Perceptron {
    var state: UInt64 = 11
    func draw(_ count: Int) -> [Float] {
      (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Double(state >> 33) / Double(UInt64(1) << 31)) * 2 - 1
      }
    }
    func tensor(_ shape: [Int]) -> Tensor {
      Tensor(shape: Shape(shape), values: draw(shape.reduce(1, *)))
    }
    return Perceptron(
      positions: isSequence ? positions : 1, inputs: inputs, hidden: hidden, classes: classes,
      input: draw(examples * (isSequence ? positions : 1) * inputs),
      weights: [
        "fc1.weight": tensor([hidden, inputs]), "fc1.bias": tensor([hidden]),
        "fc2.weight": tensor([classes, hidden]), "fc2.bias": tensor([classes]),
      ], isSequence: isSequence)
  }

  /// ∂z_o/∂w of one example, by parameter: `[outputs][P]`.
  private static func jacobian(_ model: Perceptron, example: Int) throws -> [[[Double]]] {
    let network = model.network(example..<(example + 1))
    _ = try network.forward()
    let count = network.outputShape.count
    var identity = [Float](repeating: 0, count: count * count)
    for o in 0..<count { identity[o * count + o] = 1 }
    return try perExampleGradients(network, cotangents: identity, count: count)
  }

  private static func squared(_ jacobian: [[Double]], _ direction: [Double]) -> Double {
    (0..<jacobian[0].count).reduce(0) { sum, i in
      let g = direction.indices.reduce(0) { $0 + direction[$1] * jacobian[$1][i] }
      return sum + g * g
    }
  }

  private static func softmax(_ z: ArraySlice<Float>) -> [Double] {
    let e = z.map { exp(Double($0)) }
    return e.map { $0 / e.reduce(0, +) }
  }

  private static func expect(
    _ estimate: FisherEstimate, fisher: [[Double]], empirical: [[Double]], loss: Double,
    accuracy: Double, positions: Double
  ) throws {
    #expect(estimate.positions == positions)
    #expect(close(try #require(estimate.performance.loss.value).value, loss, 1e-5))
    #expect(close(try #require(estimate.performance.accuracy.value).value, accuracy, 1e-9))
    for (p, parameter) in estimate.parameters.enumerated() {
      let labelled = try #require(parameter.empirical)
      for n in 0..<examples {
        #expect(close(parameter.fisher[n], fisher[n][p], 1e-4, floor: 1e-4), "\(parameter.name)")
        #expect(close(labelled[n], empirical[n][p], 1e-4, floor: 1e-4), "\(parameter.name)")
      }
    }
  }

  /// CrossEntropyLoss ignores −100 of a classification too.
  @Test func ignoredExamplesCountInNothing() throws {
    let model = Self.model(isSequence: false)
    let labels: [Int64] = [0, -100, 3, 1]
    let targets = BatchArray.integer(IntegerTensor(shape: Shape([4]), values: labels))
    let estimate = try FisherEstimator(task: .classification, labels: .exact, targets: targets)
      .estimate(examples: 4, weights: model.weights) { model.network($0) }
    var loss = 0.0
    for n in [0, 2, 3] {
      let p = Self.softmax(try model.network(n..<(n + 1)).forward()[...])
      loss -= log(p[Int(labels[n])]) / 3
    }
    #expect(close(try #require(estimate.performance.loss.value).value, loss, 1e-5))
    #expect(estimate.parameters.allSatisfy { $0.fisher[1] == 0 && $0.fisher[0] > 0 })
  }

  @Test func ignoredPositionsCountInNothing() throws {
    let model = Self.model(isSequence: true)
    let labels: [Int64] = [0, -100, 3, -100, -100, 1, 2, 2, 2, -100, 0, -100]
    let targets = BatchArray.integer(IntegerTensor(shape: Shape([4, 3]), values: labels))
    var (fisher, empirical): ([[Double]], [[Double]]) = ([], [])
    var (loss, hits, count) = (0.0, 0.0, 0.0)
    for n in 0..<Self.examples {
      let logits = try model.network(n..<(n + 1)).forward()
      let jacobian = try Self.jacobian(model, example: n)
      var exact = [Double](repeating: 0, count: 4)
      var score = [Double](repeating: 0, count: logits.count)
      for t in 0..<Self.positions where labels[n * 3 + t] >= 0 {
        let p = Self.softmax(logits[t * 4..<(t + 1) * 4])
        let label = Int(labels[n * 3 + t])
        loss -= log(p[label])
        hits += p.firstIndex(of: p.max() ?? 0) == label ? 1 : 0
        count += 1
        for c in 0..<4 {
          var direction = [Double](repeating: 0, count: logits.count)
          for k in 0..<4 { direction[t * 4 + k] = (k == c ? 1 : 0) - p[k] }
          for q in exact.indices { exact[q] += p[c] * Self.squared(jacobian[q], direction) }
          score[t * 4 + c] = (c == label ? 1 : 0) - p[c]
        }
      }
      fisher.append(exact)
      empirical.append(jacobian.map { Self.squared($0, score) })
    }
    for task in [ProbeTask.tokenClassification, .maskedLanguageModel] {
      let estimate = try FisherEstimator(task: task, labels: .exact, targets: targets)
        .estimate(examples: 4, weights: model.weights) { model.network($0) }
      try Self.expect(
        estimate, fisher: fisher, empirical: empirical, loss: loss / count,
        accuracy: hits / count, positions: count / 4)
    }
    // The mean over seeds of drawn scores is the exact trace.
    let draws = try FisherEstimator(
      task: .tokenClassification, labels: .sampled(draws: 4000, seed: 3), targets: targets
    )
    .estimate(examples: 4) { model.network($0) }
    for n in 0..<4 {
      let drawn = draws.parameters.reduce(0) { $0 + $1.fisher[n] }
      #expect(close(drawn, fisher[n].reduce(0, +), 0.1), "example \(n)")
    }
  }

  @Test func pixelsComeAfterClasses() throws {
    // [positions, classes] read as [classes, pixels]: 3 classes, 4 pixels.
    let model = Self.model(isSequence: true)
    let labels: [Int64] = [0, 255, 2, 1, -100, 1, 1, 0, 2, 2, 255, 0, 1, 0, 0, 2]
    let targets = BatchArray.integer(IntegerTensor(shape: Shape([4, 4]), values: labels))
    var (fisher, empirical): ([[Double]], [[Double]]) = ([], [])
    var (loss, hits, count) = (0.0, 0.0, 0.0)
    for n in 0..<Self.examples {
      let logits = try model.network(n..<(n + 1)).forward()
      let jacobian = try Self.jacobian(model, example: n)
      var exact = [Double](repeating: 0, count: 4)
      var score = [Double](repeating: 0, count: logits.count)
      for x in 0..<4 where (0..<3).contains(labels[n * 4 + x]) {
        let p = Self.softmax([logits[x], logits[4 + x], logits[8 + x]])
        let label = Int(labels[n * 4 + x])
        loss -= log(p[label])
        hits += p.firstIndex(of: p.max() ?? 0) == label ? 1 : 0
        count += 1
        for c in 0..<3 {
          var direction = [Double](repeating: 0, count: logits.count)
          for k in 0..<3 { direction[k * 4 + x] = (k == c ? 1 : 0) - p[k] }
          for q in exact.indices { exact[q] += p[c] * Self.squared(jacobian[q], direction) }
          score[c * 4 + x] = (c == label ? 1 : 0) - p[c]
        }
      }
      fisher.append(exact)
      empirical.append(jacobian.map { Self.squared($0, score) })
    }
    var estimator = FisherEstimator(task: .segmentation, labels: .exact, targets: targets)
    estimator.secondTemperature = 1
    let estimate = try estimator.estimate(examples: 4, weights: model.weights) {
      model.network($0)
    }
    for parameter in estimate.parameters {
      for (tempered, plain) in zip(try #require(parameter.tempered), parameter.fisher) {
        #expect(close(tempered, plain, 1e-6))
      }
    }
    try Self.expect(
      estimate, fisher: fisher, empirical: empirical, loss: loss / count, accuracy: hits / count,
      positions: count / 4)
  }

  /// Examples with different numbers of labels: the mean is one over labels, and so is its error.
  @Test func meansOverLabelsHaveTheirError() throws {
    let examples = 60
    var random = Seeded(seed: 4)
    // One class in four, and from none to three labels of three positions.
    var labels: [Int64] = []
    for _ in 0..<examples {
      let count = Int.random(in: 0...3, using: &random)
      labels += (0..<3).map { $0 < count ? Int64.random(in: 0..<2, using: &random) : -100 }
    }
    func performance(_ model: Perceptron, _ part: [Int]) throws -> Performance {
      let values = part.flatMap { labels[$0 * 3..<$0 * 3 + 3] }
      let some = Perceptron(
        positions: 3, inputs: model.inputs, hidden: model.hidden, classes: 4,
        input: part.flatMap { model.input[$0 * 3 * model.inputs..<($0 + 1) * 3 * model.inputs] },
        weights: model.weights, isSequence: true)
      let estimator = FisherEstimator(
        task: .tokenClassification, labels: .exact,
        targets: .integer(IntegerTensor(shape: Shape([part.count, 3]), values: values)))
      return try estimator.performance(
        examples: part.count, blocks: [0..<part.count], threads: 1
      ) { some.network($0) }
    }
    let model = Self.model(isSequence: true, examples: examples)
    let all = try performance(model, Array(0..<examples))
    // Leaving one example out at a time, to second order the same.
    let others = try (0..<examples).map { left in
      try performance(model, (0..<examples).filter { $0 != left })
    }
    for quantity in [\Performance.loss, \.accuracy, \.entropyBits, \.usableInformationBits] {
      let estimates = try others.map { try #require($0[keyPath: quantity].value).value }
      let wanted = try #require(ExampleGroups.standardError(leavingOneOut: estimates))
      let error = try #require(all[keyPath: quantity].value?.standardError)
      #expect(close(error, wanted, 0.05), "\(quantity): \(error), \(wanted)")
    }
    // A network that knows nothing loses ln C by every label: nothing is uncertain.
    var weights = model.weights
    for name in ["fc2.weight", "fc2.bias"] {
      let shape = try #require(weights[name]).shape
      weights[name] = Tensor(shape: shape, values: [Float](repeating: 0, count: shape.count))
    }
    let ignorant = Perceptron(
      positions: 3, inputs: model.inputs, hidden: model.hidden, classes: 4, input: model.input,
      weights: weights, isSequence: true)
    let loss = try #require(try performance(ignorant, Array(0..<examples)).loss.value)
    #expect(close(loss.value, log(4), 1e-6))
    #expect(try #require(loss.standardError) < 1e-6)
  }

  @Test func labelsIndependentOfEachOther() throws {
    let model = Self.model(isSequence: false)
    let labels: [Float] = [1, 0, 0, 1, 0, -100, 1, 1, 0, 0, 0, 1, 1, 1, 0, -100]
    let targets = BatchArray.real(Tensor(shape: Shape([4, 4]), values: labels))
    var (fisher, empirical): ([[Double]], [[Double]]) = ([], [])
    var (loss, hits, count) = (0.0, 0.0, 0.0)
    for n in 0..<Self.examples {
      let logits = try model.network(n..<(n + 1)).forward()
      let jacobian = try Self.jacobian(model, example: n)
      var exact = [Double](repeating: 0, count: 4)
      var score = [Double](repeating: 0, count: 4)
      for o in 0..<4 where labels[n * 4 + o] >= 0 {
        let y = Double(labels[n * 4 + o])
        let p = 1 / (1 + exp(-Double(logits[o])))
        loss -= y * log(p) + (1 - y) * log(1 - p)
        hits += (p > 0.5) == (y == 1) ? 1 : 0
        count += 1
        score[o] = y - p
        var direction = [Double](repeating: 0, count: 4)
        direction[o] = 1
        for q in exact.indices { exact[q] += p * (1 - p) * Self.squared(jacobian[q], direction) }
      }
      fisher.append(exact)
      empirical.append(jacobian.map { Self.squared($0, score) })
    }
    let estimate = try FisherEstimator(task: .multiLabel, labels: .exact, targets: targets)
      .estimate(examples: 4, weights: model.weights) { model.network($0) }
    try Self.expect(
      estimate, fisher: fisher, empirical: empirical, loss: loss / count, accuracy: hits / count,
      positions: count / 4)
    let drawn = try FisherEstimator(
      task: .multiLabel, labels: .sampled(draws: 4000, seed: 3), targets: targets
    )
    .estimate(examples: 4) { model.network($0) }
    for n in 0..<4 {
      let sum = drawn.parameters.reduce(0) { $0 + $1.fisher[n] }
      #expect(close(sum, fisher[n].reduce(0, +), 0.1), "example \(n)")
    }
  }

  @Test func tasksAreToldWhereTheShapesAllowOne() throws {
    func integers(_ shape: [Int], _ values: [Int64]) -> BatchArray {
      .integer(IntegerTensor(shape: Shape(shape), values: values))
    }
    let tokens = integers([1, 3], [5, 6, 7])
    func told(_ output: [Int], _ target: BatchArray?, _ inputs: [String: BatchArray] = [:])
      -> String
    {
      do {
        return try ProbeTask.told(byOutput: Shape(output), targets: target, inputs: inputs).rawValue
      } catch { return "\(error)" }
    }
    #expect(told([3, 9], tokens, ["input": tokens]) == "language-model")
    #expect(told([3, 9], integers([1, 3], [5, -100, 7]), ["input": tokens]) == "language-model")
    #expect(
      told([3, 9], integers([1, 3], [1, 0, 1]), ["input": tokens])
        == "unknown-task: probe: one example's output is [3, 9], with integer target of shape [1, 3]: "
        + "language-model or masked-language-model or token-classification; state `task:` in probe.yaml"
    )
    #expect(told([2, 2, 2], integers([1, 2, 2], [0, 1, 255, 1])) == "segmentation")
    #expect(told([3], integers([1, 3], [0, 1, 1])) == "multi-label")
    #expect(told([1], integers([1, 1], [1])) == "multi-label")
    #expect(
      told([3], .real(Tensor(shape: Shape([1, 3]), values: [0, 1, 1])))
        == "unknown-task: probe: one example's output is [3], with real target of shape [1, 3]: "
        + "multi-label or regression; state `task:` in probe.yaml")
    #expect(told([3], .real(Tensor(shape: Shape([1, 3]), values: [0, 1, 2]))) == "regression")
    for output in [[], [1], [1, 2, 2], [3, 2]] {
      let shape = Shape([2] + output)
      let binary = (0..<shape.count).map { Float($0 % 2) }
      #expect(
        told(output, .real(Tensor(shape: shape, values: binary))).contains(
          "multi-label or regression"))
      #expect(
        told(output, .real(Tensor(shape: shape, values: binary.map { $0 - 0.5 }))) == "regression")
    }
    #expect(
      told([3, 2, 2], nil).hasPrefix("unknown-task: probe: one example's output is [3, 2, 2]"))
  }

  @Test func targetsThatDoNotFitAreRefused() throws {
    let model = Self.model(isSequence: true)
    func message(_ task: ProbeTask, _ values: [Int64], _ shape: [Int]) -> String {
      let targets = BatchArray.integer(IntegerTensor(shape: Shape(shape), values: values))
      do {
        _ = try FisherEstimator(task: task, labels: .exact, targets: targets)
          .estimate(examples: 4) { model.network($0) }
        return "no problem"
      } catch { return "\(error)" }
    }
    #expect(
      message(.tokenClassification, [Int64](repeating: -100, count: 12), [4, 3])
        == "bad-target: probe: the target holds no label that counts: every position is ignored; "
        + "write batch.npz again with one target for each example")
    #expect(
      message(.tokenClassification, [Int64](repeating: -1, count: 12), [4, 3])
        == "bad-target: probe: the target holds class -1 at example 0, where there are 4; "
        + "write batch.npz again with one target for each example")
    #expect(
      message(.multiLabel, [Int64](repeating: 2, count: 48), [4, 3, 4])
        == "bad-target: probe: the target holds the label 2.0, where multi-label needs 0 or 1; "
        + "write batch.npz again with one target for each example")
  }
}

/// Gradients of a network of one example: `[parameter][row][P]`.
private func perExampleGradients(
  _ network: any DifferentiableNetwork, cotangents: [Float], count: Int
) throws -> [[[Double]]] {
  var found = [[[Double]]](repeating: [], count: network.parameters.count)
  try network.backward(cotangents: cotangents, count: count) { parameter, _, gradients in
    let size = gradients.count / count
    found[parameter] = (0..<count).map { row in
      (0..<size).map { Double(gradients[row * size + $0]) }
    }
  }
  return found
}
