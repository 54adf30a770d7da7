// Reads Fixtures/goldens.json, which Fixtures/generate.py writes.
import Foundation
import Information
import Tensors

struct Goldens: Decodable {
  let classification: NetworkCase
  let confident: NetworkCase
  let languageModel: NetworkCase
  let regression: NetworkCase
  let information: InformationCase
  let spectra: [SpectrumCase]
  let alignment: AlignmentCase

  struct NetworkCase: Decodable, Sendable {
    let task: String
    let positions: Int
    let inputs: Int
    let hidden: Int
    let classes: Int
    let examples: Int
    let input: [Float]
    let target: [Double]
    let weights: [String: [Float]]
    let fisher: [String: [Double]]
    let empirical: [String: [Double]]
    let jacobian: [String: [Double]]
    let diagonal: [String: [Double]]
    let scaleFree: [String: Double]
    let loss: Double
    let accuracy: Double?
    let confidence: Double?
    let entropyBits: Double?
    let usableInformationBits: Double?

    var model: Perceptron {
      let shapes = [
        "fc1.weight": [hidden, inputs], "fc1.bias": [hidden], "fc2.weight": [classes, hidden],
        "fc2.bias": [classes],
      ]
      var tensors: [String: Tensor] = [:]
      for (name, values) in weights {
        tensors[name] = Tensor(shape: Shape(shapes[name] ?? []), values: values)
      }
      return Perceptron(
        positions: positions, inputs: inputs, hidden: hidden, classes: classes, input: input,
        weights: tensors, isSequence: task == "language-model")
    }

    var targets: BatchArray {
      switch task {
      case "regression":
        .real(Tensor(shape: Shape([examples, classes]), values: target.map { Float($0) }))
      default:
        .integer(
          IntegerTensor(
            shape: Shape(task == "classification" ? [examples] : [examples, positions]),
            values: target.map { Int64($0) }))
      }
    }

    /// Every trace of one quantity, summed over the parameters, of each example.
    func total(_ quantity: [String: [Double]]) -> [Double] {
      (0..<examples).map { n in quantity.values.reduce(0) { $0 + $1[n] } }
    }
  }

  struct InformationCase: Decodable {
    let layers: [Layer]
    let solutions: [Solution]

    struct Layer: Decodable {
      let weights: [Float]
      let curvature: [Float]
    }

    struct Solution: Decodable {
      let toleranceNats: Double
      let beta: Double
      let layers: [Share]
    }

    struct Share: Decodable {
      let informationBits: Double
      let priorVariance: Double
      let noiseBudget: Double
    }
  }

  struct SpectrumCase: Decodable {
    let shape: [Int]
    let weights: [Float]
    let frobeniusNorm: Double
    let spectralNorm: Double
    let stableRank: Double
    let effectiveRank: Double
    let srank99: Int
    let alpha: Double
    let distance: Double
  }

  struct AlignmentCase: Decodable {
    let examples: Int
    let records: [String: [Float]]
    let cka: [String: Double]
    let capacityBits: [String: Double]
  }

  static func load() throws -> Goldens {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/goldens.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Goldens.self, from: data)
  }
}

/// |a − b| within a share of b, or of `floor` where b is smaller.
func close(_ a: Double, _ b: Double, _ tolerance: Double, floor: Double = 0) -> Bool {
  abs(a - b) <= tolerance * max(abs(b), floor)
}
