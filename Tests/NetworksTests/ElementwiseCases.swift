// The table of elementwise operators, in the forms that differ.
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

let elementwiseCases: [OperatorCase] = [
  unary("Abs"), unary("Celu", .awayFromZero, ["alpha": .float(1.3)]), unary("Cos"),
  unary("Elu", .awayFromZero, ["alpha": .float(0.7)]), unary("Erf"), unary("Exp"), unary("Gelu"),
  unary("Gelu", .awayFromZero, ["approximate": .text("tanh")]), unary("HardSigmoid"),
  unary("HardSwish"), unary("LeakyRelu", .awayFromZero, ["alpha": .float(0.2)]),
  unary("Log", .positive), unary("Mish"), unary("Neg"), unary("Reciprocal"), unary("Relu"),
  unary("Selu"), unary("Sigmoid"), unary("Sin"), unary("Softplus"), unary("Softsign"),
  unary("Acos", .small), unary("Asin", .small), unary("Asinh"), unary("Atan"),
  unary("Atanh", .small), unary("Cosh"), unary("Sinh"), unary("Tan", .small),
  OperatorCase(name: "Acosh", shape: [2, 3], domain: .positive) {
    $0.constant("one", [], [1] as [Float])
    $0.node("Add", ["h", "one"], ["a"])
    $0.node("Acosh", ["a"], ["y"])
  },
  unary("ThresholdedRelu", .awayFromZero, ["alpha": .float(0.475)]),
  unary("Shrink", .awayFromZero, ["lambd": .float(0.475), "bias": .float(0.2)]),
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
  binary("PRelu", [2, 3], with: [2, 1]), binary("PRelu", [2, 3], with: [1]),
  OperatorCase(name: "Mod", shape: [2, 3]) {
    $0.constant("divisor", [], [0.97] as [Float])
    $0.node("Mod", ["h", "divisor"], ["y"])
  },
  OperatorCase(name: "fmod", shape: [2, 3], parameters: ["op.weight": [3]]) {
    // Divisors between 1.35 and 2.15 fit once into 2.5.
    $0.constant("start", [], [0.85] as [Float])
    $0.constant("wide", [], [2.5] as [Float])
    $0.node("Add", ["op.weight", "start"], ["divisor"])
    $0.node("Mod", ["wide", "divisor"], ["rest"], ["fmod": .integer(1)])
    $0.node("Mul", ["h", "rest"], ["y"])
  },
  OperatorCase(name: "Sum of three", shape: [2, 3], parameters: ["op.weight": [3]]) {
    $0.node("Exp", ["h"], ["e"])
    $0.node("Sum", ["h", "op.weight", "e"], ["y"])
  },
  OperatorCase(name: "Mean of three", shape: [2, 3], parameters: ["op.weight": [3]]) {
    $0.node("Exp", ["h"], ["e"])
    $0.node("Mean", ["h", "op.weight", "e"], ["y"])
  },
  OperatorCase(name: "Clip by a parameter", shape: [2, 3], parameters: ["op.weight": []]) {
    $0.constant("tenth", [], [0.1] as [Float])
    $0.node("Mul", ["op.weight", "tenth"], ["low"])
    $0.node("Clip", ["h", "low"], ["y"])
  },
  OperatorCase(name: "Cast to a boolean and to integers", shape: [2, 3]) {
    $0.node("Relu", ["h"], ["r"])
    $0.node("Cast", ["r"], ["mask"], ["to": .integer(9)])
    $0.node("Cast", ["h"], ["whole"], ["to": .integer(7)])
    $0.node("Cast", ["whole"], ["real"], ["to": .integer(1)])
    $0.node("Where", ["mask", "h", "real"], ["y"])
  },
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
