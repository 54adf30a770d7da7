// DeepSpeed's folders whose processes do not fit together (deepspeed/utils/zero_to_fp32.py, which trusts
// the shapes and counts that one of the files states).

/// One model file and the optimizer files of its processes.
private struct DeepSpeedFolder {
  var stage: Int64 = 1
  var processes = 1
  var partitions: Int64?
  var shape: [Int64] = [4]
  var module = Pickle.dictionary([("w", Pickle.tensor(shape: [4], strides: [1]))])
  var more: [(String, [UInt8])] = []

  static func list(_ values: [[UInt8]]) -> [UInt8] {
    Pickle.code("](") + values.flatMap { $0 } + Pickle.code("e")
  }

  private var model: [UInt8] {
    let shapes = Pickle.dictionary([("w", Pickle.tuple(of: shape.map(Pickle.int)))])
    return Zip.torch(
      Pickle.whole(
        Pickle.dictionary([("module", module), ("param_shapes", Self.list([shapes]))] + more))
    ).encoded
  }

  private var optimizer: [UInt8] {
    let vectors = Self.list([Pickle.tensor(shape: [4], strides: [1])])
    let key = stage == 3 ? "fp32_flat_groups" : "single_partition_of_fp32_groups"
    let state = Pickle.dictionary([
      ("zero_stage", Pickle.int(stage)),
      ("partition_count", Pickle.int(partitions ?? Int64(processes))), (key, vectors),
    ])
    return Zip.torch(Pickle.whole(Pickle.dictionary([("optimizer_state_dict", state)]))).encoded
  }

  func files() -> [(path: String, content: HostileInput.Content)] {
    let models =
      stage == 3
      ? (0..<processes).map { "zero_pp_rank_\($0)_mp_rank_00_model_states.pt" }
      : ["mp_rank_00_model_states.pt"]
    let optimizers = (0..<processes).map { "zero_pp_rank_\($0)_mp_rank_00_optim_states.pt" }
    return models.map { ($0, .bytes(model)) } + optimizers.map { ($0, .bytes(optimizer)) }
  }
}

extension HostileInput {
  private static func deepSpeed(
    _ name: String, _ outcome: Outcome = .refused("bad-deepspeed"),
    more: [(path: String, content: Content)] = [], without: String? = nil,
    _ change: (inout DeepSpeedFolder) -> Void = { _ in }
  ) -> HostileInput {
    var folder = DeepSpeedFolder()
    change(&folder)
    let files = folder.files().filter { file in !more.contains { $0.path == file.path } } + more
    return HostileInput(
      "deepspeed-\(name)",
      files: files.filter { $0.path != without }.map { ("global_step7/\($0.path)", $0.content) },
      checkpoint: "global_step7", outcome)
  }

  static let deepSpeedInputs: [HostileInput] = [
    deepSpeed("good", .read(finding: "master-weights")),
    deepSpeed("process-missing", .notYet("incomplete-deepspeed")) { $0.partitions = 2 },
    deepSpeed("partitions-2^62", .notYet("incomplete-deepspeed")) { $0.partitions = 1 << 62 },
    deepSpeed("shape-longer") { $0.shape = [5] },
    deepSpeed("shape-negative") { $0.shape = [-4] },
    deepSpeed("shape-2^63-1") { $0.shape = [.max] },
    // Rounded up to whole parts for two processes, it is no number.
    deepSpeed("shape-2^63-1-cut") {
      $0.stage = 3
      $0.processes = 2
      $0.shape = [.max]
    },
    deepSpeed("stage-3-in-one-file", .notYet("incomplete-deepspeed"), without: "none") {
      $0.stage = 3
      $0.processes = 2
      $0.partitions = 3
    },
    deepSpeed(
      "no-model", .notYet("incomplete-deepspeed"), without: "mp_rank_00_model_states.pt"),
    deepSpeed(
      "model-parallel", .refused("unsupported-model-parallel"),
      more: [("mp_rank_01_model_states.pt", .bytes([1]))]),
    deepSpeed(
      "model-is-a-link", .refused("not-a-regular-file"),
      more: [("mp_rank_00_model_states.pt", .link("/etc/passwd"))]),
    deepSpeed(
      "model-is-empty", .notYet("incomplete-zip"),
      more: [("mp_rank_00_model_states.pt", .bytes([0x50, 0x4B, 3, 4]))]),
    deepSpeed("calls", .read(finding: "foreign-global")) {
      $0.more = [
        (
          "args",
          Pickle.call(Pickle.global("posix", "system"), Pickle.tuple(Pickle.text("id")))
        )
      ]
    },
    HostileInput(
      "deepspeed-universal-leads-out",
      files: [
        (
          "global_step7/mp_rank_00_model_states.pt",
          .bytes(
            Zip.torch(Pickle.whole(Pickle.dictionary([("module", Pickle.code("}"))]))).encoded)
        ), ("global_step7/zero/w/fp32.pt", .link("/etc/passwd")),
      ], checkpoint: "global_step7", .refused("not-a-regular-file")),
  ]
}
