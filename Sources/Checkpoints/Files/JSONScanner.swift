// A pull scanner for JSON (RFC 8259) over bytes in memory: nothing is kept but the place. Duplicate
// keys, depth and trailing bytes are checked; every error names its byte.
internal import Diagnostics

struct JSONScanner {
  private let bytes: [UInt8]
  /// Added to offsets in messages: where the text begins in its file.
  private let origin: Int
  private let path: String
  private(set) var at = 0
  private var depth = 0
  private static let deepest = 64

  init(_ bytes: [UInt8], origin: Int = 0, path: String) {
    self.bytes = bytes
    self.origin = origin
    self.path = path
  }

  func failure(_ what: String) -> Problem {
    Problem(
      "bad-json", at: "\(path): byte \(origin + at)", what, remedy: "write or copy the file again")
  }

  func tooLarge(_ what: String) -> Problem {
    Problem("too-large", at: path, what, remedy: "check that this is the file it is named after")
  }

  /// The next byte that is no white space, not consumed; nil at the end.
  private mutating func peek() -> UInt8? {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      default: return bytes[at]
      }
    }
    return nil
  }

  private mutating func take(_ byte: Character) throws(Problem) {
    guard let expected = byte.asciiValue, peek() == expected else {
      throw failure("expected \(byte)")
    }
    at += 1
  }

  /// Nothing but white space may follow.
  mutating func end() throws(Problem) {
    guard peek() == nil else { throw failure("there is more after the end of the value") }
  }

  /// The kinds of value, told by their first byte.
  enum Kind { case object, array, string, number, literal }

  mutating func kind() throws(Problem) -> Kind {
    guard let first = peek() else { throw failure("the text ends where a value is expected") }
    switch first {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return .literal
    // Python's json writes these where a number was not finite.
    case UInt8(ascii: "N"), UInt8(ascii: "I"): return .literal
    default: throw failure("no value begins with this byte")
    }
  }

  /// Calls `body` at the value of every key; it must consume the value. Keys are unique.
  mutating func object(
    _ body: (inout JSONScanner, String) throws(Problem) -> Void
  ) throws(Problem) {
    try take("{")
    try enter()
    // By bytes: equal under Unicode normalisation is not the same name.
    var keys: Set<[UInt8]> = []
    if peek() == UInt8(ascii: "}") {
      at += 1
    } else {
      while true {
        let key = try string()
        guard keys.insert(Array(key.utf8)).inserted else {
          throw failure("the key \"\(key)\" occurs twice")
        }
        try take(":")
        try body(&self, key)
        guard peek() == UInt8(ascii: ",") else { break }
        at += 1
      }
      try take("}")
    }
    depth -= 1
  }

  /// Calls `body` at every element; it must consume the element.
  mutating func array(_ body: (inout JSONScanner) throws(Problem) -> Void) throws(Problem) {
    try take("[")
    try enter()
    if peek() == UInt8(ascii: "]") {
      at += 1
    } else {
      while true {
        try body(&self)
        guard peek() == UInt8(ascii: ",") else { break }
        at += 1
      }
      try take("]")
    }
    depth -= 1
  }

  private mutating func enter() throws(Problem) {
    depth += 1
    guard depth <= Self.deepest else { throw failure("nested deeper than \(Self.deepest)") }
  }

  /// A string with its escapes resolved; invalid UTF-8 and lone surrogates are errors.
  mutating func string() throws(Problem) -> String {
    try take("\"")
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") {
      guard bytes[at] >= 0x20 else { throw failure("a control character in a string") }
      at += 1
    }
    var text = Array(bytes[start..<at])
    while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
      guard bytes[at] >= 0x20 else { throw failure("a control character in a string") }
      if bytes[at] == UInt8(ascii: "\\") {
        try escape(into: &text)
      } else {
        text.append(bytes[at])
        at += 1
      }
    }
    guard at < bytes.count else { throw failure("the text ends inside a string") }
    at += 1
    guard let string = String(validating: text, as: UTF8.self) else {
      throw failure("a string is not UTF-8")
    }
    return string
  }

  private mutating func escape(into text: inout [UInt8]) throws(Problem) {
    guard at + 1 < bytes.count else { throw failure("the text ends inside a string") }
    let escaped = bytes[at + 1]
    at += 2
    switch escaped {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escaped)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal4()
      if (0xD800..<0xDC00).contains(code), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
        bytes[at + 1] == UInt8(ascii: "u")
      {
        at += 2
        let low = try hexadecimal4()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("a lone surrogate") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("a lone surrogate") }
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw failure("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal4() throws(Problem) -> UInt32 {
    guard at + 4 <= bytes.count else { throw failure("the text ends inside a string") }
    var value: UInt32 = 0
    for byte in bytes[at..<(at + 4)] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits are expected")
      }
      value = value << 4 | UInt32(digit)
    }
    at += 4
    return value
  }

  /// A number as it is written; its grammar is checked.
  mutating func number() throws(Problem) -> String {
    _ = peek()
    let start = at
    var digits = 0
    func isDigit(_ i: Int) -> Bool { i < bytes.count && bytes[i] >= 0x30 && bytes[i] <= 0x39 }
    func run() -> Int {
      var end = at
      while isDigit(end) { end += 1 }
      return end - at
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
    digits = run()
    guard digits > 0, digits == 1 || bytes[at] != UInt8(ascii: "0") else {
      throw failure("this is not a number")
    }
    at += digits
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      digits = run()
      guard digits > 0 else { throw failure("this is not a number") }
      at += digits
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
        at += 1
      }
      digits = run()
      guard digits > 0 else { throw failure("this is not a number") }
      at += digits
    }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  /// One of the words `true`, `false`, `null`, and Python's `NaN` and `Infinity`.
  mutating func literal() throws(Problem) -> String {
    _ = peek()
    for word in ["true", "false", "null", "NaN", "Infinity"]
    where bytes[at...].starts(with: word.utf8) {
      at += word.utf8.count
      return word
    }
    throw failure("an unknown word")
  }

  /// A non-negative whole number that an `Int` holds, written without sign, fraction or exponent.
  mutating func size() throws(Problem) -> Int {
    guard try kind() == .number else { throw failure("a whole number is expected") }
    let before = at
    let text = try number()
    guard let value = Int(text), value >= 0, text.utf8.first != UInt8(ascii: "-") else {
      at = before
      throw failure("\(text) is not a size")
    }
    return value
  }
}
