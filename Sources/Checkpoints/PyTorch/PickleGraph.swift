// What a pickle builds, as data: an arena of nodes that refer to each other by index. Cycles and
// sharing cost nothing, nothing is copied, and nothing in it can act.
final class PickleGraph {
  typealias Index = Int32

  enum Node {
    case none
    case bool(Bool)
    case int(Int)
    /// A whole number that an `Int` does not hold.
    case largeInt
    case float(Double)
    /// UTF-8 (or the bytes) at a place of the pickle; `isText` tells which.
    case span(start: Int32, count: Int32, isText: Bool)
    /// Text whose bytes needed decoding: an index into `decoded`.
    case decoded(Index)
    /// An index into `lists`.
    case list(Index)
    case tuple(Index)
    case set(Index)
    /// An index into `maps`.
    case map(Index)
    /// A name that Python would import: "module name".
    case global(Index)
    /// What a storage or another outside thing is known by.
    case persistent(Index)
    /// The result of a call that was not made: an index into `objects`.
    case object(Index)
  }

  /// A call as it stands in the pickle, with what was later done to its result.
  struct Object {
    var callee: Index
    var arguments: Index
    /// What BUILD gave it, or -1.
    var state: Index = -1
    /// Indices into `lists` and `maps` of what was appended and set, or -1.
    var items: Index = -1
    var entries: Index = -1
  }

  let bytes: [UInt8]
  var nodes: [Node] = []
  var lists: [[Index]] = []
  var maps: [[(key: Index, value: Index)]] = []
  var objects: [Object] = []
  var decoded: [[UInt8]] = []
  var root: Index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }
}

/// One node of a graph, with the questions that readers of checkpoints ask.
struct PickleValue {
  let graph: PickleGraph
  let index: PickleGraph.Index

  var node: PickleGraph.Node { graph.nodes[Int(index)] }

  private func value(_ index: PickleGraph.Index) -> PickleValue {
    PickleValue(graph: graph, index: index)
  }

  /// The bytes of a string or a byte string.
  var rawText: [UInt8]? {
    switch node {
    case .span(let start, let count, _):
      Array(graph.bytes[Int(start)..<(Int(start) + Int(count))])
    case .decoded(let index): graph.decoded[Int(index)]
    case .global(let index): graph.decoded[Int(index)]
    default: nil
    }
  }

  /// A string; bytes that are not UTF-8 (Python's lone surrogates) become U+FFFD.
  var text: String? {
    switch node {
    case .span(_, _, isText: true), .decoded:
      rawText.map { String(decoding: $0, as: UTF8.self) }
    default: nil
    }
  }

  /// The name of a global, "module name".
  var globalName: String? {
    if case .global = node { rawText.map { String(decoding: $0, as: UTF8.self) } } else { nil }
  }

  var isNone: Bool { if case .none = node { true } else { false } }

  var int: Int? {
    switch node {
    case .int(let value): value
    default: nil
    }
  }

  var bool: Bool? {
    if case .bool(let value) = node { value } else { nil }
  }

  /// A finite number, whole or not.
  var double: Double? {
    switch node {
    case .int(let value): Double(value)
    case .float(let value): value.isFinite ? value : nil
    default: nil
    }
  }

  /// The elements of a list, a tuple or a set.
  var elements: [PickleValue]? {
    switch node {
    case .list(let index), .tuple(let index), .set(let index):
      graph.lists[Int(index)].map(value)
    case .object(let index) where graph.objects[Int(index)].items >= 0:
      graph.lists[Int(graph.objects[Int(index)].items)].map(value)
    default: nil
    }
  }

  /// The entries of a dictionary, also of an object that was filled like one, in order.
  var entries: [(key: PickleValue, value: PickleValue)]? {
    switch node {
    case .map(let index): graph.maps[Int(index)].map { (value($0.key), value($0.value)) }
    case .object(let index) where graph.objects[Int(index)].entries >= 0:
      graph.maps[Int(graph.objects[Int(index)].entries)].map { (value($0.key), value($0.value)) }
    default: nil
    }
  }

  /// The value of a string key; the last one counts, as in Python.
  subscript(key: String) -> PickleValue? {
    let map: PickleGraph.Index
    switch node {
    case .map(let index): map = index
    case .object(let index): map = graph.objects[Int(index)].entries
    default: return nil
    }
    guard map >= 0, let entry = graph.maps[Int(map)].last(where: { isText($0.key, key) }) else {
      return nil
    }
    return value(entry.value)
  }

  /// Whether a node is this text; compares bytes in place, since dictionaries may be large.
  private func isText(_ index: PickleGraph.Index, _ text: String) -> Bool {
    switch graph.nodes[Int(index)] {
    case .span(let start, let count, isText: true):
      Int(count) == text.utf8.count && graph.bytes[Int(start)...].starts(with: text.utf8)
    case .decoded(let decoded): graph.decoded[Int(decoded)].elementsEqual(text.utf8)
    default: false
    }
  }

  /// Whether this can hold other values by key.
  var isKeyed: Bool {
    switch node {
    case .map, .object: true
    default: false
    }
  }

  /// The value at a path of string keys.
  func at(_ keys: String...) -> PickleValue? {
    var current: PickleValue? = self
    for key in keys { current = current?[key] }
    return current
  }

  /// The call that made this value, for objects.
  var call: (callee: PickleValue, arguments: [PickleValue])? {
    guard case .object(let index) = node else { return nil }
    let object = graph.objects[Int(index)]
    return (value(object.callee), value(object.arguments).elements ?? [])
  }

  /// What BUILD gave an object: its attributes.
  var state: PickleValue? {
    guard case .object(let index) = node, graph.objects[Int(index)].state >= 0 else { return nil }
    return value(graph.objects[Int(index)].state)
  }

  /// The persistent id, for storages.
  var persistentID: PickleValue? {
    if case .persistent(let index) = node { value(index) } else { nil }
  }
}
