import CKernels
import Diagnostics
import Foundation
import Networks
import Tensors
import Testing

@testable import Information

@Suite struct WeightNoiseTests {
  /// Against NormalDist().inv_cdf of Python's statistics module.
  @Test func quantilesOfTheNormalDistribution() {
    let wanted = [
      (1e-15, -7.941345326170995), (1e-6, -4.753424308822899), (0.01, -2.3263478740408416),
      (0.0750001, -1.4395307645017297), (0.3, -0.5244005127080409), (0.5, 0),
      (0.92, 1.4050715603096324), (0.999, 3.0902323061678132),
    ]
    for (p, z) in wanted {
      #expect(abs(ck_normal_quantile(p) - z) <= 3e-7 * max(1, abs(z)), "\(p)")
    }
  }

  private func measured(
    _ golden: Goldens.NetworkCase, targets: BatchArray? = nil
  ) throws -> (estimate: FisherEstimate, estimator: FisherEstimator) {
    let task = try #require(ProbeTask(rawValue: golden.task))
    var estimator = FisherEstimator(
      task: task, labels: .exact, targets: targets ?? golden.targets)
    estimator.blockExamples = 4
    let model = golden.model
    let estimate = try estimator.estimate(examples: golden.examples, weights: model.weights) {
      (range) in model.network(range)
    }
    return (estimate, estimator)
  }

