// The files of DeepSpeed's processes and what they hold (deepspeed/runtime/engine.py,
// deepspeed/utils/zero_to_fp32.py for how they fit together).
internal import Diagnostics
internal import Tensors

struct DeepSpeedRanks {
  /// Of one model-parallel rank: ZeRO 1 and 2 have one, ZeRO 3 one per process.
  var models: [TorchArchive] = []
  /// One per process; empty without ZeRO.
  var optimizers: [TorchArchive] = []
  /// One per expert of every layer that has some: `layer_0_expert_3_mp_rank_00_model_states.pt`.
  var experts: [TorchArchive] = []
  private(set) var files: [Checkpoint.OpenFile] = []
  private let path: String

  /// Opens all files of model-parallel rank 0. Errors: `incomplete-deepspeed` (try again),
  /// `unsupported-model-parallel`, those of archives.
  static func open(
    _ path: String, _ names: Set<String>, first: [Checkpoint.OpenFile] = []
  ) throws(Problem) -> DeepSpeedRanks {
    var ranks = DeepSpeedRanks(files: first, path: path)
    let known = names.filter {
      $0.hasSuffix("_model_states.pt") || $0.hasSuffix("_optim_states.pt")
    }
    if let other = known.sorted().first(where: { modelRank($0).map { $0 > 0 } ?? true }) {
      throw Problem(
        "unsupported-model-parallel", at: path,
        "\(other) belongs to a model that is cut among processes by tensors or layers",
        remedy: "gather it with DeepSpeed's ds_to_universal or zero_to_fp32")
    }
    // The experts' own optimizer states are not put together.
    let sorted = known.filter { !$0.hasPrefix("expp_rank_") }
      .sorted { (dataRank($0) ?? 0, $0) < (dataRank($1) ?? 0, $1) }
    // All are opened before any is read.
    let opened = try sorted.map { name throws(Problem) in
      (name: name, file: try InputFile.open("\(path)/\(name)"))
    }
    for (name, file) in opened {
      let archive = try TorchArchive.open(file, index: ranks.files.count)
      ranks.files.append(Checkpoint.OpenFile(file: file, zip: archive.zip))
      if name.hasPrefix("layer_") {
        ranks.experts.append(archive)
      } else if name.hasSuffix("_model_states.pt") {
        ranks.models.append(archive)
      } else {
        ranks.optimizers.append(archive)
      }
    }
    guard !ranks.models.isEmpty else {
      throw ranks.incomplete("mp_rank_00_model_states.pt is missing")
    }
    try ranks.checkCount()
    return ranks
  }

  private init(files: [Checkpoint.OpenFile], path: String) {
    self.files = files
    self.path = path
  }

  func incomplete(_ what: String) -> Problem {
    Problem(
      "incomplete-deepspeed", at: path, what,
      remedy: "wait until every process has written its file", kind: .tryAgain)
  }

  /// `zero_pp_rank_<d>_mp_rank_<m>_…`: d, absent in the model's own file.
  private static func dataRank(_ name: String) -> Int? { number(behind: "pp_rank_", in: name) }
  /// m; nil for a file of one layer of a pipeline.
  private static func modelRank(_ name: String) -> Int? { number(behind: "mp_rank_", in: name) }

  private static func number(behind word: String, in name: String) -> Int? {
    let (name, word) = (Array(name.utf8), Array(word.utf8))
    guard name.count > word.count else { return nil }
    for start in 0..<(name.count - word.count) where name[start...].starts(with: word) {
      let digits = name[(start + word.count)...].prefix { $0 >= 0x30 && $0 <= 0x39 }
      return Int(String(decoding: digits, as: UTF8.self))
    }
    return nil
  }

  /// 0 without ZeRO.
  var stage: Int {
    guard let value = optimizers.first?.root.at("optimizer_state_dict", "zero_stage") else {
      return 0
    }
    return value.int ?? value.call?.arguments.first?.int ?? 0
  }

  /// The files must be as many as each of them says that processes share the state.
  private func checkCount() throws(Problem) {
    for archive in optimizers {
      guard let count = archive.root.at("optimizer_state_dict", "partition_count") else { continue }
      let all = count.int ?? count.elements?.compactMap(\.int).max() ?? optimizers.count
      guard all == optimizers.count else {
        throw incomplete("\(optimizers.count) of \(all) files of optimizer states are there")
      }
    }
    let counts = models.first?.root["num_experts"]?.elements?.compactMap(\.int) ?? []
    let (wanted, overflow) = counts.reduce((0, false)) { sum, count in
      let (next, overflow) = sum.0.addingReportingOverflow(count)
      return (next, sum.1 || overflow)
    }
    guard experts.isEmpty || overflow || experts.count >= wanted else {
      throw incomplete("\(experts.count) of \(wanted) files of experts are there")
    }
    guard stage != 3 || models.count == optimizers.count else {
      throw incomplete("\(models.count) of \(optimizers.count) files of model states are there")
    }
  }
}
