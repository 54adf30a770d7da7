// The table of operators that move, repeat and sum elements.
import Networks

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
  OperatorCase(name: "a sequence put together and taken apart", shape: [2, 3]) {
    $0.node("Exp", ["h"], ["e"])
    $0.node("SequenceEmpty", [], ["none"])
    $0.node("SequenceInsert", ["none", "e"], ["one"])
    $0.constant("front", [], [0])
    $0.node("SequenceInsert", ["one", "h", "front"], ["two"])
    $0.node("SequenceLength", ["two"], ["length"])
    $0.node("Cast", ["length"], ["factor"], ["to": .integer(1)])
    $0.node("ConcatFromSequence", ["two"], ["joined"], ["axis": .integer(2)])
    $0.node("Mul", ["joined", "factor"], ["y"])
  },
  OperatorCase(name: "a sequence stacked on a new axis", shape: [2]) {
    $0.node("Exp", ["h"], ["e"])
    $0.node("SequenceConstruct", ["h", "e", "h"], ["s"])
    $0.constant("place", [], [-1])
    $0.node("SequenceErase", ["s", "place"], ["t"])
    $0.node(
      "ConcatFromSequence", ["t"], ["y"], ["axis": .integer(1), "new_axis": .integer(1)])
  },
]
