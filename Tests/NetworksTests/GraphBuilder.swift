// Writes small ONNX files for tests: the protobuf wire format by hand, so that the reader is not
// tested against itself.
import Networks
import Tensors

/// Builds one graph.
struct GraphBuilder {
  enum Value {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
    case reals([Int], [Float])
    case texts([String])
    case graph(GraphBuilder)
    /// The calling node's attribute of that name, inside a function.
    case reference(String)
  }

  private var graph: [UInt8] = []
  private var functions: [UInt8] = []
  private var nodeMessages: [[UInt8]] = []
  private var nodes = 0
  var operatorSet = 20
  /// What the model's own metadata say.
  var properties: [String: String] = [:]

  /// A graph input; nil leaves an extent open. Element type 1 is float, 7 is int64.
  mutating func input(_ name: String, _ dimensions: [Int?], type: Int = 1) {
    graph += message(11, valueInfo(name, dimensions, type))
  }

  mutating func output(_ name: String, _ dimensions: [Int?] = [], type: Int = 1) {
    graph += message(12, valueInfo(name, dimensions, type))
  }

  /// An entry of the graph's metadata.
  mutating func metadata(_ key: String, _ value: String) {
    graph += message(16, text(1, key) + text(2, value))
  }

  /// A weight without values, as PyTorch writes it with external data.
  mutating func weight(_ name: String, _ dimensions: [Int]) {
    let location = message(1, text(1, "location") + text(2, "graph.onnx.data"))
    let entry = Array(location.dropFirst(2))
    graph += message(
      5,
      dimensions.flatMap { number(1, $0) } + number(2, 1) + text(8, name) + message(13, entry)
        + number(14, 1))
  }

  /// A known array of reals, in the graph.
  mutating func constant(_ name: String, _ dimensions: [Int], _ values: [Float]) {
    graph += message(5, tensor(name, dimensions, 1, values.flatMap { bytes($0.bitPattern, 4) }))
  }

  /// A known array of integers, in the graph.
  mutating func constant(_ name: String, _ dimensions: [Int], _ values: [Int]) {
    graph += message(
      5, tensor(name, dimensions, 7, values.flatMap { bytes(UInt64(bitPattern: Int64($0)), 8) }))
  }

  /// A known array of booleans, in the graph.
  mutating func constant(_ name: String, _ dimensions: [Int], _ values: [Bool]) {
    graph += message(5, tensor(name, dimensions, 9, values.map { $0 ? 1 : 0 }))
  }

  /// A function of the model, in a domain of its own.
  mutating func function(
    _ name: String, domain: String, _ inputs: [String], _ outputs: [String],
    _ build: (inout GraphBuilder) -> Void
  ) {
    var body = GraphBuilder()
    build(&body)
    let names = inputs.flatMap { text(4, $0) } + outputs.flatMap { text(5, $0) }
    functions += message(
      25, text(1, name) + names + body.nodesOfFunction + text(10, domain))
  }

  /// A function's nodes have field number 7.
  private var nodesOfFunction: [UInt8] { nodeMessages.flatMap { message(7, $0) } }

  mutating func node(
    _ operation: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [String: Value] = [:],
    domain: String = "", name: String? = nil, origin: String? = nil
  ) {
    nodes += 1
    var node = inputs.flatMap { text(1, $0) } + outputs.flatMap { text(2, $0) }
    node += text(3, name ?? "node_\(nodes)") + text(4, operation)
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
      node += message(5, attribute(name, value))
    }
    if !domain.isEmpty { node += text(7, domain) }
    if let origin { node += message(9, text(1, "pkg.torch.onnx.fx_node") + text(2, origin)) }
    nodeMessages.append(node)
    graph += message(1, node)
  }

  /// The file.
  var file: [UInt8] {
    number(1, 10) + message(7, graph) + message(8, text(1, "") + number(2, operatorSet))
      + functions
      + properties.sorted { $0.key < $1.key }.flatMap {
        message(14, text(1, $0.key) + text(2, $0.value))
      }
  }

  private func attribute(_ name: String, _ value: Value) -> [UInt8] {
    switch value {
    case .integer(let value): text(1, name) + number(3, value) + number(20, 2)
    case .integers(let values):
      text(1, name) + message(8, values.flatMap { varint($0) }) + number(20, 7)
    case .float(let value):
      text(1, name) + varint(2 << 3 | 5) + bytes(value.bitPattern, 4) + number(20, 1)
    case .text(let value): text(1, name) + text(4, value) + number(20, 3)
    case .reals(let shape, let values):
      text(1, name)
        + message(5, tensor("", shape, 1, values.flatMap { bytes($0.bitPattern, 4) }))
        + number(20, 4)
    case .texts(let values): text(1, name) + values.flatMap { text(9, $0) } + number(20, 8)
    case .graph(let builder): text(1, name) + message(6, builder.graph) + number(20, 5)
    case .reference(let other): text(1, name) + number(20, 2) + text(21, other)
    }
  }

  private func tensor(
    _ name: String, _ dimensions: [Int], _ type: Int, _ raw: [UInt8]
  ) -> [UInt8] {
    dimensions.flatMap { number(1, $0) } + number(2, type) + text(8, name) + message(9, raw)
  }

  private func valueInfo(_ name: String, _ dimensions: [Int?], _ type: Int) -> [UInt8] {
    let shape = dimensions.flatMap { extent in
      message(1, extent.map { number(1, $0) } ?? text(2, "batch"))
    }
    return text(1, name) + message(2, message(1, number(1, type) + message(2, shape)))
  }

  private func varint(_ value: Int) -> [UInt8] {
    var rest = UInt64(bitPattern: Int64(value))
    var bytes: [UInt8] = []
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private func number(_ field: Int, _ value: Int) -> [UInt8] { varint(field << 3) + varint(value) }

  private func message(_ field: Int, _ body: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(body.count) + body
  }

  private func text(_ field: Int, _ text: String) -> [UInt8] { message(field, Array(text.utf8)) }

  private func bytes<Bits: FixedWidthInteger>(_ bits: Bits, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: bits >> Bits(8 * $0)) }
  }
}
