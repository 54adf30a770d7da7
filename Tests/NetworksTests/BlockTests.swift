import Diagnostics
import Networks
import Tensors
import Testing

@Suite("Blocks of examples")
struct BlockTests {
  private static let x = BatchArray.real(
    Tensor(shape: Shape([5, 2, 3]), values: (0..<30).map { Float($0 % 7) - 3 }))
  private static let parameters = [
    "fc.weight": Tensor(shape: Shape([3]), values: [0.5, -1, 2])
  ]

  /// y = tanh(weight · x), when asked of the first example only, which is no operation on one alone.
  private static func graph(picking: Bool, examples: Int? = nil) throws -> Graph {
    var builder = GraphBuilder()
    builder.input("x", [examples, 2, 3])
    builder.weight("fc.weight", [3])
    builder.node("Mul", ["x", "fc.weight"], ["h"])
    if picking {
      builder.constant("start", [1], [0])
      builder.constant("end", [1], [1])
      builder.node("Slice", ["h", "start", "end", "start"], ["a"])
      builder.node("Tanh", ["a"], ["y"])
    } else {
      builder.node("Tanh", ["h"], ["y"])
    }
    builder.output("y")
    return try Graph.parse(builder.file, path: "g.onnx")
  }

  private static func run(_ plan: BlockPlan) throws -> [Float] {
    var output: [Float] = []
    for block in plan.blocks { output += try plan.bind(block).forward() }
    return output
  }

  @Test("cover the batch and change nothing", arguments: [1, 2, 3, 5, 100])
  func cover(_ size: Int) throws {
    let graph = try Self.graph(picking: false)
    let plan = try BlockPlan(
      graph: graph, parameters: Self.parameters, inputs: ["x": Self.x], size: .atMost(size))
    #expect(plan.blocks.flatMap { Array($0) } == Array(0..<5))
    #expect(plan.blocks.map(\.count).max() == min(size, 5))
    #expect(!plan.requiresSingleExamples)
    let whole = try Network(graph: graph, parameters: Self.parameters, inputs: ["x": Self.x])
    #expect(try Self.run(plan) == whole.forward())
  }

  @Test("hold one example each where the graph would mix examples")
  func single() throws {
    let graph = try Self.graph(picking: true)
    let error = #expect(throws: Problem.self) {
      try Network(graph: graph, parameters: Self.parameters, inputs: ["x": Self.x])
    }
    #expect(error?.code == "examples-moved")
    let plan = try BlockPlan(
      graph: graph, parameters: Self.parameters, inputs: ["x": Self.x], size: .atMost(4))
    #expect(plan.requiresSingleExamples)
    #expect(plan.blocks == (0..<5).map { $0..<($0 + 1) })
    #expect(try plan.bind(2..<3).requiresSingleExamples)
    let still = try Network(
      graph: try Self.graph(picking: false), parameters: Self.parameters, inputs: ["x": Self.x])
    #expect(try Self.run(plan) == still.forward())
  }

  @Test("have the size that a graph with a fixed batch prescribes")
  func fixed() throws {
    let plan = try BlockPlan(
      graph: try Self.graph(picking: false, examples: 1), parameters: Self.parameters,
      inputs: ["x": Self.x], size: .atMost(4))
    #expect(plan.blocks.count == 5)
    let graph = try Self.graph(picking: false, examples: 2)
    let error = #expect(throws: Problem.self) {
      try BlockPlan(
        graph: graph, parameters: Self.parameters, inputs: ["x": Self.x], size: .atMost(4))
    }
    #expect(error?.code == "input-shape")
  }

  @Test("run at the same time on one copy of the parameters")
  func parallel() async throws {
    let plan = try BlockPlan(
      graph: try Self.graph(picking: false), parameters: Self.parameters, inputs: ["x": Self.x],
      size: .atMost(1))
    let expected = try Self.run(plan)
    let parts = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for (index, block) in plan.blocks.enumerated() {
        group.addTask { (index, try plan.bind(block).forward()) }
      }
      var parts = [[Float]](repeating: [], count: plan.blocks.count)
      for try await (index, part) in group { parts[index] = part }
      return parts
    }
    #expect(parts.flatMap { $0 } == expected)
  }
}
