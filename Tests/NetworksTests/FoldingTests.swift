import Diagnostics
import Networks
import Testing

/// One operator on arrays that are known when a graph is bound, and what it must give.
struct FoldingCase: Sendable, CustomStringConvertible {
  let description: String
  let expected: (shape: [Int], values: [Double])
  let build: @Sendable (inout GraphBuilder) -> Void

  init(
    _ description: String, _ shape: [Int], _ values: [Double],
    _ build: @escaping @Sendable (inout GraphBuilder) -> Void
  ) {
    self.description = description
    expected = (shape, values)
    self.build = build
  }
}

private func integers(
  _ operation: String, _ a: [Int], _ b: [Int], _ attributes: [String: GraphBuilder.Value] = [:],
  gives expected: [Double]
) -> FoldingCase {
  FoldingCase("\(operation) of \(a) and \(b)", [expected.count], expected) {
    $0.constant("a", [a.count], a)
    $0.constant("b", [b.count], b)
    $0.node(operation, ["a", "b"], ["y"], attributes)
  }
}

private func reduced(
  _ operation: String, _ values: [Int], gives expected: Double
) -> FoldingCase {
  FoldingCase("\(operation) of \(values)", [], [expected]) {
    $0.constant("a", [values.count], values)
    $0.node(operation, ["a"], ["y"], ["keepdims": .integer(0)])
  }
}

/// 2⁵³ + 1: the first integer that a double cannot hold.
private let large = 9_007_199_254_740_993

let foldingCases: [FoldingCase] = [
  integers("Div", [7, -7], [2], gives: [3, -3]),
  integers("Mod", [-7, 7], [3, -3], gives: [2, -2]),
  integers("Mod", [-7, 7], [3, -3], ["fmod": .integer(1)], gives: [-1, 1]),
  integers("Mod", [5], [0], gives: [0]), integers("Pow", [3, -2], [4, 3], gives: [81, -8]),
  integers("Sub", [large], [large - 1], gives: [1]),
  integers("Add", [Int.max], [1], gives: [Double(Int.min)]),
  integers("BitwiseAnd", [12], [10], gives: [8]), integers("BitwiseOr", [12], [10], gives: [14]),
  integers("BitwiseXor", [12], [10], gives: [6]),
  integers("BitShift", [3], [2], ["direction": .text("LEFT")], gives: [12]),
  integers("Max", [1, 5], [3], gives: [3, 5]), integers("Sum", [1, 5], [3], gives: [4, 8]),
  reduced("ReduceMean", [1, 2, 4], gives: 2), reduced("ReduceMax", [1, -2, 4], gives: 4),
  reduced("ReduceL1", [1, -2, 4], gives: 7), reduced("ReduceSumSquare", [1, -2], gives: 5),
  reduced("ReduceProd", [2, 3, 4], gives: 24),
  // 11.5 times a reciprocal: 5 in single precision, and just below it in double.
  FoldingCase("Floor of a product of singles", [], [5]) {
    $0.constant("a", [], [11.5] as [Float])
    $0.constant("b", [], [1 / 2.3] as [Float])
    $0.node("Mul", ["a", "b"], ["c"])
    $0.node("Floor", ["c"], ["y"])
  },
  FoldingCase("ArgMax, the last of equals", [1], [2]) {
    $0.constant("a", [3], [1, 4, 4])
    $0.node("ArgMax", ["a"], ["y"], ["select_last_index": .integer(1)])
  },
  FoldingCase("NonZero", [2, 2], [0, 1, 1, 0]) {
    $0.constant("a", [2, 2], [0, 5, 6, 0])
    $0.node("NonZero", ["a"], ["y"])
  },
  FoldingCase("OneHot with an index outside", [3, 2], [1, 0, 0, 0, 0, 1]) {
    $0.constant("a", [3], [0, 7, -1])
    $0.constant("depth", [], [2])
    $0.constant("values", [2], [0, 1])
    $0.node("OneHot", ["a", "depth", "values"], ["y"])
  },
  FoldingCase("TopK's places", [2], [2, 0]) {
    $0.constant("a", [3], [4, 1, 9])
    $0.constant("k", [1], [2])
    $0.node("TopK", ["a", "k"], ["values", "y"])
  },
  FoldingCase("Unique's inverse", [4], [1, 0, 1, 2]) {
    $0.constant("a", [4], [3, 2, 3, 8])
    $0.node("Unique", ["a"], ["values", "first", "y"])
  },
  FoldingCase("Pad of integers beyond what a float holds", [3], [7, Double(large - 1), 7]) {
    $0.constant("a", [1], [large - 1])
    $0.constant("pads", [2], [1, 1])
    $0.constant("value", [], [7])
    $0.node("Pad", ["a", "pads", "value"], ["y"])
  },
  FoldingCase("ScatterElements that adds", [3], [1, 12, 1]) {
    $0.constant("a", [3], [1, 1, 1])
    $0.constant("i", [2], [1, 1])
    $0.constant("u", [2], [5, 6])
    $0.node("ScatterElements", ["a", "i", "u"], ["y"], ["reduction": .text("add")])
  },
  FoldingCase("EyeLike", [2, 3], [0, 1, 0, 0, 0, 1]) {
    $0.constant("a", [2, 3], [0, 0, 0, 0, 0, 0])
    $0.node("EyeLike", ["a"], ["y"], ["k": .integer(1)])
  },
  FoldingCase("Clip of integers", [3], [2, 3, 4]) {
    $0.constant("a", [3], [1, 3, 9])
    $0.constant("low", [], [2])
    $0.constant("high", [], [4])
    $0.node("Clip", ["a", "low", "high"], ["y"])
  },
  FoldingCase("angles of positions", [2], [0, 0.8414709848]) {
    $0.constant("start", [], [0])
    $0.constant("end", [], [2])
    $0.constant("step", [], [1])
    $0.node("Range", ["start", "end", "step"], ["places"])
    $0.node("Cast", ["places"], ["real"], ["to": .integer(1)])
    $0.node("Sin", ["real"], ["y"])
  },
]

@Suite("Folding")
struct FoldingTests {
  @Test("computes what is known", arguments: foldingCases)
  func folds(_ each: FoldingCase) throws {
    var builder = GraphBuilder()
    each.build(&builder)
    builder.output("y")
    let graph = try Graph.parse(builder.file, path: "g.onnx")
    let result = try #require(try graph.evaluate([], mode: .known).first)
    #expect(result.shape == each.expected.shape)
    #expect(result.values.count == each.expected.values.count)
    for (found, wanted) in zip(result.values, each.expected.values) {
      #expect(found == wanted || (found - wanted).magnitude < 1e-6 * wanted.magnitude)
    }
  }

  @Test("lists what conformance runs")
  func operators() {
    #expect(Graph.operators.count > 150)
    #expect(Graph.operators.contains("Attention"))
    #expect(!Graph.operators.contains("NonMaxSuppression"))
  }
}
