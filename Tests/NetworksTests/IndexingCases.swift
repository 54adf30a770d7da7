// The table of operators that pick, place, pad and interpolate elements.
import Networks

private func padded(
  _ mode: String, _ pads: [Int], _ shape: [Int], value: Float? = nil
) -> OperatorCase {
  OperatorCase(name: "Pad \(mode) \(pads)", shape: shape) {
    $0.constant("pads", [pads.count], pads)
    if let value { $0.constant("value", [], [value]) }
    $0.node(
      "Pad", ["h", "pads"] + (value == nil ? [] : ["value"]), ["y"], ["mode": .text(mode)])
  }
}

private func resized(
  _ name: String, _ shape: [Int], scales: [Float] = [], sizes: [Int] = [],
  _ attributes: [String: GraphBuilder.Value]
) -> OperatorCase {
  OperatorCase(name: "Resize " + name, shape: shape) {
    $0.constant("scales", [scales.count], scales)
    $0.constant("sizes", [sizes.count], sizes)
    $0.node(
      "Resize", ["h", "", scales.isEmpty ? "" : "scales"] + (sizes.isEmpty ? [] : ["sizes"]),
      ["y"], attributes)
  }
}

let indexingCases: [OperatorCase] = [
  padded("constant", [0, 1, 0, 0, 0, 2], [2, 2]),
  padded("constant", [0, 1, -1, 0, 0, 2], [2, 3], value: 0.7),
  padded("reflect", [0, 0, 2, 0, 1, 1], [3, 4]), padded("edge", [0, 2, 0, 0, 0, 1], [2, 3]),
  padded("wrap", [0, 1, 0, 0, 0, 3], [2, 3]), padded("wrap", [0, 0, -1, 0, 0, 2], [2, 4]),
  OperatorCase(
    name: "Pad with a parameter on one axis", shape: [2, 3], parameters: ["op.weight": []]
  ) {
    $0.constant("pads", [2], [1, 1])
    $0.constant("axes", [1], [-1])
    $0.node("Pad", ["h", "pads", "op.weight", "axes"], ["y"])
  },
  OperatorCase(name: "Tile", shape: [2, 3]) {
    $0.constant("repeats", [3], [1, 2, 3])
    $0.node("Tile", ["h", "repeats"], ["y"])
  },
  OperatorCase(name: "Trilu", shape: [3, 3]) {
    $0.constant("k", [], [-1])
    $0.node("Trilu", ["h", "k"], ["y"], ["upper": .integer(0)])
  },
  OperatorCase(name: "Gather entries", shape: [4, 2]) {
    $0.constant("indices", [3], [0, -1, 0])
    $0.node("Gather", ["h", "indices"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "Gather one entry", shape: [4, 2]) {
    $0.constant("index", [], [2])
    $0.node("Gather", ["h", "index"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "GatherElements", shape: [3, 2]) {
    // Indices for every example, made from the shape so that any number of them binds.
    $0.constant("one", [1, 2, 2], [0, 2, -1, 1])
    $0.node("Shape", ["h"], ["n"], ["end": .integer(1)])
    $0.constant("rest", [2], [2, 2])
    $0.node("Concat", ["n", "rest"], ["shape"], ["axis": .integer(0)])
    $0.node("Expand", ["one", "shape"], ["indices"])
    $0.node("GatherElements", ["h", "indices"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(
    name: "GatherElements of a table by row", shape: [2], parameters: ["op.weight": [3, 2]]
  ) {
    $0.constant("indices", [2, 2], [2, 0, 2, 1])
    $0.node("GatherElements", ["op.weight", "indices"], ["w"])
    $0.node("MatMul", ["h", "w"], ["y"])
  },
  OperatorCase(name: "GatherND behind the examples", shape: [3, 2]) {
    $0.constant("one", [1, 2, 1], [2, 0])
    $0.node("Shape", ["h"], ["n"], ["end": .integer(1)])
    $0.constant("rest", [2], [2, 1])
    $0.node("Concat", ["n", "rest"], ["shape"], ["axis": .integer(0)])
    $0.node("Expand", ["one", "shape"], ["indices"])
    $0.node("GatherND", ["h", "indices"], ["y"], ["batch_dims": .integer(1)])
  },
  OperatorCase(name: "ScatterElements", shape: [3, 2]) {
    $0.constant("one", [1, 1, 2], [2, 0])
    $0.node("Shape", ["h"], ["n"], ["end": .integer(1)])
    $0.constant("rest", [2], [1, 2])
    $0.node("Concat", ["n", "rest"], ["shape"], ["axis": .integer(0)])
    $0.node("Expand", ["one", "shape"], ["indices"])
    $0.constant("axes", [1], [1])
    $0.node("ReduceSum", ["h", "axes"], ["sums"])
    $0.node("ScatterElements", ["h", "indices", "sums"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(
    name: "ScatterND of parameters, twice to one place", shape: [2],
    parameters: ["op.weight": [3, 2], "op.update": [3, 2]]
  ) {
    $0.constant("indices", [3, 1], [2, 0, 2])
    $0.node("ScatterND", ["op.weight", "indices", "op.update"], ["w"])
    $0.node("ScatterND", ["w", "indices", "op.update"], ["v"], ["reduction": .text("add")])
    $0.node("Gemm", ["h", "v"], ["y"], ["transB": .integer(1)])
  },
  OperatorCase(name: "Compress", shape: [3, 2]) {
    $0.constant("condition", [3], [true, false, true])
    $0.node("Compress", ["h", "condition"], ["y"], ["axis": .integer(1)])
  },
  OperatorCase(name: "DepthToSpace and SpaceToDepth", shape: [4, 1, 2]) {
    $0.node("DepthToSpace", ["h"], ["a"], ["blocksize": .integer(2), "mode": .text("CRD")])
    $0.node("Exp", ["a"], ["b"])
    $0.node("SpaceToDepth", ["b"], ["y"], ["blocksize": .integer(2)])
  },
  resized(
    "nearest", [1, 2, 3], scales: [1, 1, 2, 2],
    ["coordinate_transformation_mode": .text("asymmetric"), "nearest_mode": .text("floor")]),
  resized(
    "linear", [1, 2, 3], scales: [1, 1, 2, 1.5],
    ["mode": .text("linear"), "coordinate_transformation_mode": .text("pytorch_half_pixel")]),
  resized(
    "linear with aligned corners", [1, 3, 4],
    sizes: [5, 2],
    [
      "axes": .integers([2, 3]), "mode": .text("linear"),
      "coordinate_transformation_mode": .text("align_corners"),
    ]),
  resized(
    "cubic, smoothed", [1, 6], scales: [1, 1, 0.5],
    ["mode": .text("cubic"), "antialias": .integer(1)]),
  OperatorCase(name: "Upsample", shape: [1, 2, 2]) {
    $0.constant("scales", [4], [1, 1, 2, 3] as [Float])
    $0.node("Upsample", ["h", "scales"], ["y"])
  },
]
