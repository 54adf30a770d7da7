// The table of operators: every one that the executor pulls back through, in the forms that differ.
import Networks

private func unary(
  _ operation: String, _ domain: OperatorCase.Domain = .awayFromZero,
  _ attributes: [String: GraphBuilder.Value] = [:]
) -> OperatorCase {
  OperatorCase(name: "\(operation) \(attributes.keys.sorted())", shape: [2, 3], domain: domain) {
    $0.node(operation, ["h"], ["y"], attributes)
  }
}

private func binary(
  _ operation: String, _ shape: [Int], with other: [Int], parameterFirst: Bool = false,
  _ domain: OperatorCase.Domain = .awayFromZero
) -> OperatorCase {
  OperatorCase(
    name: "\(operation) \(shape) with \(other)\(parameterFirst ? " first" : "")", shape: shape,
    parameters: ["op.weight": other], domain: domain
  ) {
    $0.node(operation, parameterFirst ? ["op.weight", "h"] : ["h", "op.weight"], ["y"])
  }
}

private func reduced(_ operation: String, _ axes: [Int], keep: Int) -> OperatorCase {
  OperatorCase(name: "\(operation) over \(axes) keep \(keep)", shape: [2, 3, 2]) {
    $0.constant("axes", [axes.count], axes)
    $0.node(operation, ["h", "axes"], ["y"], ["keepdims": .integer(keep)])
  }
}

let elementwiseCases: [OperatorCase] = [
  unary("Abs"), unary("Celu", .awayFromZero, ["alpha": .float(1.3)]), unary("Cos"),
  unary("Elu", .awayFromZero, ["alpha": .float(0.7)]), unary("Erf"), unary("Exp"), unary("Gelu"),
  unary("Gelu", .awayFromZero, ["approximate": .text("tanh")]), unary("HardSigmoid"),
  unary("HardSwish"), unary("LeakyRelu", .awayFromZero, ["alpha": .float(0.2)]),
  unary("Log", .positive), unary("Mish"), unary("Neg"), unary("Reciprocal"), unary("Relu"),
  unary("Selu"), unary("Sigmoid"), unary("Sin"), unary("Softplus"), unary("Softsign"),
  unary("Sqrt", .positive), unary("Swish", .awayFromZero, ["alpha": .float(1.5)]), unary("Tanh"),
  OperatorCase(name: "Clip", shape: [2, 3]) {
    $0.constant("low", [], [-0.975] as [Float])
    $0.constant("high", [], [0.975] as [Float])
    $0.node("Clip", ["h", "low", "high"], ["y"])
  },
  binary("Add", [2, 3], with: [3]), binary("Add", [2, 3], with: [2, 1]),
  binary("Add", [2, 3], with: []), binary("Add", [2, 3], with: [1, 2, 3]),
  binary("Sub", [2, 3], with: [1, 3]), binary("Sub", [2, 3], with: [2, 3], parameterFirst: true),
  binary("Mul", [2, 3], with: [3]), binary("Mul", [2, 3], with: [2, 1], parameterFirst: true),
  binary("Mul", [2, 1], with: [1, 1, 4]), binary("Div", [2, 3], with: [2, 1]),
  binary("Div", [2, 3], with: [3], parameterFirst: true),
  binary("Pow", [2, 3], with: [3], .positive),
  binary("Max", [2, 3], with: [], .distinct), binary("Min", [2, 3], with: [], .distinct),
  OperatorCase(name: "Add to itself", shape: [2, 3]) { $0.node("Add", ["h", "h"], ["y"]) },
  OperatorCase(name: "Mul by itself", shape: [2, 3]) { $0.node("Mul", ["h", "h"], ["y"]) },
  OperatorCase(name: "Mul of two activations", shape: [2, 3]) {
    $0.node("Tanh", ["h"], ["t"])
    $0.node("Mul", ["t", "h"], ["y"])
  },
  OperatorCase(name: "Sub of a broadcast activation", shape: [2, 3]) {
    $0.constant("axes", [1], [2])
    $0.node("ReduceMean", ["h", "axes"], ["mean"])
    $0.node("Sub", ["h", "mean"], ["y"])
  },
  OperatorCase(name: "Pow 3", shape: [2, 3]) {
    $0.constant("three", [], [3] as [Float])
    $0.node("Pow", ["h", "three"], ["y"])
  },
  OperatorCase(name: "Where by a known mask", shape: [2, 3], parameters: ["op.weight": [3]]) {
    $0.constant("mask", [2, 3], [1, 0, 1, 0, 0, 1])
    $0.node("Where", ["mask", "h", "op.weight"], ["y"])
  },
  OperatorCase(name: "Where by a comparison", shape: [2, 3]) {
    $0.constant("zero", [], [0] as [Float])
    $0.node("Greater", ["h", "zero"], ["mask"])
    $0.node("Exp", ["h"], ["e"])
    $0.node("Where", ["mask", "e", "h"], ["y"])
  },
]

