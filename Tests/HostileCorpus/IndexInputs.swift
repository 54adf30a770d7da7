// Indexes of sharded weights that do not say what the shards hold (transformers' save_pretrained).

extension HostileInput {
  private static func index(
    _ name: String, _ index: String, more: [(path: String, content: Content)] = [],
    _ outcome: Outcome
  ) -> HostileInput {
    let shard = safetensors(
      "{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", data: 16)
    let files: [(path: String, content: Content)] = [
      ("model-00001-of-00001.safetensors", .bytes(shard)),
      ("model.safetensors.index.json", .bytes(Array(index.utf8))),
      ("trainer_state.json", .bytes(Array("{\"global_step\": 7}".utf8))),
    ]
    return HostileInput(
      "index-\(name)",
      files: (files.filter { file in !more.contains { $0.path == file.path } } + more).map {
        ("checkpoint-7/\($0.path)", $0.content)
      }, checkpoint: "checkpoint-7", outcome)
  }

  private static let name = "model-00001-of-00001.safetensors"

  static let indexInputs: [HostileInput] = [
    index("good", "{\"weight_map\": {\"w\": \"\(name)\"}}", .read(finding: nil)),
    index(
      "names-more", "{\"weight_map\": {\"w\": \"\(name)\", \"v\": \"\(name)\"}}",
      .notYet("incomplete-shards")),
    index("names-another", "{\"weight_map\": {\"v\": \"\(name)\"}}", .notYet("incomplete-shards")),
    index(
      "names-twice", "{\"weight_map\": {\"w\": \"\(name)\", \"w\": \"\(name)\"}}",
      .refused("bad-json")),
    index(
      "in-two-shards", "{\"weight_map\": {\"w\": \"\(name)\", \"v\": \"model-2.safetensors\"}}",
      more: [
        (
          "model-2.safetensors",
          .bytes(
            safetensors(
              "{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", data: 16))
        )
      ], .notYet("incomplete-shards")),
    index("map-empty", "{\"weight_map\": {}}", .refused("bad-index")),
    index("map-is-a-list", "{\"weight_map\": [\"w\"]}", .refused("bad-index")),
    index("map-missing", "{}", .refused("bad-index")),
    index("shard-is-a-number", "{\"weight_map\": {\"w\": 1}}", .refused("bad-index")),
    index("shard-is-empty", "{\"weight_map\": {\"w\": \"\"}}", .refused("bad-index")),
    index("shard-is-hidden", "{\"weight_map\": {\"w\": \".env\"}}", .refused("bad-index")),
    index(
      "shard-is-the-index", "{\"weight_map\": {\"w\": \"model.safetensors.index.json\"}}",
      .refused("unsupported-format")),
    index(
      "shards-10^4",
      "{\"weight_map\": {\((0..<10_001).map { "\"\($0)\": \"\($0).safetensors\"" }.joined(separator: ","))}}",
      .refused("bad-index")),
    index(
      "values-10^6", "{\"x\": [\(String(repeating: "[],", count: 1_100_000))0]}",
      .refused("too-large")),
    index("is-a-page", "<!DOCTYPE html><html></html>", .refused("bad-json")),
    index("cut", "{\"weight_map\": {\"w\": ", .refused("bad-json")),
    index("is-empty", "", .refused("bad-json")),
    index(
      "is-a-link", "",
      more: [("model.safetensors.index.json", .link("/etc/passwd"))],
      .refused("not-a-regular-file")),
  ]
}
