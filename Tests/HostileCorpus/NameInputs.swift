// Names of tensors that would be something else in a log, a terminal or YAML: kept, byte for byte.

extension HostileInput {
  /// What a reader of YAML, a terminal or a log could mistake.
  package static let names = [
    "line\nsecond: line", ": !!python/object", "*alias", "&anchor", "- item", "yes", "null", "1e3",
    "0x10", "2026-01-01", "~", "!tag", "%directive", "@at", "`tick", "{flow", "[flow", "# comment",
    "'quote", "\"quote", "back\\slash", " leading", "trailing ", "\u{1B}[2J\u{1B}[1;1H",
    "\u{202E}txt.exe", "\u{2066}isolate", "\u{FEFF}mark", "\u{0}nul", "\u{7F}del", "\u{85}next",
    "\u{2028}separator", "\r\n<0>forged record", "../../etc/passwd", "$(id)", "; rm -rf /", "-rf",
    "\u{1F600}", "e\u{301}", String(repeating: "long", count: 1_000),
  ]

  static let nameInputs: [HostileInput] = [
    HostileInput("names-safetensors", ".safetensors", named(names), .read(finding: nil)),
    HostileInput(
      "names-torch", ".pt",
      Zip.torch(Pickle.whole(Pickle.dictionary(names.map { ($0, Pickle.tensor()) }))).encoded,
      .read(finding: nil)),
  ]

  /// safetensors of as many tensors of four elements.
  private static func named(_ names: [String]) -> [UInt8] {
    let items = names.enumerated().map { place, name in
      "\(json(name)):{\"dtype\":\"F32\",\"shape\":[2,2],"
        + "\"data_offsets\":[\(16 * place),\(16 * place + 16)]}"
    }
    let header = Array("{\(items.joined(separator: ","))}".utf8)
    return little(UInt64(header.count), 8) + header + names.flatMap { _ in floats(4) }
  }

  private static func json(_ text: String) -> String {
    let escaped = text.utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    return "\"\(escaped.joined())\""
  }
}
