// The table of operators that read and write where the network itself says, of running products, and of
// Fourier transforms.
import Networks

/// The places of the two largest of four entries of h, `[n, 2]`, and those entries.
private func ranked(_ builder: inout GraphBuilder) {
  builder.constant("two", [1], [2])
  builder.node("TopK", ["h", "two"], ["largest", "places"])
}

/// Updates that lie between the entries of h, two of them for one place, combined with what is there.
private func combined(_ reduction: String, atComputedPlaces isComputed: Bool) -> OperatorCase {
  OperatorCase(
    name: "ScatterElements \(reduction) to \(isComputed ? "computed" : "known") places", shape: [4],
    domain: .distinct
  ) {
    ranked(&$0)
    $0.constant("between", [], [0.15] as [Float])
    $0.constant("order", [3], [2, 0, 1])
    $0.node("Gather", ["h", "order"], ["some"], ["axis": .integer(1)])
    $0.node("Add", ["some", "between"], ["updates"])
    if isComputed {
      $0.constant("second", [1], [1])
      $0.constant("axes", [1], [1])
      $0.node("Slice", ["places", "second", "two", "axes"], ["again"])
      $0.node("Concat", ["places", "again"], ["indices"], ["axis": .integer(1)])
    } else {
      $0.constant("one", [1, 3], [3, 1, 3])
      $0.node("Shape", ["h"], ["n"], ["end": .integer(1)])
      $0.constant("rest", [1], [3])
      $0.node("Concat", ["n", "rest"], ["shape"], ["axis": .integer(0)])
      $0.node("Expand", ["one", "shape"], ["indices"])
    }
    $0.node(
      "ScatterElements", ["h", "indices", "updates"], ["y"],
      ["axis": .integer(1), "reduction": .text(reduction)])
  }
}

private func sampled(
  _ name: String, _ attributes: [String: GraphBuilder.Value], images: Int = 1
) -> OperatorCase {
  // Coordinates stay a tenth of an entry away from the entries, where interpolation has kinks.
  OperatorCase(name: "GridSample " + name, shape: [40]) {
    $0.constant("sizes", [2], [32, 8])
    $0.node("Split", ["h", "sizes"], ["a", "b"], ["axis": .integer(1)])
    $0.constant("image_shape", [4], [-1, 2, 4, 4 / images])
    $0.constant("grid_shape", [4], [-1, 2, 2 / images, 2])
    $0.constant("half", [], [0.5] as [Float])
    $0.node("Reshape", ["a", "image_shape"], ["image"])
    $0.node("Mul", ["b", "half"], ["c"])
    $0.node("Reshape", ["c", "grid_shape"], ["grid"])
    $0.constant("samples_shape", [2], [-1, 8])
    $0.node("GridSample", ["image", "grid"], ["samples"], attributes)
    $0.node("Reshape", ["samples", "samples_shape"], ["y"])
  }
}

private func running(_ exclusive: Int, _ reverse: Int) -> OperatorCase {
  OperatorCase(name: "CumProd exclusive \(exclusive) reverse \(reverse)", shape: [4, 2]) {
    $0.constant("axis", [], [1])
    $0.node(
      "CumProd", ["h", "axis"], ["y"],
      ["exclusive": .integer(exclusive), "reverse": .integer(reverse)])
  }
}

