// The table of matrix products.
import Networks

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
