// What PyTorch's exporter writes beside a graph about the program it traced (metadata_props of
// torch.onnx, since PyTorch 2.5): which arrays are parameters, and their names in that program.
internal import Diagnostics

/// Names and roles of the arrays of a traced module.
struct TracedNames {
  /// By the `state_dict`'s name.
  private(set) var roles: [String: GraphInitializer.Role] = [:]
  /// Name in the traced program → name in the `state_dict`.
  private(set) var placeholders: [String: String] = [:]

  /// Name of an array that folding made → the arrays that it was made of.
  private(set) var foldedFrom: [String: String] = [:]

  /// The key of a node's line in the traced program.
  static let originKey = "pkg.torch.onnx.fx_node"

  private static let signatureKey = "pkg.torch.export.ExportedProgram.graph_signature"
  private static let kindKey = "pkg.torch.export.graph_signature.InputSpec.kind"
  private static let persistentKey = "pkg.torch.export.graph_signature.InputSpec.persistent"
  private static let foldedKey = "pkg.onnxscript.optimizer.folded_from"
  private static let nameKey = "pkg.torch.onnx.original_node_name"

  /// Adds a ValueInfoProto.
  mutating func addValue(_ source: WireReader) throws(Problem) {
    var reader = source
    var name = ""
    var entries: [String: String] = [:]
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.value.text(in: reader)
      case 4:
        let (key, value) = try Graph.parseEntry(
          reader.nested(try field.value.range(in: reader)))
        entries[key] = value
      default: break
      }
    }
    if let folded = entries[TracedNames.foldedKey] { foldedFrom[name] = folded }
    let isKept = entries[TracedNames.persistentKey] != "False"
    switch entries[TracedNames.kindKey] {
    case "PARAMETER": roles[name] = .parameter
    case "BUFFER": roles[name] = isKept ? .buffer : .table
    case "CONSTANT_TENSOR": roles[name] = .table
    default: return
    }
    if let traced = entries[TracedNames.nameKey] { placeholders[traced] = name }
  }

  /// Adds an entry of the graph's own metadata: the signature lists the arrays that folding removed.
  ///
  ///     p_fc_weight: PARAMETER target='fc.weight'
  mutating func addMetadata(_ key: String, _ value: String) {
    guard key == TracedNames.signatureKey else { return }
    for line in value.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let parts = line[colon...].split(separator: " ")
      guard parts.count > 2, parts[1] == "PARAMETER" || parts[1] == "BUFFER",
        parts[2].hasPrefix("target='"), parts[2].hasSuffix("'")
      else { continue }
      let name = String(parts[2].dropFirst("target='".count).dropLast())
      placeholders[String(line[..<colon])] = name
      if roles[name] == nil {
        let isKept = !line.contains("persistent=False")
        roles[name] = parts[1] == "PARAMETER" ? .parameter : isKept ? .buffer : .table
      }
    }
  }
}

/// A line of the traced program: `%y : … = call_function[target=…](args = (%x, %p_w), kwargs = …)`.
struct TracedCall {
  /// `linear`, of `torch.ops.aten.linear.default`.
  let operation: String
  /// The names that it reads, in order.
  let arguments: [String]
  /// Its arguments as they are written, lists whole.
  let values: [Substring]

  init?(_ line: String) {
    guard let start = line.firstRange(of: "[target="),
      let end = line[start.upperBound...].firstIndex(of: "]")
    else { return nil }
    let parts = line[start.upperBound..<end].split(separator: ".")
    operation = parts.count > 3 ? String(parts[3]) : String(parts.last ?? "")
    arguments = line[end...].split(separator: "%").dropFirst().map { part in
      String(part.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }
    values = TracedCall.values(of: line[end...])
  }

  private static func values(of line: Substring) -> [Substring] {
    guard let open = line.firstRange(of: "args = (") else { return [] }
    var values: [Substring] = []
    var depth = 0
    var start = open.upperBound
    for index in line[open.upperBound...].indices {
      switch line[index] {
      case "(", "[": depth += 1
      case ")", "]", ",":
        if depth == 0 {
          values.append(line[start..<index].drop { $0 == " " })
          start = line.index(after: index)
          if line[index] != "," { return values }
        } else if line[index] != "," {
          depth -= 1
        }
      default: break
      }
    }
    return values
  }
}