let computedIndexCases: [OperatorCase] = [
  running(0, 0), running(1, 0), running(0, 1), running(1, 1),
  OperatorCase(name: "CumProd through a zero", shape: [4]) {
    $0.constant("axis", [], [1])
    $0.constant("kept", [1, 4], [1, 0, 1, 1] as [Float])
    $0.node("Mul", ["h", "kept"], ["g"])
    $0.node("CumProd", ["g", "axis"], ["y"])
  },
  OperatorCase(name: "TopK", shape: [4], domain: .distinct) {
    ranked(&$0)
    $0.node("Exp", ["largest"], ["y"])
  },
  OperatorCase(name: "TopK smallest along an inner axis", shape: [3, 2], domain: .distinct) {
    $0.constant("two", [1], [2])
    $0.node(
      "TopK", ["h", "two"], ["y", ""], ["axis": .integer(1), "largest": .integer(0)])
  },
  OperatorCase(name: "GatherElements at computed places", shape: [4], domain: .distinct) {
    ranked(&$0)
    $0.node("Mul", ["h", "h"], ["squares"])
    $0.node("GatherElements", ["squares", "places"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(
    name: "Gather of parameters at computed places", shape: [4], parameters: ["op.weight": [4, 3]],
    domain: .distinct
  ) {
    ranked(&$0)
    $0.node("Gather", ["op.weight", "places"], ["rows"])
    $0.constant("last", [1], [2])
    $0.node("Unsqueeze", ["largest", "last"], ["weights"])
    $0.node("Mul", ["rows", "weights"], ["y"])
  },
  OperatorCase(name: "GatherND at computed places", shape: [4], domain: .distinct) {
    ranked(&$0)
    $0.constant("last", [1], [2])
    $0.node("Unsqueeze", ["places", "last"], ["indices"])
    $0.node("Sin", ["h"], ["s"])
    $0.node("GatherND", ["s", "indices"], ["y"], ["batch_dims": .integer(1)])
  },
  OperatorCase(
    name: "GatherND of parameters at computed places", shape: [4],
    parameters: ["op.weight": [4, 4, 2]], domain: .distinct
  ) {
    ranked(&$0)
    $0.node("GatherND", ["op.weight", "places"], ["row"])
    $0.constant("first", [1], [0])
    $0.constant("one", [1], [1])
    $0.node("Slice", ["largest", "first", "one", "one"], ["top"])
    $0.node("Mul", ["row", "top"], ["y"])
  },
  OperatorCase(name: "ScatterElements to computed places", shape: [4], domain: .distinct) {
    ranked(&$0)
    $0.node("Mul", ["largest", "largest"], ["updates"])
    $0.node("ScatterElements", ["h", "places", "updates"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "ScatterElements added to one place", shape: [4], domain: .distinct) {
    ranked(&$0)
    $0.constant("none", [], [0])
    $0.node("Mul", ["places", "none"], ["first"])
    $0.node(
      "ScatterElements", ["h", "first", "largest"], ["y"],
      ["axis": .integer(1), "reduction": .text("add")])
  },
  OperatorCase(name: "ScatterElements twice to one place", shape: [4], domain: .distinct) {
    ranked(&$0)
    $0.constant("none", [], [0])
    $0.node("Mul", ["places", "none"], ["first"])
    $0.node("ScatterElements", ["h", "first", "largest"], ["y"], ["axis": .integer(1)])
  },
  combined("mul", atComputedPlaces: false), combined("mul", atComputedPlaces: true),
  combined("max", atComputedPlaces: false), combined("max", atComputedPlaces: true),
  combined("min", atComputedPlaces: false), combined("min", atComputedPlaces: true),
  // What a comparison reads receives nothing, where it stands before what does and after it.
  OperatorCase(
    name: "a weight that a comparison reads first", shape: [4], parameters: ["op.weight": [4]]
  ) {
    $0.constant("far", [], [100] as [Float])
    $0.node("Mul", ["h", "op.weight"], ["compared"])
    $0.node("Less", ["compared", "far"], ["is_less"])
    $0.node("Cast", ["is_less"], ["mask"], ["to": .integer(1)])
    $0.node("Mul", ["h", "mask"], ["g"])
    $0.node("Mul", ["g", "op.weight"], ["y"])
  },
  OperatorCase(
    name: "a weight that a comparison reads last", shape: [4], parameters: ["op.weight": [4, 4]]
  ) {
    $0.constant("far", [], [100] as [Float])
    $0.node("MatMul", ["h", "op.weight"], ["g"])
    $0.node("MatMul", ["g", "op.weight"], ["compared"])
    $0.node("Less", ["compared", "far"], ["is_less"])
    $0.node("Cast", ["is_less"], ["mask"], ["to": .integer(1)])
    $0.node("Mul", ["g", "mask"], ["y"])
  },
  OperatorCase(
    name: "OneHot of a computed place", shape: [4], parameters: ["op.weight": [4]],
    domain: .distinct
  ) {
    $0.node("ArgMax", ["h"], ["place"], ["axis": .integer(1), "keepdims": .integer(0)])
    $0.constant("depth", [], [4])
    $0.constant("values", [2], [0.5, 2] as [Float])
    $0.node("OneHot", ["place", "depth", "values"], ["hot"])
    $0.node("Mul", ["hot", "op.weight"], ["weighed"])
    $0.node("Mul", ["weighed", "h"], ["y"])
  },
  OperatorCase(name: "Hardmax", shape: [4], domain: .distinct) {
    $0.node("Hardmax", ["h"], ["hot"])
    $0.node("Mul", ["hot", "h"], ["y"])
  },
  OperatorCase(name: "a computed place divided", shape: [4], domain: .distinct) {
    ranked(&$0)
    $0.constant("divisor", [], [2])
    $0.node("Div", ["places", "divisor"], ["half"])
    $0.node("GatherElements", ["h", "half"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "Col2Im", shape: [8, 4]) {
    $0.constant("image", [2], [3, 3])
    $0.constant("block", [2], [2, 2])
    $0.node("Col2Im", ["h", "image", "block"], ["y"])
  },
  OperatorCase(name: "Col2Im with steps", shape: [4, 9]) {
    $0.constant("image", [2], [3, 4])
    $0.constant("block", [2], [2, 2])
    $0.node(
      "Col2Im", ["h", "image", "block"], ["y"],
      [
        "strides": .integers([1, 2]), "dilations": .integers([2, 1]),
        "pads": .integers([1, 1, 1, 1]),
      ])
  },
  OperatorCase(name: "DFT of real numbers", shape: [5, 2, 1]) {
    $0.constant("axis", [], [1])
    $0.node("DFT", ["h", "", "axis"], ["y"], ["onesided": .integer(1)])
  },
  OperatorCase(name: "DFT inverse, padded", shape: [3, 2]) {
    $0.constant("length", [], [4])
    $0.constant("axis", [], [-2])
    $0.node("DFT", ["h", "length", "axis"], ["y"], ["inverse": .integer(1)])
  },
  OperatorCase(name: "DFT of one side, inverse", shape: [3, 4, 2]) {
    $0.constant("axis", [], [1])
    $0.node(
      "DFT", ["h", "", "axis"], ["y"], ["inverse": .integer(1), "onesided": .integer(1)])
  },
  OperatorCase(name: "DFT of one side, inverse, odd and cut", shape: [4, 2]) {
    $0.constant("length", [], [5])
    $0.constant("axis", [], [-2])
    $0.node(
      "DFT", ["h", "length", "axis"], ["y"],
      ["inverse": .integer(1), "onesided": .integer(1)])
  },
  OperatorCase(name: "STFT", shape: [8, 1], parameters: ["op.window": [4]]) {
    $0.constant("step", [], [2])
    $0.node("STFT", ["h", "step", "op.window"], ["y"])
  },
  sampled("linear", [:]), sampled("linear, two images of an example", [:], images: 2),
  sampled("linear reflected", ["padding_mode": .text("reflection")]),
  sampled("cubic at the border", ["mode": .text("cubic"), "padding_mode": .text("border")]),
  sampled("nearest", ["mode": .text("nearest")]),
]
