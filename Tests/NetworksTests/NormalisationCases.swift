// The table of normalisations and softmax.
import Networks

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
  OperatorCase(
    name: "BatchNormalization by statistics of parameters", shape: [2, 3],
    parameters: ["bn.weight": [2], "bn.bias": [2]], domain: .distinct
  ) {
    $0.node("Mul", ["bn.weight", "bn.weight"], ["squares"])
    $0.node("ReduceMean", ["squares"], ["own"])
    $0.node("Mul", ["bn.weight", "own"], ["mean"])
    $0.node("Exp", ["bn.bias"], ["variance"])
    $0.node("BatchNormalization", ["h", "bn.weight", "bn.bias", "mean", "variance"], ["y"])
  },
  OperatorCase(
    name: "BatchNormalization of weights", shape: [3], parameters: ["op.weight": [2, 3]],
    domain: .distinct
  ) {
    $0.constant("row", [3], [1, 2, 3])
    $0.constant("matrix", [2], [2, 3])
    $0.constant("axes", [2], [0, 2])
    $0.constant("one", [2], [1, 1] as [Float])
    $0.constant("none", [2], [0, 0] as [Float])
    $0.node("Reshape", ["op.weight", "row"], ["w"])
    $0.node("ReduceMean", ["w", "axes"], ["mean"], ["keepdims": .integer(0)])
    $0.node("ReduceMean", ["w", "axes"], ["kept"])
    $0.node("Sub", ["w", "kept"], ["centred"])
    $0.node("Mul", ["centred", "centred"], ["squares"])
    $0.node("ReduceMean", ["squares", "axes"], ["variance"], ["keepdims": .integer(0)])
    $0.node("BatchNormalization", ["w", "one", "none", "mean", "variance"], ["standardised"])
    $0.node("Reshape", ["standardised", "matrix"], ["v"])
    $0.node("Gemm", ["h", "v"], ["y"], ["transB": .integer(1)])
  },
  OperatorCase(name: "Softmax", shape: [2, 9]) { $0.node("Softmax", ["h"], ["y"]) },
  OperatorCase(name: "Softmax along the middle", shape: [3, 2]) {
    $0.node("Softmax", ["h"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "LogSoftmax", shape: [2, 3]) { $0.node("LogSoftmax", ["h"], ["y"]) },
  OperatorCase(
    name: "LayerNormalization with a scale of one row", shape: [2, 3],
    parameters: ["ln.weight": [1, 3], "ln.bias": [2, 1]], domain: .distinct
  ) {
    $0.node("LayerNormalization", ["h", "ln.weight", "ln.bias"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(
    name: "LayerNormalization with its statistics", shape: [2, 3], parameters: ["ln.weight": [3]],
    domain: .distinct
  ) {
    $0.node("LayerNormalization", ["h", "ln.weight"], ["n", "mean", "inverse"])
    $0.node("Mul", ["n", "inverse"], ["m"])
    $0.node("Add", ["m", "mean"], ["y"])
  },
  OperatorCase(
    name: "RMSNormalization", shape: [2, 4], parameters: ["norm.weight": [4]], domain: .distinct
  ) { $0.node("RMSNormalization", ["h", "norm.weight"], ["y"]) },
  OperatorCase(
    name: "SimplifiedLayerNormalization over two axes", shape: [2, 3],
    parameters: ["norm.weight": [2, 3]], domain: .distinct
  ) {
    $0.node("SimplifiedLayerNormalization", ["h", "norm.weight"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(
    name: "InstanceNormalization", shape: [2, 2, 2],
    parameters: ["norm.weight": [2], "norm.bias": [2]], domain: .distinct
  ) { $0.node("InstanceNormalization", ["h", "norm.weight", "norm.bias"], ["y"]) },
  OperatorCase(
    name: "GroupNormalization", shape: [4, 3],
    parameters: ["norm.weight": [4], "norm.bias": [4]], domain: .distinct
  ) {
    $0.node(
      "GroupNormalization", ["h", "norm.weight", "norm.bias"], ["y"], ["num_groups": .integer(2)])
  },
  OperatorCase(
    name: "GroupNormalization with a scale per group", shape: [4, 2],
    parameters: ["norm.weight": [2], "norm.bias": [2]], domain: .distinct
  ) {
    $0.node(
      "GroupNormalization", ["h", "norm.weight", "norm.bias"], ["y"], ["num_groups": .integer(2)])
  },
  OperatorCase(name: "MeanVarianceNormalization", shape: [2, 4], domain: .distinct) {
    $0.node("MeanVarianceNormalization", ["h"], ["y"], ["axes": .integers([2])])
  },
  OperatorCase(name: "LpNormalization", shape: [2, 3]) {
    $0.node("LpNormalization", ["h"], ["y"])
  },
  OperatorCase(name: "LpNormalization of order 1", shape: [2, 3]) {
    $0.node("LpNormalization", ["h"], ["y"], ["p": .integer(1), "axis": .integer(1)])
  },
  OperatorCase(name: "LRN", shape: [4, 2]) {
    $0.node("LRN", ["h"], ["y"], ["size": .integer(3), "alpha": .float(0.5)])
  },
]
