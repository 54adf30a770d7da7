import Networks
import Tensors
import Testing

/// Graphs that count examples on the second axis of their inputs.
@Suite("Examples on the second axis")
struct ExamplesFirstTests {
  private static func graph(_ build: (inout GraphBuilder) -> Void) throws -> Graph {
    var builder = GraphBuilder()
    build(&builder)
    builder.constant("first", [1], [0])
    builder.node("ReduceSum", ["h", "first"], ["y"], ["keepdims": .integer(0)])
    builder.output("y")
    return try Graph.parse(builder.file, path: "g.onnx")
  }

  @Test("real numbers")
  func real() throws {
    let graph = try Self.graph {
      $0.input("x", [2, nil, 2])
      $0.weight("layer.weight", [2])
      $0.node("Mul", ["x", "layer.weight"], ["h"])
    }
    // [examples, time, features]
    let x = Tensor(
      shape: Shape([3, 2, 2]), values: [1, 2, 10, 20, 3, 4, 30, 40, 5, 6, 50, 60])
    let moved = graph.examplesFirst(["x": x.shape])
    let network = try Network(
      graph: moved, parameters: ["layer.weight": Tensor(shape: Shape([2]), values: [1, 100])],
      inputs: ["x": .real(x)])
    #expect(network.exampleCount == 3)
    #expect(try network.forward() == [11, 2200, 33, 4400, 55, 6600])
  }

  @Test("indices of a table")
  func integers() throws {
    let graph = try Self.graph {
      $0.input("x", [2, nil], type: 7)
      $0.weight("embed.weight", [3, 2])
      $0.node("Gather", ["embed.weight", "x"], ["h"])
    }
    let x = IntegerTensor(shape: Shape([3, 2]), values: [0, 1, 1, 1, 2, 0])
    let table = Tensor(shape: Shape([3, 2]), values: [1, 2, 10, 20, 100, 200])
    let network = try Network(
      graph: graph.examplesFirst(["x": x.shape]), parameters: ["embed.weight": table],
      inputs: ["x": .integer(x)])
    #expect(try network.forward() == [11, 22, 20, 40, 101, 202])
    let found = try gradients(network, cotangents: [1, 2, 1, 2, 1, 2], count: 1)
    #expect(
      found["embed.weight"] == [[1, 2, 1, 2, 0, 0], [0, 0, 2, 4, 0, 0], [1, 2, 0, 0, 1, 2]])
  }

  @Test(
    "told from the batch, and left where the graph fits as it is",
    arguments: [
      // The graph's extents, the batch's, those with examples first.
      ([6, nil, 5], [8, 6, 5], [nil, 6, 5]), ([6, 1, 5], [8, 6, 5], [1, 6, 5]),
      ([nil, 6, 5], [8, 6, 5], [nil, 6, 5]), ([1, nil, 5], [8, 6, 5], [1, nil, 5]),
      ([2, 6, 5], [8, 6, 5], [2, 6, 5]), ([2, nil, 5], [8, 2, 5], [nil, 2, 5]),
      ([nil, 5], [8, 4], [nil, 5]),
    ] as [([Int?], [Int], [Int?])])
  func told(graph: [Int?], batch: [Int], expected: [Int?]) throws {
    var builder = GraphBuilder()
    builder.input("x", graph)
    builder.node("Relu", ["x"], ["y"])
    builder.output("y")
    let parsed = try Graph.parse(builder.file, path: "g.onnx")
    #expect(parsed.examplesFirst(["x": Shape(batch)]).inputs[0].dimensions == expected)
  }
}
