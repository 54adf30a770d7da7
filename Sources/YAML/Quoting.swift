// When a string needs quotes, and how it is quoted: reliability.md §1.12. Only what is surely a
// word stays plain; in quotes, everything that could hide, reorder or end a line is escaped.

/// The string as a YAML scalar that every reader takes for exactly this string.
func quotedIfNeeded(_ text: String, inFlow: Bool) -> String {
  isSurelyWord(text, inFlow: inFlow) ? text : quoted(text)
}

private func isSurelyWord(_ text: String, inFlow: Bool) -> Bool {
  guard let first = text.utf8.first, isLetter(first) || "_/".utf8.contains(first),
    text.utf8.last != UInt8(ascii: " ")
  else { return false }
  for byte in text.utf8 where !isLetter(byte) {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: " "):
      continue
    case UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "="),
      UInt8(ascii: "+"), UInt8(ascii: "%"), UInt8(ascii: ";"):
      if inFlow { return false }
    default: return false
    }
  }
  return !ScalarValue.mayBeOther(text)
}

private func isLetter(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): return true
  default: return false
  }
}

private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    default:
      if mustEscape(scalar.value) {
        result += escape(scalar.value)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result + "\""
}

private func mustEscape(_ value: UInt32) -> Bool {
  switch value {
  case 0x00...0x1F, 0x7F...0x9F: return true  // C0, DEL, C1
  case 0xA0, 0xAD, 0x61C: return true  // blanks and hyphens that hide, Arabic letter mark
  case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F: return true  // lines, bidi, invisible
  case 0xFDD0...0xFDEF, 0xFEFF, 0xFFF0...0xFFFF: return true  // byte-order mark, noncharacters
  case 0xE0000...0xE0FFF: return true  // tags and other invisible characters
  default: return value & 0xFFFE == 0xFFFE
  }
}

private func escape(_ value: UInt32) -> String {
  let digits = String(value, radix: 16, uppercase: true)
  let (letter, width) = value <= 0xFF ? ("x", 2) : value <= 0xFFFF ? ("u", 4) : ("U", 8)
  return "\\" + letter + String(repeating: "0", count: width - digits.utf8.count) + digits
}