let linearCases: [OperatorCase] = [
  OperatorCase(
    name: "Gemm transB with bias", shape: [4],
    parameters: ["fc.weight": [3, 4], "fc.bias": [3]]
  ) { $0.node("Gemm", ["h", "fc.weight", "fc.bias"], ["y"], ["transB": .integer(1)]) },
  OperatorCase(
    name: "Gemm alpha beta", shape: [4], parameters: ["fc.weight": [4, 3], "fc.bias": [1, 3]]
  ) {
    $0.node(
      "Gemm", ["h", "fc.weight", "fc.bias"], ["y"],
      ["alpha": .float(0.7), "beta": .float(1.3)])
  },
  OperatorCase(
    name: "Gemm with a scalar bias", shape: [4], parameters: ["fc.weight": [4, 3], "fc.bias": [1]]
  ) { $0.node("Gemm", ["h", "fc.weight", "fc.bias"], ["y"]) },
  OperatorCase(
    name: "Gemm over merged rows", shape: [2, 4],
    parameters: ["fc.weight": [3, 4], "fc.bias": [3]]
  ) {
    $0.constant("rows", [2], [-1, 4])
    $0.node("Reshape", ["h", "rows"], ["flat"])
    $0.node("Gemm", ["flat", "fc.weight", "fc.bias"], ["rowwise"], ["transB": .integer(1)])
    $0.constant("back", [3], [-1, 2, 3])
    $0.node("Reshape", ["rowwise", "back"], ["y"])
  },
  OperatorCase(
    name: "Gemm adding an activation", shape: [4], parameters: ["fc.weight": [4, 4]]
  ) { $0.node("Gemm", ["h", "fc.weight", "h"], ["y"], ["beta": .float(0.5)]) },
  OperatorCase(name: "MatMul", shape: [2, 4], parameters: ["fc.weight": [4, 3]]) {
    $0.node("MatMul", ["h", "fc.weight"], ["y"])
  },
  OperatorCase(
    name: "MatMul by a transposed weight", shape: [2, 4], parameters: ["fc.weight": [3, 4]]
  ) {
    $0.node("Transpose", ["fc.weight"], ["w"], ["perm": .integers([1, 0])])
    $0.node("MatMul", ["h", "w"], ["y"])
  },
  OperatorCase(name: "MatMul by a vector", shape: [2, 4], parameters: ["fc.weight": [4]]) {
    $0.node("MatMul", ["h", "fc.weight"], ["y"])
  },
  OperatorCase(
    name: "MatMul with the weight on the left", shape: [4, 2], parameters: ["fc.weight": [3, 4]]
  ) { $0.node("MatMul", ["fc.weight", "h"], ["y"]) },
  OperatorCase(
    name: "MatMul with a batch of weights", shape: [2, 3, 4],
    parameters: ["fc.weight": [2, 4, 2]]
  ) { $0.node("MatMul", ["h", "fc.weight"], ["y"]) },
  OperatorCase(name: "MatMul of activations, heads", shape: [2, 3, 2]) {
    $0.node("Transpose", ["h"], ["k"], ["perm": .integers([0, 1, 3, 2])])
    $0.node("MatMul", ["h", "k"], ["s"])
    $0.node("Softmax", ["s"], ["p"], ["axis": .integer(-1)])
    $0.node("MatMul", ["p", "h"], ["y"])
  },
  OperatorCase(
    name: "a weight read as it is and transposed", shape: [2, 3],
    parameters: ["fc.weight": [3, 3]]
  ) {
    $0.node("Transpose", ["fc.weight"], ["w"], ["perm": .integers([1, 0])])
    $0.node("MatMul", ["h", "w"], ["a"])
    $0.node("Tanh", ["a"], ["b"])
    $0.node("MatMul", ["b", "fc.weight"], ["y"])
  },
  OperatorCase(
    name: "a weight normalised by another", shape: [3],
    parameters: ["fc.weight_v": [2, 3], "fc.weight_g": [2, 1]]
  ) {
    $0.constant("axes", [1], [1])
    $0.node("Mul", ["fc.weight_v", "fc.weight_v"], ["square"])
    $0.node("ReduceSum", ["square", "axes"], ["sum"])
    $0.node("Sqrt", ["sum"], ["norm"])
    $0.node("Div", ["fc.weight_v", "norm"], ["unit"])
    $0.node("Mul", ["unit", "fc.weight_g"], ["w"])
    $0.node("Gemm", ["h", "w"], ["y"], ["transB": .integer(1)])
  },
]

