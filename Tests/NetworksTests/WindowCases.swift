// The table of convolutions and pools.
import Networks

private func convolution(
  _ name: String, _ shape: [Int], weight: [Int], bias: Bool,
  _ attributes: [String: GraphBuilder.Value]
) -> OperatorCase {
  var parameters = ["conv.weight": weight]
  if bias { parameters["conv.bias"] = [weight[0]] }
  return OperatorCase(name: name, shape: shape, parameters: parameters) {
    $0.node("Conv", ["h", "conv.weight"] + (bias ? ["conv.bias"] : []), ["y"], attributes)
  }
}

private func transposed(
  _ name: String, _ shape: [Int], weight: [Int], bias: Int? = nil,
  _ attributes: [String: GraphBuilder.Value] = [:]
) -> OperatorCase {
  var parameters = ["conv.weight": weight]
  if let bias { parameters["conv.bias"] = [bias] }
  return OperatorCase(name: "ConvTranspose " + name, shape: shape, parameters: parameters) {
    $0.node(
      "ConvTranspose", ["h", "conv.weight"] + (bias == nil ? [] : ["conv.bias"]), ["y"],
      attributes)
  }
}

let windowCases: [OperatorCase] = [
  convolution(
    "Conv in one dimension", [2, 5], weight: [3, 2, 3], bias: true, ["pads": .integers([1, 1])]),
  convolution(
    "Conv with stride and uneven padding", [1, 6], weight: [2, 1, 3], bias: false,
    ["strides": .integers([2]), "pads": .integers([2, 0])]),
  convolution("Conv of single points", [2, 4], weight: [3, 2, 1], bias: false, [:]),
  convolution(
    "Conv of points with stride", [2, 4], weight: [2, 2, 1], bias: false,
    ["strides": .integers([2])]),
  convolution(
    "Conv in two dimensions", [1, 4, 3], weight: [2, 1, 3, 2], bias: true,
    ["pads": .integers([1, 0, 1, 1]), "strides": .integers([2, 1])]),
  convolution(
    "Conv with dilation", [1, 5, 4], weight: [1, 1, 2, 2], bias: false,
    ["dilations": .integers([2, 1]), "kernel_shape": .integers([2, 2])]),
  convolution(
    "Conv in groups", [4, 4], weight: [4, 2, 2], bias: true, ["group": .integer(2)]),
  convolution(
    "Conv by channel", [3, 3, 2], weight: [3, 1, 2, 2], bias: false,
    ["group": .integer(3), "auto_pad": .text("SAME_UPPER")]),
  convolution(
    "Conv in three dimensions", [1, 2, 2, 3], weight: [2, 1, 2, 1, 2], bias: false, [:]),
  OperatorCase(
    name: "Conv of several images per example", shape: [2, 1, 4],
    parameters: ["conv.weight": [2, 1, 3], "conv.bias": [2]]
  ) {
    $0.constant("images", [3], [-1, 1, 4])
    $0.node("Reshape", ["h", "images"], ["flat"])
    $0.node("Conv", ["flat", "conv.weight", "conv.bias"], ["c"], ["pads": .integers([1, 1])])
    $0.constant("back", [4], [-1, 2, 2, 4])
    $0.node("Reshape", ["c", "back"], ["y"])
  },
  OperatorCase(name: "MaxPool", shape: [2, 5], domain: .distinct) {
    $0.node(
      "MaxPool", ["h"], ["y"],
      ["kernel_shape": .integers([3]), "strides": .integers([2]), "pads": .integers([1, 1])])
  },
  OperatorCase(name: "MaxPool in two dimensions", shape: [1, 4, 4], domain: .distinct) {
    $0.node(
      "MaxPool", ["h"], ["y"],
      ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
  },
  OperatorCase(name: "AveragePool", shape: [2, 4, 3]) {
    $0.node(
      "AveragePool", ["h"], ["y"],
      ["kernel_shape": .integers([2, 2]), "pads": .integers([1, 0, 0, 1])])
  },
  OperatorCase(name: "AveragePool counting its padding, rounding up", shape: [1, 5]) {
    $0.node(
      "AveragePool", ["h"], ["y"],
      [
        "kernel_shape": .integers([2]), "pads": .integers([1, 1]), "count_include_pad": .integer(1),
      ])
  },
  OperatorCase(name: "AveragePool counting its padding, with a partial window", shape: [1, 4, 3]) {
    $0.node(
      "AveragePool", ["h"], ["y"],
      [
        "kernel_shape": .integers([3, 2]), "pads": .integers([1, 0, 1, 1]),
        "strides": .integers([2, 2]), "ceil_mode": .integer(1), "count_include_pad": .integer(1),
      ])
  },
  OperatorCase(name: "AveragePool with dilation", shape: [2, 6]) {
    $0.node(
      "AveragePool", ["h"], ["y"], ["kernel_shape": .integers([2]), "dilations": .integers([2])])
  },
  OperatorCase(name: "LpPool", shape: [1, 5]) {
    $0.node(
      "LpPool", ["h"], ["y"],
      ["kernel_shape": .integers([2]), "strides": .integers([2]), "p": .integer(3)])
  },
  OperatorCase(name: "GlobalLpPool", shape: [2, 3]) { $0.node("GlobalLpPool", ["h"], ["y"]) },
  OperatorCase(name: "GlobalMaxPool", shape: [2, 2, 3], domain: .distinct) {
    $0.node("GlobalMaxPool", ["h"], ["y"])
  },
  OperatorCase(name: "MaxPool with its places", shape: [1, 4, 2], domain: .distinct) {
    $0.node(
      "MaxPool", ["h"], ["m", "places"],
      ["kernel_shape": .integers([2, 2]), "storage_order": .integer(1)])
    // Places count through the whole input: what is left of them within one plane.
    $0.constant("plane", [], [8])
    $0.node("Mod", ["places", "plane"], ["own"])
    $0.node("Mul", ["m", "own"], ["y"])
  },
  transposed("in one dimension", [2, 4], weight: [2, 3, 3], bias: 3),
  transposed(
    "with stride and padding", [2, 3], weight: [2, 1, 4],
    ["strides": .integers([2]), "pads": .integers([1, 2]), "output_padding": .integers([1])]),
  transposed(
    "in two dimensions and groups", [4, 2, 3], weight: [4, 1, 2, 2], bias: 2,
    ["strides": .integers([2, 1]), "group": .integer(2), "dilations": .integers([1, 2])]),
  transposed(
    "to a given shape", [1, 3, 3], weight: [1, 2, 3, 3],
    [
      "strides": .integers([3, 2]), "output_shape": .integers([10, 8]),
      "output_padding": .integers([1, 1]),
    ]),
  transposed(
    "to the size of its strides", [1, 3], weight: [1, 1, 3],
    ["strides": .integers([2]), "auto_pad": .text("SAME_UPPER")]),
  transposed("in three dimensions", [1, 2, 1, 2], weight: [1, 1, 2, 2, 1]),
  OperatorCase(
    name: "ConvTranspose of several images per example", shape: [2, 1, 3],
    parameters: ["conv.weight": [1, 2, 2], "conv.bias": [2]]
  ) {
    $0.constant("images", [3], [-1, 1, 3])
    $0.node("Reshape", ["h", "images"], ["flat"])
    $0.node("ConvTranspose", ["flat", "conv.weight", "conv.bias"], ["c"])
    $0.constant("back", [3], [-1, 2, 8])
    $0.node("Reshape", ["c", "back"], ["y"])
  },
]
