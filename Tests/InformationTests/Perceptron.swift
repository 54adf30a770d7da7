// A network made by hand, for tests: one hidden tanh layer, applied at every position.
import Diagnostics
import Foundation
import Networks
import Tensors

/// Its sizes, weights and examples.
struct Perceptron: Sendable {
  let positions: Int
  let inputs: Int
  let hidden: Int
  let classes: Int
  /// `[N, positions, inputs]`.
  let input: [Float]
  /// By parameter name.
  let weights: [String: Tensor]
  /// Whether the output has an axis of positions.
  let isSequence: Bool

  var examples: Int { input.count / positions / inputs }

  /// The network of some of the examples.
  func network(_ range: Range<Int>) -> PerceptronNetwork {
    PerceptronNetwork(self, range: range)
  }
}

final class PerceptronNetwork: DifferentiableNetwork {
  private let model: Perceptron
  private let range: Range<Int>
  private var activations: [Double] = []

  init(_ model: Perceptron, range: Range<Int>) {
    self.model = model
    self.range = range
  }

  var exampleCount: Int { range.count }

  var outputShape: Shape {
    Shape(model.isSequence ? [model.positions, model.classes] : [model.classes])
  }

  var parameters: [NetworkParameter] {
    [
      NetworkParameter(name: "fc1.weight", shape: Shape([model.hidden, model.inputs]), layer: 0),
      NetworkParameter(name: "fc1.bias", shape: Shape([model.hidden]), layer: 0),
      NetworkParameter(name: "fc2.weight", shape: Shape([model.classes, model.hidden]), layer: 1),
      NetworkParameter(name: "fc2.bias", shape: Shape([model.classes]), layer: 1),
    ]
  }

  var layers: [NetworkLayer] {
    [NetworkLayer(name: "fc1", kind: "Gemm"), NetworkLayer(name: "fc2", kind: "Gemm")]
  }

  var connections: [LayerConnection] { [LayerConnection(from: 0, to: 1)] }

  private func weight(_ name: String) -> [Float] { model.weights[name]?.values ?? [] }

  private func input(_ n: Int, _ t: Int, _ i: Int) -> Double {
    Double(model.input[((range.lowerBound + n) * model.positions + t) * model.inputs + i])
  }

  func forward() throws(Problem) -> [Float] {
    let (u, b, v, c) = (
      weight("fc1.weight"), weight("fc1.bias"), weight("fc2.weight"), weight("fc2.bias")
    )
    var outputs: [Float] = []
    activations = []
    for n in 0..<range.count {
      for t in 0..<model.positions {
        var hidden: [Double] = []
        for h in 0..<model.hidden {
          var sum = Double(b[h])
          for i in 0..<model.inputs { sum += Double(u[h * model.inputs + i]) * input(n, t, i) }
          hidden.append(tanh(sum))
        }
        for o in 0..<model.classes {
          var sum = Double(c[o])
          for h in 0..<model.hidden { sum += Double(v[o * model.hidden + h]) * hidden[h] }
          outputs.append(Float(sum))
        }
        activations += hidden
      }
    }
    return outputs
  }

  func recording(ofLayer layer: Int) -> Tensor {
    let features = model.positions * model.hidden
    return Tensor(shape: Shape([range.count, features]), values: activations.map { Float($0) })
  }

  func backward(
    cotangents: [Float], count: Int, reader: any GradientReader
  ) throws(Problem) {
    let v = weight("fc2.weight")
    let size = model.positions * model.classes
    let counts = parameters.map(\.shape.count)
    for n in 0..<range.count {
      var gradients = counts.map { [Double](repeating: 0, count: count * $0) }
      for k in 0..<count {
        for t in 0..<model.positions {
          for o in 0..<model.classes {
            let g = Double(cotangents[(n * count + k) * size + t * model.classes + o])
            if g == 0 { continue }
            gradients[3][k * counts[3] + o] += g
            for h in 0..<model.hidden {
              let a = activations[(n * model.positions + t) * model.hidden + h]
              gradients[2][k * counts[2] + o * model.hidden + h] += g * a
              let slope = g * Double(v[o * model.hidden + h]) * (1 - a * a)
              gradients[1][k * counts[1] + h] += slope
              for i in 0..<model.inputs {
                gradients[0][k * counts[0] + h * model.inputs + i] += slope * input(n, t, i)
              }
            }
          }
        }
      }
      for (parameter, values) in gradients.enumerated() {
        read(values.map { Float($0) }, parameter, n, count, reader)
      }
    }
  }

  private func read(
    _ values: [Float], _ parameter: Int, _ n: Int, _ rows: Int, _ reader: any GradientReader
  ) {
    let count = values.count / rows
    values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress, reader.entryRows > 0 else { return }
      reader.read(parameter: parameter, examples: n..<(n + 1), rows: rows, entries: base)
    }
    let squares = (reader.entryRows..<rows).map { k in
      values[(k * count)..<((k + 1) * count)].reduce(0) { $0 + Double($1) * Double($1) }
    }
    squares.withUnsafeBufferPointer { squares in
      guard let base = squares.baseAddress, !squares.isEmpty else { return }
      reader.read(parameter: parameter, examples: n..<(n + 1), squares: base)
    }
  }
}
