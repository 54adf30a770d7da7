// Folders whose index leads elsewhere, and things that are no regular files.

extension HostileInput {
  private static let weights = safetensors(
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", data: 16)
  private static let state = Content.bytes(Array("{\"global_step\": 7}".utf8))

  private static func folder(
    _ name: String, _ files: [(String, Content)], _ outcome: Outcome
  ) -> HostileInput {
    HostileInput(
      "folder-\(name)", files: files.map { ("checkpoint-7/\($0.0)", $0.1) },
      checkpoint: "checkpoint-7", outcome)
  }

  private static func sharded(
    _ name: String, _ shard: String, _ outcome: Outcome
  ) -> HostileInput {
    folder(
      name,
      [
        (
          "model.safetensors.index.json",
          .bytes(Array("{\"weight_map\": {\"w\": \"\(shard)\"}}".utf8))
        ),
        ("model-00001-of-00001.safetensors", .bytes(weights)), ("trainer_state.json", state),
      ], outcome)
  }

  private static let adapterHeader =
    "{\"q.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[1,1048576],\"data_offsets\":"
    + "[0,4194304]},\"q.lora_B.weight\":{\"dtype\":\"F32\",\"shape\":[1048576,1],"
    + "\"data_offsets\":[4194304,8388608]}}"

  static let folderInputs: [HostileInput] = [
    sharded("shard-leads-out", "../../../etc/passwd", .refused("bad-index")),
    sharded("shard-absolute", "/etc/passwd", .refused("bad-index")),
    sharded("shard-is-parent", "..", .refused("bad-index")),
    sharded("shard-missing", "model-00002-of-00001.safetensors", .notYet("incomplete-shards")),
    sharded("shard-with-nul", "model\\u0000.safetensors", .refused("bad-index")),
    folder(
      "shard-is-a-link",
      [
        (
          "model.safetensors.index.json",
          .bytes(Array("{\"weight_map\": {\"w\": \"model-00001-of-00001.safetensors\"}}".utf8))
        ),
        ("model-00001-of-00001.safetensors", .link("/etc/passwd")), ("trainer_state.json", state),
      ], .refused("not-a-regular-file")),
    folder(
      "index-nested-10^5",
      [
        (
          "model.safetensors.index.json",
          .bytes([UInt8](repeating: UInt8(ascii: "["), count: 100_000))
        ), ("trainer_state.json", state),
      ], .refused("bad-json")),
    folder(
      "state-nested-10^5",
      [
        ("model.safetensors", .bytes(weights)),
        (
          "trainer_state.json",
          .bytes(
            Array("{\"log_history\":".utf8) + [UInt8](repeating: UInt8(ascii: "["), count: 100_000))
        ),
      ], .refused("bad-json")),
    folder(
      "step-1e400",
      [
        ("model.safetensors", .bytes(weights)),
        ("trainer_state.json", .bytes(Array("{\"global_step\": 1e400}".utf8))),
      ], .read(finding: nil)),
    folder(
      "weights-are-a-fifo", [("model.safetensors", .fifo), ("trainer_state.json", state)],
      .refused("not-a-regular-file")),
    folder(
      "weights-are-a-folder", [("model.safetensors", .folder), ("trainer_state.json", state)],
      .refused("not-a-regular-file")),
    // Two vectors of 4 MiB that ask for a matrix of 4 TiB.
    HostileInput(
      "adapter-product-2^40",
      files: [
        (
          "checkpoint-7/adapter_model.safetensors",
          .sparse(
            safetensors(
              adapterHeader), size: 8_388_608 + 8 + adapterHeader.utf8.count)
        ),
        (
          "checkpoint-7/adapter_config.json",
          .bytes(Array("{\"peft_type\":\"LORA\",\"lora_alpha\":1}".utf8))
        ),
      ], checkpoint: "checkpoint-7", .read(finding: "large-product")),
    HostileInput(
      "probe-settings-are-a-link", files: [("probe/probe.yaml", .link("/etc/passwd"))],
      checkpoint: "probe", isProbe: true, .refused("symbolic-link")),
    HostileInput(
      "file-is-a-fifo", files: [("step_1.pt", .fifo)], checkpoint: "step_1.pt",
      .refused("not-a-regular-file")),
    HostileInput(
      "file-is-a-link", files: [("step_1.pt", .link("/etc/passwd"))], checkpoint: "step_1.pt",
      .refused("not-a-regular-file")),
    HostileInput(
      "file-is-a-link-to-itself", files: [("step_1.pt", .link("step_1.pt"))],
      checkpoint: "step_1.pt", .refused("not-a-regular-file")),
    HostileInput(
      "folder-empty", files: [("checkpoint-7", .folder)], checkpoint: "checkpoint-7",
      .refused("unsupported-folder")),
  ]
}