  private func information(
    _ estimate: FisherEstimate, _ weights: [String: Tensor], _ tolerance: Double
  ) throws -> WeightInformation {
    let layers = try #require(estimate.weightedLayers(weights).value)
    return try #require(
      WeightInformation.at(toleranceNats: tolerance, layers: layers).value)
  }

  /// Over many draws (w' − w)/σ has mean 0 and variance 1, for σ by the formula in float64; the two of
  /// a pair are mirror images; a sequence's curvature counts per position.
  @Test func drawsHaveTheNoiseOfTheInformation() throws {
    let golden = try Goldens.load().languageModel
    let weights = golden.model.weights
    let (estimate, _) = try measured(golden)
    let information = try information(estimate, weights, 0.01)
    let noise = WeightNoise(information, seed: 5)
    var count = 0.0
    var sum = 0.0
    var squares = 0.0
    for pair in 0..<60 {
      let plus = noise.draw(pair: pair, .plus, of: weights, estimate)
      let minus = noise.draw(pair: pair, .minus, of: weights, estimate)
      #expect(plus.keys.sorted() == weights.keys.sorted())
      for parameter in estimate.parameters {
        let layer = information.layers[parameter.layer]
        let prior = try #require(layer.priorVariance)
        let h = try #require(parameter.diagonal)
        let w = try #require(weights[parameter.name]).values
        let up = try #require(plus[parameter.name]).values
        let down = try #require(minus[parameter.name]).values
        for i in w.indices {
          let s = prior * Double(h[i]) / Double(estimate.positions) / information.beta
          let deviation = (prior / (1 + s)).squareRoot()
          let z = (Double(up[i]) - Double(w[i])) / deviation
          #expect(abs(Double(up[i]) + Double(down[i]) - 2 * Double(w[i])) <= 1e-5)
          count += 1
          sum += z
          squares += z * z
        }
      }
    }
    // Three standard errors of a mean and of a variance.
    #expect(abs(sum / count) <= 3 / count.squareRoot())
    #expect(abs(squares / count - 1) <= 3 * (2 / count).squareRoot())
  }

  /// The same normal numbers at every tolerance, other ones of another seed, pair or parameter.
  @Test func drawsBelongToTheProbe() throws {
    let golden = try Goldens.load().classification
    let weights = golden.model.weights
    let (estimate, _) = try measured(golden)
    func normals(_ tolerance: Double, seed: UInt64, pair: Int) throws -> [Double] {
      let information = try information(estimate, weights, tolerance)
      let drawn = WeightNoise(information, seed: seed)
        .draw(pair: pair, .plus, of: weights, estimate)
      return try estimate.parameters.flatMap { parameter -> [Double] in
        let prior = try #require(information.layers[parameter.layer].priorVariance)
        let h = try #require(parameter.diagonal)
        let w = try #require(weights[parameter.name]).values
        let values = try #require(drawn[parameter.name]).values
        return w.indices.map { i in
          (Double(values[i]) - Double(w[i]))
            / (prior / (1 + prior * Double(h[i]) / information.beta)).squareRoot()
        }
      }
    }
    let first = try normals(0.01, seed: 1, pair: 0)
    for (a, b) in zip(first, try normals(0.3, seed: 1, pair: 0)) {
      #expect(abs(a - b) <= 1e-3 * max(1, abs(a)))
    }
    #expect(Set(first.map { ($0 * 1e4).rounded() }).count > first.count * 9 / 10)
    for other in [try normals(0.01, seed: 2, pair: 0), try normals(0.01, seed: 1, pair: 1)] {
      #expect(zip(first, other).filter { abs($0 - $1) < 1e-3 }.count < first.count / 10)
    }
  }

  /// A regression that fits its targets exactly has the Fisher information as its Hessian: for small
  /// noise the measured rise is the predicted one.
  @Test func smallNoiseRaisesTheLossAsPredicted() throws {
    let golden = try Goldens.load().regression
    let model = golden.model
    let outputs = try model.network(0..<golden.examples).forward()
    let targets = BatchArray.real(
      Tensor(shape: Shape([golden.examples, golden.classes]), values: outputs))
    let (estimate, estimator) = try measured(golden, targets: targets)
    let tolerance = 1e-4
    let information = try information(estimate, model.weights, tolerance)
    let noise = WeightNoise(information, seed: 3)
    let pairs = try (0..<100).map { pair in
      let sides = try WeightNoise.Side.allCases.map { side in
        let drawn = Perceptron(
          positions: model.positions, inputs: model.inputs, hidden: model.hidden,
          classes: model.classes, input: model.input,
          weights: noise.draw(pair: pair, side, of: model.weights, estimate),
          isSequence: model.isSequence)
        return try estimator.performance(
          examples: golden.examples, blocks: [0..<4, 4..<golden.examples], threads: 1
        ) {
          (range) in drawn.network(range)
        }
      }
      return (plus: sides[0], minus: sides[1])
    }
    let rise = MeasuredRise(of: estimate.performance, pairs: pairs)
    let measured = try #require(rise.lossRise.value)
    let error = try #require(measured.standardError)
    #expect(rise.draws == 200)
    #expect(error < 0.1 * tolerance)
    #expect(abs(measured.value - tolerance) <= 3 * error + 0.02 * tolerance, "\(measured)")
    #expect(rise.disagrees(with: tolerance) == false)
    #expect(rise.disagrees(with: tolerance / 4) == true)
    #expect(rise.disagrees(with: tolerance * 4) == true)
    #expect(rise.accuracyDrop.reason == "a regression has no classes")
  }

  @Test func nothingDrawnSaysSo() throws {
    let (estimate, _) = try measured(try Goldens.load().classification)
    let rise = MeasuredRise(of: estimate.performance, pairs: [])
    #expect(rise.lossRise.reason == "no weights were drawn")
    #expect(rise.disagrees(with: 1) == nil)
  }

  /// A forward pass alone says what the estimate says of the outputs.
  @Test func performanceNeedsNoBackward() throws {
    for golden in [try Goldens.load().classification, try Goldens.load().languageModel] {
      let (estimate, estimator) = try measured(golden)
      let model = golden.model
      let forward = try estimator.performance(
        examples: golden.examples, blocks: [0..<3, 3..<golden.examples], threads: 2
      ) {
        (range) in model.network(range)
      }
      #expect(forward.loss == estimate.performance.loss)
      #expect(forward.accuracy == estimate.performance.accuracy)
      #expect(forward.entropyBits == estimate.performance.entropyBits)
    }
  }
}
