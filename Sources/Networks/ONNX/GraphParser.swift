// ONNX protobuf messages → Graph. Field numbers are those of onnx.proto3; fields that no supported
// operator needs are skipped. Only subgraphs nest, to a depth that is limited here.
public import Diagnostics
internal import Tensors

extension Graph {
  /// Parses a model; weights are skipped by their offsets.
  ///
  /// - Parameters:
  ///   - bytes: the whole `.onnx` file.
  ///   - path: where it was read, for messages.
  public static func parse(_ bytes: [UInt8], path: String) throws(Problem) -> Graph {
    var reader = WireReader(bytes, range: 0..<bytes.count, path: path)
    var graphRange: Range<Int>?
    var operatorSet: Int?
    var functions: [GraphFunction] = []
    var unread: Set<String> = []
    while let field = try reader.next() {
      switch field.number {
      case 14:
        let entry = try parseEntry(reader.nested(try field.value.range(in: reader)))
        if entry.0 == "plasticityd.unread" {
          unread = Set(entry.1.split(separator: "\n").map(String.init))
        }
      case 7: graphRange = try field.value.range(in: reader)
      case 8:
        let (domain, version) = try parseOperatorSet(
          reader.nested(try field.value.range(in: reader)))
        if domain.isEmpty || domain == "ai.onnx" { operatorSet = version }
      case 25:
        functions.append(try parseFunction(reader.nested(try field.value.range(in: reader))))
      default: break
      }
    }
    guard let graphRange else { throw reader.damaged("it holds no graph") }
    guard let operatorSet else { throw reader.damaged("it names no operator set") }
    guard operatorSet >= 13 else {
      throw Problem(
        "old-operator-set", at: path, "operator set \(operatorSet), at least 13 is needed",
        remedy: "export the graph with a newer opset_version")
    }
    var graph = try parseGraph(
      reader.nested(graphRange), operatorSet: operatorSet, functions: functions)
    graph.unread = unread
    try graph.requireFaithful(path: path)
    return graph
  }

  private static func parseOperatorSet(_ source: WireReader) throws(Problem) -> (String, Int) {
    var reader = source
    var domain = ""
    var version: Int64 = 0
    while let field = try reader.next() {
      switch field.number {
      case 1: domain = try field.value.text(in: reader)
      case 2: version = try field.value.integer(in: reader)
      default: break
      }
    }
    return (domain, Int(version))
  }

  private static func parseGraph(
    _ source: WireReader, operatorSet: Int, functions: [GraphFunction]
  ) throws(Problem) -> Graph {
    var reader = source
    var nodes: [Node] = []
    var tensors: [StoredTensor] = []
    var inputs: [GraphInput] = []
    var outputs: [GraphInput] = []
    var traced = TracedNames()
    while let field = try reader.next() {
      switch field.number {
      case 1: nodes.append(try parseNode(reader.nested(try field.value.range(in: reader)), 0))
      case 5: tensors.append(try parseTensor(reader.nested(try field.value.range(in: reader))))
      case 11: inputs.append(try parseInput(reader.nested(try field.value.range(in: reader))))
      case 12:
        outputs.append(try parseInput(reader.nested(try field.value.range(in: reader))))
      case 13: try traced.addValue(reader.nested(try field.value.range(in: reader)))
      case 16:
        let (key, value) = try parseEntry(reader.nested(try field.value.range(in: reader)))
        traced.addMetadata(key, value)
      case 15: throw reader.damaged("it holds sparse weights, which are not supported")
      default: break
      }
    }
    var constants: [String: StoredTensor] = [:]
    for tensor in tensors {
      guard constants.updateValue(tensor, forKey: tensor.name) == nil else {
        throw reader.damaged("two weights are named \"\(tensor.name)\"")
      }
    }
    guard !outputs.isEmpty else { throw reader.damaged("the graph has no output") }
    let inlined = try GraphFunction.inline(functions, into: nodes, path: source.path)
    var written = Set(inputs.map(\.name)).union(constants.keys)
    for name in inlined.flatMap(\.outputs) where !name.isEmpty {
      guard written.insert(name).inserted else {
        throw reader.damaged("\"\(name)\" is written more than once")
      }
    }
    return Graph(
      path: source.path, operatorSet: operatorSet,
      initializers: tensors.map { tensor in
        var hasValues = true
        if case .external = tensor.storage { hasValues = false }
        return GraphInitializer(
          name: tensor.name, shape: tensor.shape, isFloatingPoint: tensor.type.isFloatingPoint,
          hasValues: hasValues, role: traced.roles[tensor.name] ?? .unstated,
          foldedFrom: traced.foldedFrom[tensor.name])
      },
      inputs: inputs.filter { constants[$0.name] == nil },
      defaults: inputs.map(\.name).filter { constants[$0] != nil }, outputs: outputs.map(\.name),
      prediction: Graph.prediction(among: outputs),
      nodes: inlined,
      constants: constants, bytes: source.bytes, placeholders: traced.placeholders)
  }

  /// The body of a control-flow operator.
  private static func parseSubgraph(
    _ source: WireReader, _ depth: Int
  ) throws(Problem) -> Subgraph {
    var reader = source
    guard depth < 8 else { throw reader.damaged("subgraphs are nested too deep") }
    var graph = Subgraph(nodes: [], constants: [:], inputs: [], outputs: [])
    while let field = try reader.next() {
      guard [1, 5, 11, 12].contains(field.number) else { continue }
      let part = reader.nested(try field.value.range(in: reader))
      switch field.number {
      case 1: graph.nodes.append(try parseNode(part, depth + 1))
      case 5:
        let tensor = try parseTensor(part)
        graph.constants[tensor.name] = tensor
      case 11: graph.inputs.append(try parseInput(part).name)
      default: graph.outputs.append(try parseInput(part).name)
      }
    }
    return graph
  }

