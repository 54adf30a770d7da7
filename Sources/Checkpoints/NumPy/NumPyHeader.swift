// The header of a NumPy array file (numpy/lib/format.py): a magic, a version, and a Python
// dictionary literal with exactly the keys descr, fortran_order and shape, tokenised by hand.
internal import Diagnostics
internal import Tensors

struct NumPyHeader {
  let type: ElementType
  let isBigEndian: Bool
  let isColumnMajor: Bool
  let shape: Shape
  /// Bytes before the array's first element.
  let byteCount: Int

  /// Bytes that always hold the whole header: NumPy's own limit is 10 000 characters.
  static let longest = 10_000 + 12

  /// Parses the first bytes of an array file, as many as there are up to `longest`. Errors:
  /// `bad-npy`, `unsupported-npy`.
  static func parse(_ bytes: [UInt8], place: String) throws(Problem) -> NumPyHeader {
    guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)), bytes.count >= 12 else {
      throw bad(place, "it does not begin as NumPy arrays do")
    }
    // Version 1 has a 2-byte length, 2 and 3 have a 4-byte one.
    guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
      throw bad(place, "its format version is \(bytes[6]).\(bytes[7])")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard let length = bytes.size(at: 8, width: lengthBytes), length <= 10_000,
      8 + lengthBytes + length <= bytes.count
    else { throw bad(place, "its header is longer than 10000 bytes or than the file") }
    let start = 8 + lengthBytes
    var tokens = LiteralTokens(Array(bytes[start..<(start + length)]), place: place)
    let fields = try tokens.dictionary()
    guard let shape = Shape(checking: fields.shape) else {
      throw bad(place, "its shape \(fields.shape) has too many elements")
    }
    let (type, isBigEndian) = try elementType(fields.type, place)
    return NumPyHeader(
      type: type, isBigEndian: isBigEndian, isColumnMajor: fields.isColumnMajor, shape: shape,
      byteCount: start + length)
  }

  fileprivate static func bad(_ place: String, _ what: String) -> Problem {
    Problem("bad-npy", at: place, what, remedy: "write it again with numpy.save or numpy.savez")
  }

  private static func elementType(
    _ text: String, _ place: String
  ) throws(Problem) -> (ElementType, isBigEndian: Bool) {
    let types: [String: ElementType] = [
      "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16,
      "i1": .int8, "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
    ]
    let isBigEndian = text.hasPrefix(">")
    let isMarked = isBigEndian || text.hasPrefix("<") || text.hasPrefix("|") || text.hasPrefix("=")
    guard isMarked, let type = types[String(text.dropFirst())] else {
      throw Problem(
        "unsupported-npy", at: place, "its element type \(text) is not read",
        remedy: "save real numbers, integers or booleans")
    }
    return (type, isBigEndian)
  }
}

/// A tokenizer for `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
private struct LiteralTokens {
  private let bytes: [UInt8]
  private let place: String
  private var at = 0

  init(_ bytes: [UInt8], place: String) {
    self.bytes = bytes
    self.place = place
  }

  private func bad(_ what: String) -> Problem {
    NumPyHeader.bad(place, "\(what) at byte \(at) of its header")
  }

  private mutating func peek() -> UInt8? {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A { at += 1 }
    return at < bytes.count ? bytes[at] : nil
  }

  /// Consumes one byte if it is next.
  private mutating func take(_ character: Character) -> Bool {
    guard let next = peek(), next == character.asciiValue else { return false }
    at += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(Problem) {
    guard take(character) else { throw bad("expected \(character)") }
  }

  mutating func dictionary() throws(Problem) -> (type: String, isColumnMajor: Bool, shape: [Int]) {
    var type: String?
    var isColumnMajor: Bool?
    var shape: [Int]?
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where type == nil:
        guard peek() == UInt8(ascii: "'") || peek() == UInt8(ascii: "\"") else {
          throw Problem(
            "unsupported-npy", at: place, "it has structured elements",
            remedy: "save one plain array per name")
        }
        type = try string()
      case "fortran_order" where isColumnMajor == nil: isColumnMajor = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      default: throw bad("unexpected key \(key)")
      }
      guard take(",") || peek() == UInt8(ascii: "}") else { throw bad("expected , or }") }
    }
    guard peek() == nil else { throw bad("unexpected text") }
    guard let type, let isColumnMajor, let shape else {
      throw bad("descr, fortran_order or shape is missing")
    }
    return (type, isColumnMajor, shape)
  }

  /// A quoted string without escapes.
  private mutating func string() throws(Problem) -> String {
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw bad("expected a string")
    }
    guard let end = bytes[(at + 1)...].firstIndex(of: quote) else {
      throw bad("a string that does not end")
    }
    let text = bytes[(at + 1)..<end]
    guard text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
      throw bad("a string with escapes")
    }
    at = end + 1
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func boolean() throws(Problem) -> Bool {
    _ = peek()
    for (word, value) in [("True", true), ("False", false)]
    where bytes[at...].starts(with: word.utf8) {
      at += word.utf8.count
      return value
    }
    throw bad("expected True or False")
  }

  private mutating func tuple() throws(Problem) -> [Int] {
    var extents: [Int] = []
    try expect("(")
    while !take(")") {
      _ = peek()
      let digits = bytes[at...].prefix { $0 >= 0x30 && $0 <= 0x39 }
      guard extents.count < 64, digits.count == 1 || digits.first != UInt8(ascii: "0"),
        let extent = Int(String(decoding: digits, as: UTF8.self))
      else { throw bad("expected an extent") }
      at += digits.count
      extents.append(extent)
      // Python 2 wrote long integers so.
      _ = take("L")
      // Without a comma one number in brackets is no tuple.
      let isSeparated = take(",")
      guard isSeparated || extents.count > 1 && peek() == UInt8(ascii: ")") else {
        throw bad(extents.count > 1 ? "expected , or )" : "expected ,")
      }
    }
    return extents
  }
}
