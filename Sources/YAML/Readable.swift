// From nodes to values of a stated type, with messages that name what was expected and found.

public import Diagnostics

/// A type that can be read from a node.
public protocol Readable {
  /// Reads the node, or says what was expected at its place.
  static func read(_ node: Node, _ source: Source) throws(Problem) -> Self
}

extension Source {
  /// `wrong-type` at the node: what was expected, what stands there, and what to write.
  public func wrongType(_ node: Node, expected: String, remedy: String? = nil) -> Problem {
    let found: String
    switch node.content {
    case .scalar(let scalar): found = ScalarValue(scalar).description
    case .sequence: found = "a list"
    case .mapping: found = "a mapping"
    }
    return problem(
      "wrong-type", at: node.mark, "expected \(expected), found \(found)",
      remedy: remedy ?? "write \(expected)")
  }
}

extension Node: Readable {
  /// The node itself.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> Node { node }
}

extension String: Readable {
  /// A quoted text, or a plain word that can be nothing else.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> String {
    guard case .scalar(let scalar) = node.content else {
      throw source.wrongType(node, expected: "a string")
    }
    switch ScalarValue(scalar) {
    case .string(let text): return text
    case .null: throw source.wrongType(node, expected: "a string")
    default:
      throw source.wrongType(
        node, expected: "a string", remedy: "if it is meant as text, write \"\(scalar.text)\"")
    }
  }
}

extension Int: Readable {
  /// A decimal integer of 64 signed bits.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> Int {
    if case .integer(let value) = node.scalarValue { return value }
    throw source.wrongType(node, expected: "an integer")
  }
}

extension UInt64: Readable {
  /// A decimal integer of 64 unsigned bits.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> UInt64 {
    if case .scalar(let scalar) = node.content {
      switch ScalarValue(scalar) {
      case .integer, .double:
        if let value = UInt64(scalar.text) { return value }
      default: break
      }
    }
    throw source.wrongType(node, expected: "an integer from 0 to 18446744073709551615")
  }
}

extension Double: Readable {
  /// A finite number; an integer is one too.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> Double {
    switch node.scalarValue {
    case .integer(let value): return Double(value)
    case .double(let value): return value
    default: throw source.wrongType(node, expected: "a number")
    }
  }
}

extension Bool: Readable {
  /// `true` or `false`; `yes`, `no`, `on` and `off` are refused, since readers differ on them.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> Bool {
    if case .bool(let value) = node.scalarValue { return value }
    throw source.wrongType(node, expected: "true or false")
  }
}

extension Array: Readable where Element: Readable {
  /// A list of one type.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> [Element] {
    guard let items = node.items else { throw source.wrongType(node, expected: "a list") }
    var values: [Element] = []
    values.reserveCapacity(items.count)
    for item in items { values.append(try Element.read(item, source)) }
    return values
  }
}

extension Dictionary: Readable where Key == String, Value: Readable {
  /// A mapping whose keys are names.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> [String: Value] {
    guard let pairs = node.pairs else { throw source.wrongType(node, expected: "a mapping") }
    var values: [String: Value] = [:]
    for pair in pairs { values[pair.key] = try Value.read(pair.value, source) }
    return values
  }
}

/// A moment as our documents write it.
public struct Timestamp: Readable, Sendable, Hashable {
  /// ISO 8601 in UTC, for example `2026-01-01T00:00:00Z`.
  public let text: String

  /// Reads a plain or quoted date or moment.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> Timestamp {
    if case .scalar(let scalar) = node.content, ScalarValue.isTimestamp(scalar.text) {
      return Timestamp(text: scalar.text)
    }
    throw source.wrongType(node, expected: "a moment such as 2026-01-01T00:00:00Z")
  }
}

extension Readable where Self: RawRepresentable & CaseIterable, RawValue == String {
  /// One of a few words.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> Self {
    let words = allCases.map(\.rawValue)
    if case .scalar(let scalar) = node.content, let value = Self(rawValue: scalar.text) {
      return value
    }
    var remedy = "write one of these words"
    if case .scalar(let scalar) = node.content, let near = nearest(to: scalar.text, among: words) {
      remedy = "did you mean \(near)?"
    }
    throw source.wrongType(
      node, expected: "one of \(words.joined(separator: ", "))", remedy: remedy)
  }
}
