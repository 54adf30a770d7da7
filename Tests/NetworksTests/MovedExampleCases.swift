// The table of graphs that move the examples off the first axis, as sequence-first layers do.
import Networks

private func moved(
  _ name: String, _ shape: [Int], parameters: [String: [Int]] = [:],
  domain: OperatorCase.Domain = .awayFromZero,
  _ build: @escaping @Sendable (inout GraphBuilder) -> Void
) -> OperatorCase {
  OperatorCase(
    name: "examples second: \(name)", shape: shape, parameters: parameters, domain: domain
  ) {
    $0.node("Transpose", ["h"], ["m"], ["perm": .integers([1, 0] + (2..<(shape.count + 1)))])
    build(&$0)
  }
}

let movedExampleCases: [OperatorCase] = [
  moved("elementwise and back", [3, 2], parameters: ["op.weight": [3, 1, 2]]) {
    $0.node("Mul", ["m", "op.weight"], ["a"])
    $0.node("Tanh", ["a"], ["b"])
    $0.node("Add", ["b", "m"], ["c"])
    $0.node("Transpose", ["c"], ["y"], ["perm": .integers([1, 0, 2])])
  },
  moved("the last step", [3, 2], parameters: ["fc.weight": [2, 2], "fc.bias": [2]]) {
    $0.node("MatMul", ["m", "fc.weight"], ["a"])
    $0.node("Add", ["a", "fc.bias"], ["b"])
    $0.constant("last", [], [-1])
    $0.node("Gather", ["b", "last"], ["y"])
  },
  moved("the mean over steps", [3, 2], domain: .distinct) {
    $0.node("Softmax", ["m"], ["s"], ["axis": .integer(0)])
    $0.constant("axes", [1], [0])
    $0.node("ReduceMean", ["m", "axes"], ["mean"], ["keepdims": .integer(0)])
    $0.node("ReduceMax", ["s", "axes"], ["most"], ["keepdims": .integer(0)])
    $0.node("Mul", ["mean", "most"], ["y"])
  },
  moved("merged with steps", [3, 2], parameters: ["fc.weight": [4, 2], "fc.bias": [4]]) {
    // As a linear layer of three axes is exported: rows merged, multiplied, taken apart.
    $0.node("Shape", ["m"], ["shape"], ["end": .integer(2)])
    $0.constant("wide", [2], [-1, 2])
    $0.node("Reshape", ["m", "wide"], ["rows"])
    $0.node("Gemm", ["rows", "fc.weight", "fc.bias"], ["a"], ["transB": .integer(1)])
    $0.node("Relu", ["a"], ["b"])
    $0.constant("four", [1], [4])
    $0.node("Concat", ["shape", "four"], ["back"], ["axis": .integer(0)])
    $0.node("Reshape", ["b", "back"], ["c"])
    $0.node("Transpose", ["c"], ["y"], ["perm": .integers([1, 0, 2])])
  },
  moved(
    "attention of heads merged with them", [3, 4],
    parameters: ["norm.weight": [4], "in.weight": [4, 12]], domain: .distinct
  ) {
    $0.node("LayerNormalization", ["m", "norm.weight"], ["n"])
    $0.node("MatMul", ["n", "in.weight"], ["qkv"])
    $0.node("Split", ["qkv"], ["q", "k", "v"], ["axis": .integer(2)])
    $0.constant("heads", [3], [3, -1, 2])
    for name in ["q", "k", "v"] {
      $0.node("Reshape", [name, "heads"], [name + "h"])
      $0.node("Transpose", [name + "h"], [name + "t"], ["perm": .integers([1, 0, 2])])
    }
    $0.node("Transpose", ["kt"], ["kk"], ["perm": .integers([0, 2, 1])])
    $0.node("MatMul", ["qt", "kk"], ["scores"])
    $0.node("Softmax", ["scores"], ["p"], ["axis": .integer(-1)])
    $0.node("MatMul", ["p", "vt"], ["o"])
    $0.node("Transpose", ["o"], ["ot"], ["perm": .integers([1, 0, 2])])
    $0.constant("wide", [3], [3, -1, 4])
    $0.node("Reshape", ["ot", "wide"], ["joined"])
    $0.node("Transpose", ["joined"], ["y"], ["perm": .integers([1, 0, 2])])
  },
  moved(
    "LSTM, both directions", [3, 2],
    parameters: [
      "rnn.weight_ih": [2, 8, 2], "rnn.weight_hh": [2, 8, 2], "rnn.bias": [2, 16],
    ]
  ) {
    $0.node(
      "LSTM", ["m", "rnn.weight_ih", "rnn.weight_hh", "rnn.bias"], ["states", "last"],
      ["hidden_size": .integer(2), "direction": .text("bidirectional")])
    // [t, d, n, h] → [t, n, d, h] → [t, n, d·h], and the last states of both directions.
    $0.node("Transpose", ["states"], ["a"], ["perm": .integers([0, 2, 1, 3])])
    $0.constant("wide", [3], [0, 0, -1])
    $0.node("Reshape", ["a", "wide"], ["b"])
    $0.node("Transpose", ["b"], ["c"], ["perm": .integers([1, 0, 2])])
    $0.node("Transpose", ["last"], ["l"], ["perm": .integers([1, 0, 2])])
    $0.node("Flatten", ["c"], ["cf"])
    $0.node("Flatten", ["l"], ["lf"])
    $0.node("Concat", ["cf", "lf"], ["y"], ["axis": .integer(1)])
  },
  moved("slices, pads and joins", [4, 2], parameters: ["op.weight": [1, 1, 2]]) {
    $0.constant("start", [1], [1])
    $0.constant("end", [1], [3])
    $0.constant("axis", [1], [0])
    $0.node("Slice", ["m", "start", "end", "axis"], ["part"])
    $0.constant("pads", [6], [1, 0, 0, 0, 0, 1])
    $0.node("Pad", ["part", "pads"], ["wide"])
    $0.node("Shape", ["wide"], ["shape"])
    $0.constant("columns", [1], [1])
    $0.node("Expand", ["part", "columns"], ["same"])
    $0.node("Mul", ["same", "op.weight"], ["scaled"])
    $0.node("Concat", ["scaled", "part"], ["joined"], ["axis": .integer(0)])
    $0.node("CumSum", ["joined", "axis"], ["running"])
    $0.node("Transpose", ["running"], ["r"], ["perm": .integers([1, 0, 2])])
    $0.node("Transpose", ["wide"], ["w"], ["perm": .integers([1, 0, 2])])
    $0.node("Flatten", ["r"], ["rf"])
    $0.node("Flatten", ["w"], ["wf"])
    $0.node("Concat", ["rf", "wf"], ["y"], ["axis": .integer(1)])
  },
  moved("Where and Einsum", [3, 2], parameters: ["op.weight": [2, 3]]) {
    $0.constant("mask", [3, 1, 1], [true, false, true])
    $0.node("Exp", ["m"], ["e"])
    $0.node("Where", ["mask", "e", "m"], ["w"])
    $0.node("Einsum", ["w", "op.weight"], ["s"], ["equation": .text("tbi,ij->btj")])
    $0.node("Einsum", ["w", "m"], ["p"], ["equation": .text("tbi,sbi->bts")])
    $0.node("Add", ["s", "p"], ["y"])
  },
]
