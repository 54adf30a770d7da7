// What a scalar without quotes means. YAML 1.2 (core schema, §10.3.2) and YAML 1.1 (what PyYAML
// reads) agree on most words and differ on some; where they differ we name the doubt, never guess.

/// The meaning of a scalar.
public enum ScalarValue: Sendable {
  /// `null`, `~` or empty.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A decimal integer that fits 64 signed bits.
  case integer(Int)
  /// A finite decimal number: with a point or an exponent, or an integer beyond 64 signed bits.
  case double(Double)
  /// A moment, `2026-01-01T00:00:00Z`, or a date.
  case timestamp(String)
  /// A word, or anything in quotes.
  case string(String)
  /// A plain word that one reader takes for a string and another for something else, such as
  /// `yes`, `0o7`, `010`, `1:30`, `.inf`: refused wherever a meaning is asked for.
  case ambiguous(String)

  /// Resolves a scalar.
  public init(_ scalar: Node.Scalar) {
    self = scalar.isPlain ? ScalarValue.resolve(scalar.text) : .string(scalar.text)
  }

  private static func resolve(_ text: String) -> ScalarValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    if let number = number(text) { return number }
    if isTimestamp(text) { return .timestamp(text) }
    return mayBeOther(text) ? .ambiguous(text) : .string(text)
  }

  // [-+]? (0 | [1-9][0-9]*) is an integer to both schemas; with a point or exponent it is a number.
  private static func number(_ text: String) -> ScalarValue? {
    var rest = text.utf8[...]
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      rest = rest.dropFirst()
    }
    let whole = rest.prefix(while: isDigit)
    rest = rest.dropFirst(whole.count)
    var fraction = 0
    var isInteger = true
    if rest.first == UInt8(ascii: ".") {
      isInteger = false
      rest = rest.dropFirst()
      fraction = rest.prefix(while: isDigit).count
      rest = rest.dropFirst(fraction)
    }
    guard whole.count + fraction > 0 else { return nil }
    if let letter = rest.first, letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E") {
      isInteger = false
      rest = rest.dropFirst()
      if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
        rest = rest.dropFirst()
      }
      guard let digit = rest.first, isDigit(digit) else { return nil }
      rest = rest.drop(while: isDigit)
    }
    guard rest.isEmpty else { return nil }
    // 010 is ten to YAML 1.2 and eight to YAML 1.1.
    if isInteger, whole.count > 1, whole.first == UInt8(ascii: "0") { return .ambiguous(text) }
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { return .ambiguous(text) }
    return .double(value)
  }

  /// Digits arranged as a date or a moment (YAML 1.1 timestamp): what PyYAML makes a date of.
  static func isTimestamp(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard matches(bytes.prefix(10), "0000-00-00") else { return false }
    if bytes.count == 10 { return true }
    guard bytes.count >= 20, matches(bytes[10..<19], "T00:00:00"), bytes.last == UInt8(ascii: "Z")
    else { return false }
    let fraction = bytes[19..<(bytes.count - 1)]
    if fraction.isEmpty { return true }
    return fraction.first == UInt8(ascii: ".") && fraction.count > 1
      && fraction.dropFirst().allSatisfy(isDigit)
  }

  private static func matches(_ bytes: ArraySlice<UInt8>, _ pattern: String) -> Bool {
    bytes.count == pattern.utf8.count
      && zip(bytes, pattern.utf8).allSatisfy { byte, expected in
        expected == UInt8(ascii: "0") ? isDigit(byte) : byte == expected
      }
  }

  /// Could some reader of YAML 1.1 or 1.2 take this plain word for something else than a string?
  /// Errs on the side of yes.
  static func mayBeOther(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return true }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      // Numbers in other bases, with underscores or colons, dates, .inf and .nan: no letters but
      // those, so a path such as ./runs or a name such as 3d-conv is no doubt.
      return text.utf8.allSatisfy { mayStandInNumber($0) }
    case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: "~"):
      return text == "=" || text == "<<" || text == "~"
    default:
      return text.utf8.count <= 8 && otherWords.contains(lowercased(text))
    }
  }

  private static let otherWords: Set<String> = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
  ]

  private static func lowercased(_ text: String) -> String {
    String(
      decoding: text.utf8.map {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0
      },
      as: UTF8.self)
  }

  private static func mayStandInNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      return true
    default: return "+-._:xXoOiInNtTzZ \t".utf8.contains(byte)
    }
  }
}

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

extension ScalarValue: Equatable {
  /// The same meaning; texts are compared by their bytes, numbers by theirs (−0.0 is not 0.0).
  public static func == (left: ScalarValue, right: ScalarValue) -> Bool {
    switch (left, right) {
    case (.null, .null): return true
    case (.bool(let a), .bool(let b)): return a == b
    case (.integer(let a), .integer(let b)): return a == b
    case (.double(let a), .double(let b)): return a.bitPattern == b.bitPattern
    case (.timestamp(let a), .timestamp(let b)), (.string(let a), .string(let b)),
      (.ambiguous(let a), .ambiguous(let b)):
      return a.utf8.elementsEqual(b.utf8)
    default: return false
    }
  }
}

extension ScalarValue: CustomStringConvertible {
  /// The value as a message names it, for example `the integer 3`.
  public var description: String {
    switch self {
    case .null: return "nothing (null)"
    case .bool(let value): return "the bool \(value)"
    case .integer(let value): return "the integer \(value)"
    case .double(let value): return "the number \(value)"
    case .timestamp(let text): return "the date \(text)"
    case .string(let text): return "the string \"\(shortened(text))\""
    case .ambiguous(let text): return "\(shortened(text)) without quotes"
    }
  }

  private func shortened(_ text: String) -> String {
    text.unicodeScalars.count <= 60 ? text : String(text.prefix(60)) + "…"
  }
}
