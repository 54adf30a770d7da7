// A small JSON document in memory: trainer_state.json, config.json, shard indexes.
internal import Diagnostics

indirect enum JSONValue: Sendable {
  case object([(key: String, value: JSONValue)])
  case array([JSONValue])
  case string(String)
  case number(String)
  case bool(Bool)
  case null

  var isNull: Bool { if case .null = self { true } else { false } }

  /// Whether a document ends before the object does with which it begins: more of its braces open than
  /// close, those in strings aside.
  static func isCut(_ bytes: [UInt8]) -> Bool {
    var depth = 0
    var isText = false
    var isEscaped = false
    for byte in bytes {
      if isText {
        if byte == UInt8(ascii: "\""), !isEscaped { isText = false }
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): (isText, isEscaped) = (true, false)
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return depth > 0 || isText || bytes.isEmpty
  }

  /// Values of a document that are held: some hundred bytes each, whatever little the file has of them.
  private static let mostValues = 1_000_000

  /// Parses a whole document; its depth is bounded by the scanner. Errors: `bad-json`, `too-large`.
  ///
  /// - Parameter kept: of longer arrays only so many of the last elements are kept, or up to twice as
  ///   many: a trainer's log has no end.
  static func parse(
    _ bytes: [UInt8], path: String, keepingLast kept: Int = .max
  ) throws(Problem) -> JSONValue {
    var scanner = JSONScanner(bytes, path: path)
    var left = mostValues
    let value = try parse(&scanner, kept, &left)
    try scanner.end()
    return value
  }

  private static func parse(
    _ scanner: inout JSONScanner, _ kept: Int, _ left: inout Int
  ) throws(Problem) -> JSONValue {
    left -= 1
    guard left >= 0 else {
      throw scanner.tooLarge("it has more than \(mostValues) values")
    }
    switch try scanner.kind() {
    case .object:
      var members: [(key: String, value: JSONValue)] = []
      try scanner.object { (scanner, key) throws(Problem) in
        members.append((key, try parse(&scanner, kept, &left)))
      }
      return .object(members)
    case .array:
      var elements: [JSONValue] = []
      let before = left
      try scanner.array { scanner throws(Problem) in
        elements.append(try parse(&scanner, kept, &left))
        guard elements.count / 2 >= kept else { return }
        elements.removeFirst(elements.count - kept)
        left = before
      }
      return .array(elements)
    case .string: return .string(try scanner.string())
    case .number: return .number(try scanner.number())
    case .literal:
      switch try scanner.literal() {
      case "true": return .bool(true)
      case "false": return .bool(false)
      // What is not finite is as good as absent.
      default: return .null
      }
    }
  }

  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  var members: [(key: String, value: JSONValue)] {
    if case .object(let members) = self { members } else { [] }
  }

  var elements: [JSONValue] {
    if case .array(let elements) = self { elements } else { [] }
  }

  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  var int: Int? {
    if case .number(let text) = self { Int(text) } else { nil }
  }

  /// A finite number.
  var double: Double? {
    guard case .number(let text) = self, let value = Double(text), value.isFinite else {
      return nil
    }
    return value
  }
}