  /// FunctionProto.
  private static func parseFunction(_ source: WireReader) throws(Problem) -> GraphFunction {
    var reader = source
    var function = GraphFunction()
    while let field = try reader.next() {
      switch field.number {
      case 1: function.name = try field.value.text(in: reader)
      case 4: function.inputs.append(try field.value.text(in: reader))
      case 5: function.outputs.append(try field.value.text(in: reader))
      case 7:
        function.nodes.append(
          try parseNode(reader.nested(try field.value.range(in: reader)), 0))
      case 10: function.domain = try field.value.text(in: reader)
      case 11:
        let (key, attribute) = try parseAttribute(
          reader.nested(try field.value.range(in: reader)), 0)
        function.defaults[key] = attribute
      case 13: function.overload = try field.value.text(in: reader)
      default: break
      }
    }
    return function
  }

  private static func parseNode(_ source: WireReader, _ depth: Int) throws(Problem) -> Node {
    var reader = source
    var name = ""
    var operation = ""
    var domain = ""
    var overload = ""
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [String: Attribute] = [:]
    var origin: String?
    while let field = try reader.next() {
      switch field.number {
      case 1: inputs.append(try field.value.text(in: reader))
      case 2: outputs.append(try field.value.text(in: reader))
      case 3: name = try field.value.text(in: reader)
      case 4: operation = try field.value.text(in: reader)
      case 5:
        let (key, attribute) = try parseAttribute(
          reader.nested(try field.value.range(in: reader)), depth)
        attributes[key] = attribute
      case 7: domain = try field.value.text(in: reader)
      case 8: overload = try field.value.text(in: reader)
      case 9:
        let (key, value) = try parseEntry(reader.nested(try field.value.range(in: reader)))
        if key == TracedNames.originKey { origin = value }
      default: break
      }
    }
    return Node(
      name: name, operation: operation, domain: domain == "ai.onnx" ? "" : domain,
      overload: overload, inputs: inputs, outputs: outputs, attributes: attributes,
      origin: origin)
  }

  private static func parseAttribute(
    _ source: WireReader, _ depth: Int
  ) throws(Problem) -> (String, Attribute) {
    var reader = source
    var name = ""
    var type: Int64 = 0
    var float: Float = 0
    var integer: Int64 = 0
    var text = 0..<0
    var tensor: StoredTensor?
    var floats: [Float] = []
    var integers: [Int64] = []
    var texts: [String] = []
    var subgraph: Subgraph?
    var reference = ""
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.value.text(in: reader)
      case 2:
        guard case .fixed32(let bits) = field.value else {
          throw reader.damaged("a float was expected")
        }
        float = Float(bitPattern: bits)
      case 3: integer = try field.value.integer(in: reader)
      case 4: text = try field.value.range(in: reader)
      case 5: tensor = try parseTensor(reader.nested(try field.value.range(in: reader)))
      case 6:
        subgraph = try parseSubgraph(reader.nested(try field.value.range(in: reader)), depth)
      case 7: try field.value.appendFloats(to: &floats, in: reader)
      case 8: try field.value.appendIntegers(to: &integers, in: reader)
      case 9: texts.append(try field.value.text(in: reader))
      case 20: type = try field.value.integer(in: reader)
      case 21: reference = try field.value.text(in: reader)
      default: break
      }
    }
    if !reference.isEmpty { return (name, .reference(reference)) }
    switch type {
    case 1: return (name, .float(float))
    case 2: return (name, .integer(integer))
    case 3: return (name, .text(try reader.text(text)))
    case 4:
      guard let tensor else { throw reader.damaged("attribute \"\(name)\" holds no tensor") }
      return (name, .tensor(tensor))
    case 5:
      guard let subgraph else { throw reader.damaged("attribute \"\(name)\" holds no graph") }
      return (name, .graph(subgraph))
    case 6: return (name, .floats(floats))
    case 7: return (name, .integers(integers))
    case 8: return (name, .texts(texts))
    default: return (name, .other)
    }
  }

  /// ValueInfoProto: a name with a tensor type of partly open extents.
  private static func parseInput(_ source: WireReader) throws(Problem) -> GraphInput {
    var reader = source
    var name = ""
    var code: Int64 = 0
    var dimensions: [Int?] = []
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.value.text(in: reader)
      case 2:
        var type = reader.nested(try field.value.range(in: reader))
        while let part = try type.next() {
          guard part.number == 1 else { continue }
          var tensor = type.nested(try part.value.range(in: type))
          while let item = try tensor.next() {
            switch item.number {
            case 1: code = try item.value.integer(in: tensor)
            case 2:
              var shape = tensor.nested(try item.value.range(in: tensor))
              while let dimension = try shape.next() {
                guard dimension.number == 1 else { continue }
                dimensions.append(
                  try parseDimension(shape.nested(try dimension.value.range(in: shape))))
              }
            default: break
            }
          }
        }
      default: break
      }
    }
    return GraphInput(
      name: name, dimensions: dimensions,
      isFloatingPoint: Int(exactly: code).flatMap(ONNXType.init(rawValue:))?.isFloatingPoint
        ?? false)
  }

  private static func parseDimension(_ source: WireReader) throws(Problem) -> Int? {
    var reader = source
    var extent: Int?
    while let field = try reader.next() {
      guard field.number == 1 else { continue }
      extent = Int(exactly: try field.value.integer(in: reader))
    }
    return extent
  }
}
