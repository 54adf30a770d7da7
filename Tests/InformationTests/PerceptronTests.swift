import Networks
import Tensors
import Testing

/// The hand-made network itself, by finite differences: a wrong one would test nothing.
@Suite struct PerceptronTests {
  @Test func backwardIsTheDerivative() throws {
    let golden = try Goldens.load().languageModel
    let model = golden.model
    let network = model.network(0..<2)
    let outputs = try network.forward()
    let size = outputs.count / 2
    let cotangent = (0..<2 * size).map { Float(($0 * 5) % 7) - 3 }
    var gradients: [[Float]] = Array(repeating: [], count: 4)
    try network.backward(cotangents: cotangent, count: 1) { parameter, example, g in
      if example == 1 { gradients[parameter] = Array(g) }
    }
    for (p, parameter) in network.parameters.enumerated() {
      for i in 0..<parameter.shape.count {
        func value(_ shift: Float) throws -> Double {
          var weights = model.weights
          var values = weights[parameter.name]?.values ?? []
          values[i] += shift
          weights[parameter.name] = Tensor(shape: parameter.shape, values: values)
          let moved = Perceptron(
            positions: model.positions, inputs: model.inputs, hidden: model.hidden,
            classes: model.classes, input: model.input, weights: weights, isSequence: true)
          let outputs = try moved.network(0..<2).forward()
          return (size..<2 * size).reduce(0) { $0 + Double(cotangent[$1]) * Double(outputs[$1]) }
        }
        let slope = try (value(1e-2) - value(-1e-2)) / 2e-2
        #expect(abs(slope - Double(gradients[p][i])) < 5e-3 * max(1, abs(slope)))
      }
    }
  }
}
