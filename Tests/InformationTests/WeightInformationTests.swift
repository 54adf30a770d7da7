import Foundation
import Information
import Testing

@Suite struct WeightInformationTests {
  private func layers(_ golden: Goldens.InformationCase, scale: Float = 1) -> [WeightedLayer] {
    golden.layers.enumerated().map { l, layer in
      // Two segments, as weight and bias make: they are one layer with one prior.
      let middle = layer.weights.count / 3
      return WeightedLayer(
        name: "\(l)",
        segments: [0..<middle, middle..<layer.weights.count].map {
          WeightedLayer.Segment(
            weights: layer.weights[$0].map { $0 * scale },
            curvature: layer.curvature[$0].map { $0 / scale / scale })
        })
    }
  }

  /// Against bisection in float64 (Fixtures/generate.py).
  @Test func matchesBisection() throws {
    let golden = try Goldens.load().information
    let tolerances = golden.solutions.map(\.toleranceNats)
    let curve = WeightInformation.curve(tolerancesNats: tolerances, layers: layers(golden))
    for (solution, point) in zip(golden.solutions, curve) {
      let information = try #require(point.information.value)
      #expect(close(information.beta, solution.beta, 1e-6))
      #expect(close(information.predictedRise, solution.toleranceNats, 1e-8))
      for (layer, wanted) in zip(information.layers, solution.layers) {
        #expect(close(layer.informationBits, wanted.informationBits, 1e-6))
        #expect(close(try #require(layer.priorVariance), wanted.priorVariance, 1e-6))
        #expect(close(try #require(layer.noiseBudget), wanted.noiseBudget, 1e-6))
      }
      #expect(
        close(
          information.informationBits,
          solution.layers.reduce(0) { $0 + $1.informationBits }, 1e-6))
    }
  }

  /// The order of tolerances, and where each search starts, must not matter.
  @Test func searchesDoNotDependOnTheirStart() throws {
    let layers = layers(try Goldens.load().information)
    let up = WeightInformation.curve(tolerancesNats: [1e-6, 1e-2, 1e3], layers: layers)
    let down = WeightInformation.curve(tolerancesNats: [1e3, 1e-2, 1e-6], layers: layers)
    for (a, b) in zip(up, down.reversed()) {
      let a = try #require(a.information.value)
      let b = try #require(b.information.value)
      #expect(close(a.informationBits, b.informationBits, 1e-6))
      #expect(close(a.predictedRise, a.toleranceNats, 1e-8))
    }
  }

  /// Scaling a layer's weights by a and its curvature by a⁻² is the same function of scaled
  /// weights: the information must not change.
  @Test(arguments: [Float(0x1p-10), 8, 0x1p12])
  func scaleIsNoInformation(_ scale: Float) throws {
    let golden = try Goldens.load().information
    let plain = try #require(
      WeightInformation.at(toleranceNats: 0.01, layers: layers(golden)).value)
    let scaled = try #require(
      WeightInformation.at(toleranceNats: 0.01, layers: layers(golden, scale: scale)).value)
    for (a, b) in zip(plain.layers, scaled.layers) {
      #expect(close(b.informationBits, a.informationBits, 1e-6))
      #expect(close(try #require(b.noiseBudget), try #require(a.noiseBudget), 1e-6))
      let variance = try #require(a.priorVariance) * Double(scale) * Double(scale)
      #expect(close(try #require(b.priorVariance), variance, 1e-6))
    }
  }

  /// At the best prior, the Lagrangian's KL term is ½ Σ ln(1 + s) (measurements.md §3).
  @Test func theLagrangianAgreesWithItself() throws {
    let golden = try Goldens.load().information
    let information = try #require(
      WeightInformation.at(toleranceNats: 0.01, layers: layers(golden)).value)
    for (layer, measured) in zip(golden.layers, information.layers) {
      let prior = try #require(measured.priorVariance)
      var nats = 0.0
      for (w, h) in zip(layer.weights, layer.curvature) {
        let s = prior * Double(h) / information.beta
        nats += Double(w) * Double(w) / (2 * prior) + (log(1 + s) - s / (1 + s)) / 2
      }
      #expect(close(measured.informationBits, nats / log(2), 1e-6))
    }
  }

  @Test func layersWithoutCurvatureSaySo() throws {
    let one = WeightedLayer.Segment(weights: [1, 2], curvature: [1, 0.5])
    let information = try #require(
      WeightInformation.at(
        toleranceNats: 0.01,
        layers: [
          WeightedLayer(name: "good", segments: [one]),
          WeightedLayer(
            name: "flat", segments: [WeightedLayer.Segment(weights: [1], curvature: [0])]),
          WeightedLayer(
            name: "zero", segments: [WeightedLayer.Segment(weights: [0], curvature: [1])]),
          WeightedLayer(
            name: "bad", segments: [WeightedLayer.Segment(weights: [1], curvature: [.nan])]),
          WeightedLayer(
            name: "saddle", segments: [WeightedLayer.Segment(weights: [1], curvature: [-1])]),
          WeightedLayer(name: "empty", segments: []),
        ]
      ).value)
    #expect(
      information.layers.map(\.reason) == [
        nil, "the loss has no curvature in it", "all its weights are zero",
        "its curvature is not finite", "its curvature is negative somewhere", "it has no weights",
      ])
    #expect(information.layers.dropFirst().allSatisfy { $0.informationBits == 0 })
    #expect(information.layers[0].informationBits > 0)
    let flat = WeightInformation.at(
      toleranceNats: 0.01,
      layers: [
        WeightedLayer(name: "flat", segments: [.init(weights: [1], curvature: [0])])
      ])
    #expect(flat.reason == "no layer has weights and curvature to measure")
    #expect(
      WeightInformation.at(toleranceNats: 0, layers: []).reason == "the tolerance is not positive")
  }

  /// Curvatures over forty orders of magnitude, and the extremes of float32.
  @Test func extremesStayFinite() throws {
    let layer = WeightedLayer(
      name: "wide",
      segments: [
        WeightedLayer.Segment(
          weights: (0..<200).map { Float($0 % 7) - 3 },
          curvature: (0..<200).map { Float(pow(10, Double($0) / 5 - 20)) })
      ])
    let huge = WeightedLayer(
      name: "huge",
      segments: [.init(weights: [1e18, 1e-30], curvature: [3e38, .leastNonzeroMagnitude])])
    for tolerance in [1e-9, 0.01, 10] {
      let information = try #require(
        WeightInformation.at(toleranceNats: tolerance, layers: [layer, huge]).value)
      #expect(close(information.predictedRise, tolerance, 1e-7))
      #expect(information.informationBits.isFinite && information.informationBits > 0)
    }
  }

  @Test func curvatureScaleIsAFactor() throws {
    let golden = try Goldens.load().information
    let plain = layers(golden)
    let scaled = plain.map { layer in
      WeightedLayer(
        name: layer.name,
        segments: layer.segments.map {
          .init(weights: $0.weights, curvature: $0.curvature.map { $0 * 8 })
        }, curvatureScale: 1.0 / 8)
    }
    let a = try #require(WeightInformation.at(toleranceNats: 0.01, layers: plain).value)
    let b = try #require(WeightInformation.at(toleranceNats: 0.01, layers: scaled).value)
    #expect(close(a.informationBits, b.informationBits, 1e-9))
  }
}
