import Networks
import Tensors
import Testing

/// The nonlinearity that follows a layer, in one node or in several.
@Suite("Nonlinearities behind layers")
struct NonlinearityTests {
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    /// From the layer's output `z` to `y`.
    let build: @Sendable (inout GraphBuilder) -> Void
    /// Of z = −1 and 2; nil where nothing of the kind follows.
    let expected: [Float]?
  }

  private static let cases = [
    Case(
      description: "ReLU", build: { $0.node("Relu", ["z"], ["y"]) }, expected: [0, 2]),
    Case(
      description: "SiLU as a product",
      build: {
        $0.node("Sigmoid", ["z"], ["s"])
        $0.node("Mul", ["z", "s"], ["y"])
      }, expected: [-0.26894143, 1.7615942]),
    Case(
      description: "GELU by the error function",
      build: {
        for (name, value) in [("root", Float(2).squareRoot()), ("one", 1), ("half", 0.5)] {
          $0.constant(name, [], [value])
        }
        $0.node("Div", ["z", "root"], ["a"])
        $0.node("Erf", ["a"], ["b"])
        $0.node("Add", ["b", "one"], ["c"])
        $0.node("Mul", ["z", "c"], ["d"])
        $0.node("Mul", ["d", "half"], ["y"])
      }, expected: [-0.15865526, 1.9544997]),
    Case(
      description: "Mish by its parts",
      build: {
        $0.node("Softplus", ["z"], ["a"])
        $0.node("Tanh", ["a"], ["b"])
        $0.node("Mul", ["z", "b"], ["y"])
      }, expected: [-0.30340146, 1.9439590]),
    Case(
      description: "a square", build: { $0.node("Mul", ["z", "z"], ["y"]) }, expected: nil),
    Case(
      description: "a bounded function", build: { $0.node("Tanh", ["z"], ["y"]) }, expected: nil),
    Case(
      description: "a gate made of another array",
      build: {
        $0.node("Sigmoid", ["x"], ["s"])
        $0.node("Mul", ["z", "s"], ["y"])
      }, expected: nil),
  ]

  @Test(arguments: cases)
  func isFound(_ each: Case) throws {
    var builder = GraphBuilder()
    builder.input("x", [nil, 2])
    builder.weight("layer.bias", [2])
    builder.node("Add", ["x", "layer.bias"], ["z"])
    each.build(&builder)
    builder.output("y")
    let network = try Network(
      graph: try Graph.parse(builder.file, path: "g.onnx"),
      parameters: ["layer.bias": Tensor(shape: Shape([2]), values: [0, 0])],
      inputs: ["x": .real(Tensor(shape: Shape([1, 2]), values: [-1, 2]))])
    _ = try network.forward()
    let found = network.activation(ofLayer: 0)?.values
    #expect((found == nil) == (each.expected == nil))
    for (value, wanted) in zip(found ?? [], each.expected ?? []) {
      #expect((value - wanted).magnitude < 1e-5)
    }
  }
}