let normalisationCases: [OperatorCase] = [
  OperatorCase(
    name: "LayerNormalization", shape: [2, 4], parameters: ["ln.weight": [4], "ln.bias": [4]],
    domain: .distinct
  ) { $0.node("LayerNormalization", ["h", "ln.weight", "ln.bias"], ["y"]) },
  OperatorCase(
    name: "LayerNormalization over two axes", shape: [2, 3], parameters: ["ln.weight": [2, 3]],
    domain: .distinct
  ) { $0.node("LayerNormalization", ["h", "ln.weight"], ["y"], ["axis": .integer(1)]) },
  OperatorCase(
    name: "BatchNormalization", shape: [2, 3],
    parameters: ["bn.weight": [2], "bn.bias": [2]]
  ) {
    $0.constant("mean", [2], [0.1, -0.2] as [Float])
    $0.constant("variance", [2], [0.5, 1.5] as [Float])
    $0.node("BatchNormalization", ["h", "bn.weight", "bn.bias", "mean", "variance"], ["y"])
  },
  OperatorCase(
    name: "BatchNormalization of features", shape: [2],
    parameters: ["bn.weight": [2], "bn.bias": [2]]
  ) {
    $0.constant("mean", [2], [0.1, -0.2] as [Float])
    $0.constant("variance", [2], [0.5, 1.5] as [Float])
    $0.node("BatchNormalization", ["h", "bn.weight", "bn.bias", "mean", "variance"], ["y"])
  },
  OperatorCase(name: "Softmax", shape: [2, 9]) { $0.node("Softmax", ["h"], ["y"]) },
  OperatorCase(name: "Softmax along the middle", shape: [3, 2]) {
    $0.node("Softmax", ["h"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "LogSoftmax", shape: [2, 3]) { $0.node("LogSoftmax", ["h"], ["y"]) },
]

let shapingCases: [OperatorCase] = [
  OperatorCase(name: "Transpose", shape: [2, 3]) {
    $0.node("Transpose", ["h"], ["y"], ["perm": .integers([0, 2, 1])])
  },
  OperatorCase(name: "Squeeze and Unsqueeze", shape: [1, 3]) {
    $0.constant("one", [1], [1])
    $0.constant("two", [1], [2])
    $0.node("Squeeze", ["h", "one"], ["s"])
    $0.node("Unsqueeze", ["s", "two"], ["y"])
  },
  OperatorCase(name: "Identity, Cast and Dropout", shape: [3]) {
    $0.node("Identity", ["h"], ["a"])
    $0.node("Cast", ["a"], ["b"], ["to": .integer(1)])
    $0.node("Dropout", ["b"], ["y"])
  },
  OperatorCase(name: "Expand", shape: [1, 3]) {
    $0.constant("shape", [3], [1, 2, 1])
    $0.node("Expand", ["h", "shape"], ["y"])
  },
  OperatorCase(
    name: "Concat with a parameter per example", shape: [2, 3],
    parameters: ["cls.token": [1, 1, 3]]
  ) {
    $0.node("Shape", ["h"], ["n"], ["start": .integer(0), "end": .integer(1)])
    $0.constant("rest", [2], [1, 3])
    $0.node("Concat", ["n", "rest"], ["shape"], ["axis": .integer(0)])
    $0.node("Expand", ["cls.token", "shape"], ["token"])
    $0.node("Concat", ["token", "h"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "Slice backwards in steps", shape: [5, 2]) {
    $0.constant("start", [1], [-1])
    $0.constant("end", [1], [Int.min])
    $0.constant("axis", [1], [1])
    $0.constant("step", [1], [-2])
    $0.node("Slice", ["h", "start", "end", "axis", "step"], ["y"])
  },
  OperatorCase(name: "Split unevenly", shape: [5]) {
    $0.constant("sizes", [2], [2, 3])
    $0.node("Split", ["h", "sizes"], ["a", "b"], ["axis": .integer(-1)])
    $0.node("Concat", ["b", "a"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "SplitToSequence and SequenceAt", shape: [2, 6]) {
    $0.constant("size", [], [2])
    $0.constant("which", [], [-1])
    $0.node("SplitToSequence", ["h", "size"], ["s"], ["axis": .integer(2)])
    $0.node("SequenceAt", ["s", "which"], ["y"])
  },
  OperatorCase(name: "Gather entries", shape: [4, 2]) {
    $0.constant("indices", [3], [0, -1, 0])
    $0.node("Gather", ["h", "indices"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "Gather one entry", shape: [4, 2]) {
    $0.constant("index", [], [2])
    $0.node("Gather", ["h", "index"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "Pad", shape: [2, 2]) {
    $0.constant("pads", [6], [0, 1, 0, 0, 0, 2])
    $0.node("Pad", ["h", "pads"], ["y"])
  },
  reduced("ReduceMean", [2], keep: 1), reduced("ReduceMean", [1, 3], keep: 0),
  reduced("ReduceSum", [-1], keep: 0), reduced("ReduceSum", [2, 3], keep: 1),
  OperatorCase(name: "GlobalAveragePool", shape: [2, 2, 3]) {
    $0.node("GlobalAveragePool", ["h"], ["y"])
  },
]
