import Tensors
import TestSupport
import Testing

@testable import Networks

/// How one example's output of a layer is made of units, told by the shapes alone.
@Suite("Units of layers")
struct LayoutTests {
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    let input: [Int]
    let parameters: [String: [Int]]
    /// From `x` to `y`.
    let build: @Sendable (inout GraphBuilder) -> Void
    let units: Int
    let inner: Int
    let kind: String
    var features: Int { units * inner * positions }
    /// Rows of units that an example has.
    var positions = 1
  }

  private static let cases = [
    Case(
      description: "a product of positions, without a bias, narrower at first", input: [4, 8],
      parameters: ["layer.weight": [8, 32]],
      build: { $0.node("MatMul", ["x", "layer.weight"], ["y"]) },
      units: 32, inner: 1, kind: "MatMul", positions: 4),
    Case(
      description: "the same, narrower at last", input: [4, 32],
      parameters: ["layer.weight": [32, 8]],
      build: { $0.node("MatMul", ["x", "layer.weight"], ["y"]) },
      units: 8, inner: 1, kind: "MatMul", positions: 4),
    Case(
      description: "a transposed convolution without a bias", input: [6, 4, 4],
      parameters: ["layer.weight": [6, 2, 3, 3]],
      build: { $0.node("ConvTranspose", ["x", "layer.weight"], ["y"]) },
      units: 2, inner: 36, kind: "ConvTranspose"),
    Case(
      description: "a scale by channels of maps", input: [6, 2, 3],
      parameters: ["layer.weight": [6, 1, 1]],
      build: { $0.node("Mul", ["x", "layer.weight"], ["y"]) },
      units: 6, inner: 6, kind: "Mul"),
    Case(
      description: "a shift of the last axis", input: [6, 2, 3],
      parameters: ["layer.bias": [3]],
      build: { $0.node("Add", ["x", "layer.bias"], ["y"]) },
      units: 3, inner: 1, kind: "Add", positions: 12),
    Case(
      description: "one slope for all maps", input: [6, 2, 3],
      parameters: ["layer.weight": [1]],
      build: { $0.node("PRelu", ["x", "layer.weight"], ["y"]) },
      units: 6, inner: 6, kind: "PRelu"),
    Case(
      description: "a recurrence whose gates divide its states", input: [8, 6],
      parameters: ["layer.weight_ih": [1, 20, 6], "layer.weight_hh": [1, 20, 5]],
      build: {
        $0.node(
          "LSTM", ["x", "layer.weight_ih", "layer.weight_hh"], ["y"],
          ["hidden_size": .integer(5), "layout": .integer(1)])
      }, units: 5, inner: 1, kind: "LSTM", positions: 8),
    bothDirections("both directions of a recurrence", outputs: ["y"], positions: 7),
    bothDirections("the last states of both directions", outputs: ["", "y"], positions: 1),
  ]

  private static func bothDirections(
    _ description: String, outputs: [String], positions: Int
  ) -> Case {
    Case(
      description: description, input: [7, 6],
      parameters: ["layer.weight_ih": [2, 15, 6], "layer.weight_hh": [2, 15, 5]],
      build: {
        $0.node(
          "GRU", ["x", "layer.weight_ih", "layer.weight_hh"], outputs,
          [
            "hidden_size": .integer(5), "layout": .integer(1), "direction": .text("bidirectional"),
          ])
      }, units: 10, inner: 1, kind: "GRU", positions: positions)
  }

  /// Nothing in a map, no units: no step may be of length 0.
  @Test func emptyOutputsHaveNone() {
    for example in [[1, 6, 0], [1, 0, 4], [1], []] {
      #expect(LayerLayout(kind: "Conv", example: example, axis: 0, factors: []) == nil)
    }
    #expect(
      LayerLayout(kind: "Mul", example: [1, 6, 0], axis: 0, factors: [Shape([6, 1])]) == nil)
  }

  @Test(arguments: cases)
  func areTold(_ each: Case) throws {
    var random = Seeded(seed: 8)
    func tensor(_ dimensions: [Int]) -> Tensor {
      let shape = Shape(dimensions)
      return Tensor(shape: shape, values: (0..<shape.count).map { _ in random.signed() })
    }
    // A block of one example as well: shapes alone have to tell.
    for examples in [1, 3] {
      var builder = GraphBuilder()
      builder.input("x", [nil] + each.input)
      for (name, shape) in each.parameters.sorted(by: { $0.key < $1.key }) {
        builder.weight(name, shape)
      }
      each.build(&builder)
      builder.output("y")
      let network = try CheckedGraph(
        file: builder.file, parameters: each.parameters.mapValues(tensor),
        inputs: ["x": .real(tensor([examples] + each.input))]
      ).bind()
      _ = try network.forward()
      let layer = try #require(network.layers.first)
      #expect(network.layers.count == 1)
      #expect(layer.kind == each.kind)
      #expect(layer.layout == LayerLayout(units: each.units, inner: each.inner))
      #expect(network.recording(ofLayer: 0).shape == Shape([examples, each.features]))
    }
  }
}
