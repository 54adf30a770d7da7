// What exporters make of normalisations, slopes and biases: batch normalisation multiplied into the
// layer before it, weights of channels reshaped, biases of zero left out.
internal import Tensors

extension GraphRestoration {
  /// Adds a restored node, with the bias that its line of the traced program reads and it does not.
  mutating func append(_ node: Node) {
    nodes.append(node)
    guard let line = node.origin, let call = TracedCall(line), node.inputs.count == 2,
      let output = node.outputs.first
    else { return }
    let read = call.arguments.compactMap { placeholders[$0] }
    guard read.count == 2, let weight = shape(of: read[0])?.dimensions, let first = weight.first,
      node.inputs[1] == read[0] || node.inputs[1] == read[0] + Self.transposedEnding
    else { return }
    let last = nodes.count - 1
    switch (call.operation, node.operation) {
    case ("linear", "MatMul"), ("linear", "Gemm"):
      guard !linesWithSum.contains(line), introduce(read[1], Shape([first])) else { return }
      let product = output + " without bias"
      nodes[last].outputs[0] = product
      nodes.append(
        Node(
          name: node.name + " bias", operation: "Add", inputs: [product, read[1]],
          outputs: [output], origin: line))
    case (let name, "Conv") where name.hasPrefix("conv"):
      guard introduce(read[1], Shape([first])) else { return }
      nodes[last].inputs.append(read[1])
    case ("layer_norm", "LayerNormalization"):
      guard introduce(read[1], Shape(weight)) else { return }
      nodes[last].inputs.append(read[1])
    default: return
    }
  }

  /// A convolution that the traced program calls a batch normalisation: both again.
  mutating func restoresNormalisation(_ node: Node) -> Bool {
    guard node.operation == "Conv" || node.operation == "ConvTranspose",
      let call = node.origin.flatMap(TracedCall.init), let output = node.outputs.first,
      let place = Self.epsilonPlaces[call.operation], call.values.count > place,
      let epsilon = Float(call.values[place]), node.inputs.count > 1,
      traced.contains(node.inputs[1]), let weight = shape(of: node.inputs[1])?.dimensions
    else { return false }
    let read = call.arguments.compactMap { placeholders[$0] }
    guard read.count == 4, weight.count > 2 else { return false }
    var groups = 1
    if case .integer(let value)? = node.attributes["group"] { groups = Int(value) }
    let (count, overflow) = weight[1].multipliedReportingOverflow(by: groups)
    guard !overflow else { return false }
    let channels = Shape([node.operation == "Conv" ? weight[0] : count])
    var inputs = [node.inputs[0], node.inputs[1]]
    // A module's bias bears its weight's name; without one the graph's is the normalisation's alone.
    let bias = layerName(node.inputs[1]) + ".bias"
    if traced.contains(bias), !read.contains(bias) {
      guard introduce(bias, channels) else { return false }
      inputs.append(bias)
    }
    for (index, name) in read.enumerated() {
      guard introduce(name, channels, isBuffer: index > 1) else { return false }
    }
    var convolution = node
    convolution.inputs = inputs
    convolution.outputs[0] = output + " before normalisation"
    convolution.origin = nil
    nodes.append(convolution)
    nodes.append(
      Node(
        name: node.name + " normalisation", operation: "BatchNormalization",
        inputs: [convolution.outputs[0]] + read, outputs: [output],
        attributes: ["epsilon": .float(epsilon)], origin: node.origin))
    return true
  }

  /// Where a batch normalisation's ε stands among the arguments.
  private static let epsilonPlaces = [
    "_native_batch_norm_legit_no_training": 6, "batch_norm": 7,
  ]

  /// One number for each channel, reshaped: the scale and shift of a group normalisation, and slopes.
  mutating func restoresChannels(_ node: inout Node) -> Bool {
    guard node.inputs.count == 2, let folded = constants[node.inputs[1]],
      folded.type.isFloatingPoint, !traced.contains(folded.name), folded.shape.rank > 1,
      folded.shape.dimensions.filter({ $0 != 1 }).count <= 1,
      let weight = channelWeight(of: node, folded),
      introduce(weight, Shape([folded.shape.count]))
    else { return false }
    let extents = folded.shape.dimensions
    node.inputs[1] = prepare("Reshape", [weight, list(extents)], as: "\(weight) as \(extents)")
    return true
  }

  private func channelWeight(of node: Node, _ folded: StoredTensor) -> String? {
    if let call = node.origin.flatMap(TracedCall.init) {
      let read = call.arguments.compactMap { placeholders[$0] }
      switch (call.operation, node.operation) {
      case ("group_norm", "Mul") where read.count == 2: return read[0]
      case ("group_norm", "Add") where read.count == 2: return read[1]
      case ("prelu", "PRelu") where read.count == 1: return read[0]
      default: return nil
      }
    }
    guard folded.name.hasPrefix("onnx::") else { return nil }
    let ending: String
    switch node.operation {
    case "PRelu": ending = ".weight"
    case "Mul" where normalisingModules.contains(Self.path(ofNode: node.name)): ending = ".weight"
    case "Add" where normalisingModules.contains(Self.path(ofNode: node.name)): ending = ".bias"
    default: return nil
    }
    let found = Self.modules(ofNode: node.name).compactMap { stored($0 + ending) }
      .filter { $0.shape == Shape([folded.shape.count]) }
    return found.count == 1 ? found[0].name : nil
  }
}
