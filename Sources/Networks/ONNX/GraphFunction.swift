// Functions that a model brings along (FunctionProto): every call is replaced by the function's nodes
// when the graph is read, so that nothing behind the parser knows of them.
internal import Diagnostics

/// A function of the model.
struct GraphFunction: Sendable {
  var domain = ""
  var name = ""
  var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var nodes: [Node] = []
  /// Values of attributes that a call leaves out.
  var defaults: [String: Attribute] = [:]

  private struct Key: Hashable {
    let domain: String
    let name: String
    let overload: String
  }

  /// A file of a few bytes must not expand without end.
  private static let mostNodes = 1 << 20
  private static let deepest = 32

  /// The nodes with every call of a function replaced by its body.
  static func inline(
    _ functions: [GraphFunction], into nodes: [Node], path: String
  ) throws(Problem) -> [Node] {
    guard !functions.isEmpty else { return nodes }
    var table: [Key: GraphFunction] = [:]
    for function in functions {
      let domain = function.domain == "ai.onnx" ? "" : function.domain
      table[Key(domain: domain, name: function.name, overload: function.overload)] = function
    }
    var inliner = Inliner(table: table, path: path)
    return try inliner.expanded(nodes, depth: 0)
  }

  private struct Inliner {
    let table: [Key: GraphFunction]
    let path: String
    var calls = 0
    var count = 0

    mutating func expanded(_ nodes: [Node], depth: Int) throws(Problem) -> [Node] {
      var result: [Node] = []
      for var node in nodes {
        for (name, attribute) in node.attributes {
          guard case .graph(var body) = attribute else { continue }
          body.nodes = try expanded(body.nodes, depth: depth + 1)
          node.attributes[name] = .graph(body)
        }
        let key = Key(domain: node.domain, name: node.operation, overload: node.overload)
        guard let function = table[key] else {
          result.append(node)
          count += 1
          continue
        }
        guard depth < GraphFunction.deepest, calls + count < GraphFunction.mostNodes else {
          throw Problem(
            "bad-onnx", at: "\(path): function \(node.domain).\(node.operation)",
            "it calls itself or expands without end",
            remedy: "the file is damaged, export it again")
        }
        result += try expanded(call(function, by: node), depth: depth + 1)
      }
      return result
    }

    /// The function's body with the caller's names and attributes in place of its own.
    private mutating func call(_ function: GraphFunction, by node: Node) -> [Node] {
      calls += 1
      let prefix = "\(node.name)/\(calls)/"
      var names = ["": ""]
      for (index, name) in function.outputs.enumerated() {
        let given = index < node.outputs.count ? node.outputs[index] : ""
        names[name] = given.isEmpty ? prefix + name : given
      }
      var views: [Node] = []
      for (index, name) in function.inputs.enumerated() {
        let given = index < node.inputs.count ? node.inputs[index] : ""
        if let output = names[name], name != "" {
          // An input that is an output at once keeps both of the caller's names.
          if !given.isEmpty {
            views.append(
              Node(name: node.name, operation: "Identity", inputs: [given], outputs: [output]))
          }
        } else {
          names[name] = given
        }
      }
      let attributes = function.defaults.merging(node.attributes) { _, given in given }
      return views
        + function.nodes.map { $0.renamed(names, prefix: prefix, attributes: attributes) }
    }
  }
}

extension Node {
  /// The node with names replaced, others put under a prefix, and references to a caller's attributes
  /// resolved.
  func renamed(
    _ names: [String: String], prefix: String, attributes given: [String: Attribute]
  ) -> Node {
    var node = self
    let rename = { (name: String) -> String in names[name] ?? prefix + name }
    node.inputs = inputs.map(rename)
    node.outputs = outputs.map(rename)
    for (name, attribute) in attributes {
      switch attribute {
      case .reference(let wanted): node.attributes[name] = given[wanted]
      case .graph(let body):
        node.attributes[name] = .graph(body.renamed(names, prefix: prefix, attributes: given))
      default: break
      }
    }
    return node
  }
}

extension Subgraph {
  /// The body with names replaced and others put under a prefix.
  func renamed(
    _ names: [String: String], prefix: String, attributes: [String: Attribute] = [:]
  ) -> Subgraph {
    let rename = { (name: String) -> String in names[name] ?? prefix + name }
    return Subgraph(
      nodes: nodes.map { $0.renamed(names, prefix: prefix, attributes: attributes) },
      constants: Dictionary(
        constants.map { (rename($0.key), $0.value) }, uniquingKeysWith: { first, _ in first }),
      inputs: inputs.map(rename), outputs: outputs.map(rename))
  }

  /// Names that the body reads from around it.
  var captured: Set<String> {
    var own = Set(inputs).union(constants.keys)
    var read: Set<String> = []
    for node in nodes {
      read.formUnion(node.allInputs.subtracting(own))
      own.formUnion(node.outputs)
    }
    return read.union(Set(outputs).subtracting(own))
  }
}

extension Node {
  /// Names that the node reads, those of its subgraphs included.
  var allInputs: Set<String> {
    var names = Set(inputs)
    for case .graph(let body) in attributes.values { names.formUnion(body.captured) }
    return names
  }
}
