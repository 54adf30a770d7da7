// One node while it is being bound: typed access to its attributes, and problems that name it.
internal import Diagnostics
internal import Tensors

/// A node and where it stands, for attributes and messages.
struct NodeSite {
  var node: Node
  let path: String
  let operatorSet: Int
  /// The module whose parameter the node reads, if it reads one.
  let layer: String?
  /// The largest array that this node may make, in elements.
  var largest = NodeSite.largestArray

  /// A problem at this node.
  func problem(_ code: String, _ what: String, remedy: String) -> Problem {
    let inLayer = layer.map { " in layer \"\($0)\"" } ?? ""
    return Problem(
      code, at: "\(path): node \"\(node.name)\" (\(node.kind))\(inLayer)", what,
      remedy: remedy)
  }

  /// The problem of a node whose inputs contradict its operator's definition.
  func invalid(_ what: String) -> Problem {
    problem("bad-node", what, remedy: "the graph is damaged or does not fit the batch, check both")
  }

  /// The problem of something that the operator defines and this program does not do.
  func unsupported(_ what: String) -> Problem {
    problem(
      "unsupported-operator", what,
      remedy: "export the graph without it, or use the run without a probe")
  }

  /// The problem of an operation that would mix examples or move them off the first axis.
  func examplesMoved() -> Problem {
    problem(
      Problem.examplesMovedCode, "the examples do not stay on the first axis here",
      remedy: "bind one example at a time, which needs a graph exported with a dynamic batch")
  }

  func integer(_ name: String, default value: Int) throws(Problem) -> Int {
    switch node.attributes[name] {
    case nil: return value
    case .integer(let value): return Int(value)
    default: throw invalid("attribute \(name) is no integer")
    }
  }

  func integers(_ name: String) throws(Problem) -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .integers(let values): return values.map { Int($0) }
    default: throw invalid("attribute \(name) is no list of integers")
    }
  }

  func float(_ name: String, default value: Float) throws(Problem) -> Float {
    switch node.attributes[name] {
    case nil: return value
    case .float(let value): return value
    default: throw invalid("attribute \(name) is no real number")
    }
  }

  func floats(_ name: String) throws(Problem) -> [Float]? {
    switch node.attributes[name] {
    case nil: return nil
    case .floats(let values): return values
    default: throw invalid("attribute \(name) is no list of real numbers")
    }
  }

  func texts(_ name: String) throws(Problem) -> [String]? {
    switch node.attributes[name] {
    case nil: return nil
    case .texts(let values): return values
    default: throw invalid("attribute \(name) is no list of texts")
    }
  }

  func graph(_ name: String) throws(Problem) -> Subgraph {
    guard case .graph(let body)? = node.attributes[name] else {
      throw invalid("attribute \(name) is no graph")
    }
    return body
  }

  func text(_ name: String, default value: String) throws(Problem) -> String {
    switch node.attributes[name] {
    case nil: return value
    case .text(let value): return value
    default: throw invalid("attribute \(name) is no text")
    }
  }

  /// An axis in 0..<rank from one that may count from the end.
  func axis(_ axis: Int, rank: Int) throws(Problem) -> Int {
    guard axis >= -rank, axis < rank else {
      throw invalid("axis \(axis) of an array with \(rank) axes")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Distinct axes, ascending.
  func axes(_ axes: [Int], rank: Int) throws(Problem) -> [Int] {
    var result: [Int] = []
    for each in axes {
      let normal = try axis(each, rank: rank)
      guard !result.contains(normal) else { throw invalid("axis \(each) is named twice") }
      result.append(normal)
    }
    return result.sorted()
  }

  /// Extents computed from the file, checked: every array of a block must stay addressable by the
  /// 32-bit extents of BLAS, and small enough to be meant.
  func shape(_ dimensions: [Int]) throws(Problem) -> Shape {
    guard dimensions.allSatisfy({ $0 >= 0 }) else { throw invalid("extents \(dimensions)") }
    guard let shape = Shape(checking: dimensions), shape.count <= largest else {
      throw problem(
        "array-too-large", "an array of extents \(dimensions)",
        remedy: "use fewer examples, or a smaller batch per block")
    }
    return shape
  }

  static let largestArray = 1 << 30
  /// Known arrays are shapes, indices and masks, held in double width.
  static let largestKnownArray = 1 << 26
}

extension Problem {
  /// The code of a graph in which examples do not stay on the first axis.
  static let examplesMovedCode = "examples-moved"
}
