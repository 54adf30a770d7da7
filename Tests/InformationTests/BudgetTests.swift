import Foundation
import Tensors
import Testing

@testable import Information

@Suite struct BudgetTests {
  /// A perceptron with many examples.
  private func model(_ examples: Int) -> Perceptron {
    var draws = ProbeStream(seed: 9, purpose: .order)
    func normals(_ count: Int) -> [Float] {
      (0..<count).map { _ in
        Float((0..<4).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &draws) })
      }
    }
    let weights = [
      "fc1.weight": Tensor(shape: Shape([6, 5]), values: normals(30)),
      "fc1.bias": Tensor(shape: Shape([6]), values: normals(6)),
      "fc2.weight": Tensor(shape: Shape([4, 6]), values: normals(24)),
      "fc2.bias": Tensor(shape: Shape([4]), values: normals(4)),
    ]
    return Perceptron(
      positions: 1, inputs: 5, hidden: 6, classes: 4, input: normals(examples * 5),
      weights: weights, isSequence: false)
  }

  private func estimate(
    _ labels: LabelPlan, _ budget: EstimationBudget, examples: Int = 400, threads: Int = 2
  ) throws -> FisherEstimate {
    let model = model(examples)
    var estimator = FisherEstimator(task: .classification, labels: labels, targets: nil)
    estimator.blockExamples = 16
    estimator.threads = threads
    estimator.budget = budget
    return try estimator.estimate(examples: examples) { (range) in model.network(range) }
  }

  @Test func stopsWhenThePrecisionIsReached() throws {
    let all = try estimate(.exact, EstimationBudget())
    #expect(all.exampleCount == 400 && all.stop == .batch)
    let enough = try #require(all.trace(.fisher).value?.relativeError) * 2
    let some = try estimate(.exact, EstimationBudget(precision: enough))
    #expect(some.stop == .precision)
    #expect((32..<300).contains(some.exampleCount) && some.exampleCount % 16 == 0)
    #expect(try #require(some.trace(.fisher).value?.relativeError) <= enough)
    #expect(some.availableExamples == 400)
    // They are the first examples, and what they gave.
    let first = some.exampleCount
    for (a, b) in zip(some.parameters, all.parameters) {
      #expect(a.fisher == Array(b.fisher[..<first]))
    }
    #expect(some.performance.loss.reason == "the probe has no target")
    #expect(some.recordings[0].shape.dimensions == [first, 6])
    // One block fewer would not have been enough.
    let fewer = Array(all.contributions(.fisher)?[..<(first - 16)] ?? [])
    #expect(
      EstimationBudget(precision: enough).stops(after: fewer, elapsed: 0) == nil)
  }

  /// Threads measure blocks beside the one that was enough; they must not count.
  @Test(arguments: [LabelPlan.exact, .sampled(draws: 2, seed: 1)])
  func threadsChangeNothing(_ labels: LabelPlan) throws {
    let budget = EstimationBudget(precision: 0.06)
    let one = try estimate(labels, budget, threads: 1)
    let many = try estimate(labels, budget, threads: 7)
    #expect(one.exampleCount == many.exampleCount)
    #expect(one.labels == many.labels)
    #expect(one.parameters.map(\.fisher) == many.parameters.map(\.fisher))
    #expect(one.parameters.map(\.diagonal) == many.parameters.map(\.diagonal))
  }

  @Test func timeIsOverAfterOneBlock() throws {
    let some = try estimate(.exact, EstimationBudget(seconds: 1e-9), threads: 1)
    #expect(some.exampleCount == 16 && some.stop == .seconds)
    // A batch of one block is whole, whatever it took.
    let whole = try estimate(.exact, EstimationBudget(seconds: 1e-9), examples: 16)
    #expect(whole.stop == .batch)
  }

  /// Two draws are too few for a precision that exact labels reach: more are drawn, and the result is
  /// that of so many draws.
  @Test func drawsMoreLabelsWhenExamplesAreUsedUp() throws {
    let exact = try #require(
      try estimate(.exact, EstimationBudget()).trace(.fisher).value?.relativeError)
    let two = try estimate(.sampled(draws: 2, seed: 3), EstimationBudget())
    let trace = try #require(two.trace(.fisher).value)
    let error = try #require(two.samplingError)
    // Half of the labels' variance: four draws, and a tenth more.
    let wanted =
      (error.examples * error.examples + 0.501 * error.labels * error.labels).squareRoot()
      / trace.value
    let more = try estimate(
      .sampled(draws: 2, seed: 3), EstimationBudget(precision: wanted))
    #expect(more.exampleCount == 400)
    #expect(more.labels == .sampled(draws: 5, seed: 3))
    let reached = try #require(more.trace(.fisher).value?.relativeError)
    #expect(reached < (try #require(trace.relativeError)))
    #expect((more.stop == .precision) == (reached <= wanted))
    let same = try estimate(.sampled(draws: 5, seed: 3), EstimationBudget())
    #expect(same.parameters.map(\.fisher) == more.parameters.map(\.fisher))
    // What no number of draws can reach is not tried.
    let never = try estimate(
      .sampled(draws: 2, seed: 3), EstimationBudget(precision: exact / 2))
    #expect(never.labels == .sampled(draws: 2, seed: 3) && never.stop == .batch)
  }

  /// The part of labels, from one estimate, against the spread over a hundred seeds of the same
  /// examples.
  @Test(arguments: [2, 3])
  func splitsTheError(_ draws: Int) throws {
    var values: [Double] = []
    var parts: [Double] = []
    for seed in 0..<100 {
      let estimate = try estimate(
        .sampled(draws: draws, seed: UInt64(seed)), EstimationBudget(), examples: 64)
      values.append(try #require(estimate.trace(.fisher).value).value)
      let error = try #require(estimate.samplingError)
      parts.append(error.labels * error.labels)
      let total = try #require(estimate.trace(.fisher).value?.standardError)
      #expect(
        close(
          error.labels * error.labels + error.examples * error.examples,
          total * total, 1e-9))
    }
    let mean = values.reduce(0, +) / 100
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 99
    // A variance over a hundred seeds is known to 14 %.
    #expect(close(parts.reduce(0, +) / 100, variance, 0.45))
    #expect(try estimate(.exact, EstimationBudget(), examples: 64).samplingError == nil)
    #expect(
      try estimate(.sampled(draws: 1, seed: 0), EstimationBudget(), examples: 64).samplingError
        == nil)
  }
}
