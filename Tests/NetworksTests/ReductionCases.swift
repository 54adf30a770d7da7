// The table of reductions.
import Networks

private func reduced(
  _ operation: String, _ axes: [Int], keep: Int, _ domain: OperatorCase.Domain = .awayFromZero
) -> OperatorCase {
  OperatorCase(
    name: "\(operation) over \(axes) keep \(keep)", shape: [2, 3, 2], domain: domain
  ) {
    $0.constant("axes", [axes.count], axes)
    $0.node(operation, ["h", "axes"], ["y"], ["keepdims": .integer(keep)])
  }
}

let reductionCases: [OperatorCase] = [
  reduced("ReduceMean", [2], keep: 1), reduced("ReduceMean", [1, 3], keep: 0),
  reduced("ReduceSum", [-1], keep: 0), reduced("ReduceSum", [2, 3], keep: 1),
  reduced("ReduceMax", [2], keep: 1, .distinct), reduced("ReduceMax", [1, -1], keep: 0, .distinct),
  reduced("ReduceMin", [3], keep: 0, .distinct),
  reduced("ReduceMin", [1, 2, 3], keep: 1, .distinct),
  reduced("ReduceProd", [2], keep: 1), reduced("ReduceProd", [1, 3], keep: 0),
  reduced("ReduceL1", [1, 2], keep: 1), reduced("ReduceL2", [2], keep: 0),
  reduced("ReduceSumSquare", [3, 1], keep: 0), reduced("ReduceLogSum", [2], keep: 1, .positive),
  reduced("ReduceLogSumExp", [2], keep: 0), reduced("ReduceLogSumExp", [1, 3], keep: 1),
  OperatorCase(name: "ReduceMax with axes as an attribute", shape: [2, 3], domain: .distinct) {
    $0.node("ReduceMax", ["h"], ["y"], ["axes": .integers([1]), "keepdims": .integer(0)])
  },
  OperatorCase(name: "ReduceL1 that does nothing", shape: [2, 3]) {
    $0.node("ReduceL1", ["h"], ["y"], ["noop_with_empty_axes": .integer(1)])
  },
  OperatorCase(name: "GlobalAveragePool", shape: [2, 2, 3]) {
    $0.node("GlobalAveragePool", ["h"], ["y"])
  },
  OperatorCase(name: "ArgMax as a factor", shape: [2, 3], domain: .distinct) {
    $0.node("ArgMax", ["h"], ["place"], ["axis": .integer(-1)])
    $0.node("ArgMin", ["h"], ["other"], ["axis": .integer(1), "keepdims": .integer(0)])
    $0.constant("axes", [1], [1])
    $0.node("Unsqueeze", ["other", "axes"], ["row"])
    $0.node("Mul", ["h", "place"], ["a"])
    $0.node("Mul", ["a", "row"], ["y"])
  },
  OperatorCase(name: "CumSum", shape: [2, 4]) {
    $0.constant("axis", [], [2])
    $0.node("CumSum", ["h", "axis"], ["y"])
  },
  OperatorCase(name: "CumSum backwards without itself", shape: [3, 2]) {
    $0.constant("axis", [], [1])
    $0.node(
      "CumSum", ["h", "axis"], ["y"], ["exclusive": .integer(1), "reverse": .integer(1)])
  },
]
