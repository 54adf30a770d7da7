/// Text from files made harmless for a log line or a terminal: every C0 and C1 control, DEL, line
/// and paragraph separator, bidirectional override and byte-order mark becomes `\u{…}`.
public func escapedForTerminal(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: mustEscape) else { return text }
  var escaped = ""
  for scalar in text.unicodeScalars {
    if mustEscape(scalar) {
      escaped += "\\u{" + String(scalar.value, radix: 16) + "}"
    } else {
      escaped.unicodeScalars.append(scalar)
    }
  }
  return escaped
}

private func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x00...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069,
    0xFEFF, 0xFFFD:
    return true
  default: return false
  }
}
