// safetensors: lengths, shapes and offsets that lie (reliability.md §1.6).

extension HostileInput {
  /// A header, its length as stated or true, then bytes.
  static func safetensors(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    return little(length ?? UInt64(text.count), 8) + text + [UInt8](repeating: 1, count: data)
  }

  private static func tensor(
    _ shape: String, _ offsets: String, type: String = "F32", name: String = "w"
  ) -> String {
    "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}"
  }

  private static func file(
    _ name: String, _ header: String, data: Int = 16, _ outcome: Outcome
  ) -> HostileInput {
    HostileInput(
      "safetensors-\(name)", ".safetensors", safetensors(header, data: data), outcome)
  }

  private static func length(
    _ name: String, _ length: UInt64, _ outcome: Outcome
  ) -> HostileInput {
    HostileInput(
      "safetensors-\(name)", ".safetensors",
      safetensors("{\(tensor("4", "0,16"))}", data: 16, length: length), outcome)
  }

  private static let manyEntries: String = {
    let entries = (0...100_000).map { "\"\($0)\":\"\"" }
    return "\"__metadata__\":{" + entries.joined(separator: ",") + "}"
  }()

  static let safetensorsInputs: [HostileInput] = [
    length("length-2^63", 1 << 63, .refused("header-too-large")),
    length("length-2^64-1", .max, .refused("header-too-large")),
    length("length-over-limit", 100_000_001, .refused("header-too-large")),
    length("length-is-size", 80, .notYet("incomplete-header")),
    length("length-0", 0, .notYet("incomplete-header")),
    // Each of them multiplies to a small number once it has wrapped.
    file(
      "shape-wraps", "{\(tensor("4194305,4194305,211106198978564", "0,16"))}",
      .refused("bad-shape")),
    file("shape-2^63-1", "{\(tensor("2,9223372036854775807", "0,16"))}", .refused("bad-shape")),
    file("shape-2^64", "{\(tensor("18446744073709551616", "0,16"))}", .refused("bad-json")),
    file("shape-negative", "{\(tensor("-4", "0,16"))}", .refused("bad-json")),
    file("shape-1e400", "{\(tensor("1e400", "0,16"))}", .refused("bad-json")),
    file("shape-4.0", "{\(tensor("4.0", "0,16"))}", .refused("bad-json")),
    file("shape-true", "{\(tensor("true", "0,16"))}", .refused("bad-json")),
    file(
      "shape-65-extents",
      "{\(tensor([String](repeating: "1", count: 65).joined(separator: ","), "0,4"))}",
      .refused("bad-json")),
    file("shape-and-size", "{\(tensor("5", "0,16"))}", .refused("bad-offsets")),
    file("offsets-reversed", "{\(tensor("4", "16,0"))}", .refused("bad-offsets")),
    file(
      "offsets-overlap", "{\(tensor("4", "0,16")),\(tensor("2", "8,16", name: "v"))}",
      .refused("bad-offsets")),
    file("offsets-hole", "{\(tensor("2", "8,16"))}", .refused("bad-offsets")),
    file(
      "offsets-2^63", "{\(tensor("4", "9223372036854775792,9223372036854775807"))}",
      .refused("bad-offsets")),
    file("offsets-three", "{\(tensor("4", "0,16,16"))}", .refused("bad-json")),
    file("trailing-bytes", "{\(tensor("4", "0,16"))}", data: 17, .refused("trailing-bytes")),
    file("short", "{\(tensor("4", "0,16"))}", data: 15, .notYet("incomplete-data")),
    file(
      "name-twice", "{\(tensor("2", "0,8")),\(tensor("2", "8,16"))}", .refused("bad-json")),
    file(
      "name-twice-escaped", "{\(tensor("2", "0,8")),\(tensor("2", "8,16", name: "\\u0077"))}",
      .refused("bad-json")),
    // The same letter composed and decomposed: two names.
    file(
      "names-alike",
      "{\(tensor("2", "0,8", name: "\u{E9}")),\(tensor("2", "8,16", name: "e\u{301}"))}",
      .read(finding: nil)),
    file("name-empty", "{\(tensor("4", "0,16", name: ""))}", .refused("bad-json")),
    file(
      "name-1MiB", "{\(tensor("4", "0,16", name: String(repeating: "a", count: 1 << 20)))}",
      .refused("bad-json")),
    file("name-lone-surrogate", "{\(tensor("4", "0,16", name: "\\ud800"))}", .refused("bad-json")),
    file("metadata-10^5", "{\(manyEntries),\(tensor("4", "0,16"))}", .refused("bad-json")),
    file(
      "metadata-as-tensor", "{\(tensor("4", "0,16", name: "__metadata__"))}",
      .refused("bad-json")),
    file(
      "key-twice",
      "{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[4],"
        + "\"data_offsets\":[0,16]}}", .refused("bad-json")),
    file(
      "key-unknown",
      "{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16],"
        + "\"extra\":1}}", .refused("bad-json")),
    file("type-unknown", "{\(tensor("4", "0,16", type: "F31"))}", .refused("bad-header")),
    file("not-an-object", "[\(1)]", .refused("bad-json")),
    file("nested-10^5", "{\"w\":" + String(repeating: "[", count: 100_000), .refused("bad-json")),
    file("two-objects", "{\(tensor("4", "0,16"))}{}", .refused("bad-json")),
    file("nul-in-header", "{\u{0}\(tensor("4", "0,16"))}", .notYet("incomplete-header")),
    file("no-tensors", "{}", data: 0, .refused("no-readable-tensors")),
    // Nothing was ever written behind the header: a file of 1 TiB that costs one block.
    HostileInput(
      "safetensors-hole-1TiB",
      files: [
        (
          "step_1.safetensors",
          .sparse(safetensors("{\(tensor("16,17179869184", "0,1099511627776"))}"), size: 1 << 40)
        )
      ], checkpoint: "step_1.safetensors", .notYet("incomplete-data")),
  ]
}
