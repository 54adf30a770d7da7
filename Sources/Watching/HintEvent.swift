// The lines of plasticity-watch, read. They are hints: a line that cannot be read means "look".

/// What the helper says.
public enum HintEvent: Sendable, Hashable {
  /// It has begun, with this many folders.
  case watching(Int)
  /// Something happened in this folder.
  case touched(String)
  /// Hints have been missed, and why; everything is to be looked at.
  case lost(String)
  /// It has ended; nobody hints any more.
  case ended(String)

  /// Reads one line without its newline.
  static func read(_ line: ArraySlice<UInt8>) -> HintEvent {
    guard let blank = line.firstIndex(of: UInt8(ascii: " ")) else { return .lost("odd line") }
    let rest = line[(blank + 1)...]
    switch String(decoding: line[..<blank], as: UTF8.self) {
    case "watching":
      return Int(String(decoding: rest, as: UTF8.self)).map { .watching($0) } ?? .lost("odd line")
    case "touched":
      guard let path = String(validating: unescaped(rest), as: UTF8.self) else {
        return .lost("a folder's name is no UTF-8")
      }
      return .touched(path)
    case "lost": return .lost(String(decoding: unescaped(rest), as: UTF8.self))
    default: return .lost("odd line")
    }
  }

  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}
