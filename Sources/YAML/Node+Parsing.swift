// Events → tree. Depth, size, merge keys and duplicate keys are refused with their place.

public import Diagnostics

extension Node {
  /// Reads one document; an empty text is a null node.
  ///
  /// - Throws: `yaml-too-large`, `yaml-encoding`, `yaml-syntax`, `yaml-alias`, `yaml-anchor`,
  ///   `yaml-tag`, `yaml-directive`, `yaml-many-documents`, `yaml-too-deep`, `yaml-merge-key`,
  ///   `yaml-key` (a key that is no scalar) or `yaml-duplicate-key`, at `file:line:column`.
  public static func parse(
    _ bytes: [UInt8], source: Source, limits: Limits = .configuration
  ) throws(Problem) -> Node {
    guard bytes.count <= limits.bytes else {
      throw Problem(
        "yaml-too-large", at: source.file,
        "\(bytes.count) bytes, and at most \(limits.bytes) are read",
        remedy: "make it smaller, or check that this is the file you mean", kind: source.kind)
    }
    return try bytes.withUnsafeBufferPointer { (buffer) throws(Problem) -> Node in
      let builder = TreeBuilder(
        events: try EventReader(buffer, source), source: source, depthLimit: limits.depth)
      return try builder.document()
    }
  }
}

private struct TreeBuilder {
  let events: EventReader
  let source: Source
  let depthLimit: Int

  func document() throws(Problem) -> Node {
    var root: Node?
    while true {
      switch try events.next() {
      case .streamEnd:
        return root
          ?? Node(.scalar(Node.Scalar(text: "", isPlain: true)), mark: Mark(line: 1, column: 1))
      case .documentStart(let mark):
        guard root == nil else {
          throw source.problem(
            "yaml-many-documents", at: mark, "a second document begins here, and one is read",
            remedy: "remove the line --- and what follows it")
        }
        root = try node(try events.next(), depth: 0)
      default: continue
      }
    }
  }

  private func node(_ event: Event, depth: Int) throws(Problem) -> Node {
    switch event {
    case .scalar(let scalar, let mark):
      return Node(.scalar(scalar), mark: mark)
    case .sequenceStart(let mark, let isFlow):
      try checkDepth(depth + 1, mark)
      var items: [Node] = []
      while true {
        let next = try events.next()
        if case .sequenceEnd = next { return Node(.sequence(items), mark: mark, isFlow: isFlow) }
        items.append(try node(next, depth: depth + 1))
      }
    case .mappingStart(let mark, let isFlow):
      try checkDepth(depth + 1, mark)
      return Node(.mapping(try pairs(depth: depth + 1)), mark: mark, isFlow: isFlow)
    default:
      throw Problem(
        "yaml-events", at: source.file, "libyaml gave an event out of order",
        remedy: "report this as a defect", kind: .software)
    }
  }

  private func pairs(depth: Int) throws(Problem) -> [Node.Pair] {
    var pairs: [Node.Pair] = []
    var seen: [String: Mark] = [:]
    while true {
      switch try events.next() {
      case .mappingEnd: return pairs
      case .scalar(let scalar, let mark):
        if scalar.isPlain, scalar.text == "<<" {
          throw source.problem(
            "yaml-merge-key", at: mark, "a merge key (<<) stands here, and it is not read",
            remedy: "write the keys out")
        }
        if let first = seen.updateValue(mark, forKey: scalar.text) {
          throw source.problem(
            "yaml-duplicate-key", at: mark,
            "the key \"\(scalar.text)\" stands here and at line \(first.line)",
            remedy: "remove one of the two")
        }
        let value = try node(try events.next(), depth: depth)
        pairs.append(Node.Pair(key: scalar.text, keyMark: mark, value: value))
      case .sequenceStart(let mark, _), .mappingStart(let mark, _):
        throw source.problem(
          "yaml-key", at: mark, "a list or mapping stands where a key is expected",
          remedy: "use a word as the key")
      default:
        throw Problem(
          "yaml-events", at: source.file, "libyaml gave an event out of order",
          remedy: "report this as a defect", kind: .software)
      }
    }
  }

  private func checkDepth(_ depth: Int, _ mark: Mark) throws(Problem) {
    guard depth <= depthLimit else {
      throw source.problem(
        "yaml-too-deep", at: mark, "more than \(depthLimit) lists and mappings inside each other",
        remedy: "write it flatter")
    }
  }
}
