// Folders of Hugging Face's Trainer, of accelerate's `save_state`, of PEFT and of `save_pretrained`
// (reliability.md §2.3). The Trainer writes `trainer_state.json` last, accelerate the random states.

enum HuggingFaceRule: FolderRule {
  static func recognises(_ folder: FolderNames) -> Bool {
    // A finished run's own folder often holds a last model beside its `checkpoint-<n>` folders: it
    // stays a run, and the last model is a file in it.
    guard !folder.folders.contains(where: CheckpointNames.isTrainersFolder) else { return false }
    if CheckpointNames.isTrainersFolder(folder.name), folder.folders.contains(where: isPart) {
      return true
    }
    guard folder.files.contains(where: CheckpointNames.isFolderWeights) else { return false }
    return CheckpointNames.isNumberedFolder(folder.name) || folder.hasFile("trainer_state.json")
      || folder.hasFile("config.json") || folder.hasFile("adapter_config.json")
  }

  static func isMember(_ name: String) -> Bool {
    if let slash = name.firstIndex(of: "/") {
      let file = String(name[name.index(after: slash)...])
      return DistributedRule.isMember(file) || DeepSpeedRule.isMember(file)
    }
    return CheckpointNames.isFolderWeights(name)
      || [
        "optimizer.pt", "optimizer.bin", "trainer_state.json", "config.json",
        "adapter_config.json",
      ].contains(name)
  }

  /// What FSDP and DeepSpeed leave in it instead of whole weights.
  static func isPart(_ folder: String) -> Bool {
    ["pytorch_model_fsdp", "optimizer_", "global_step"].contains { folder.hasPrefix($0) }
      && !folder.contains("/")
  }

  static func canSpare(_ member: String) -> Bool { !CheckpointNames.isFolderWeights(member) }

  static func check(_ folder: WatchedFolder, patience: Completeness.Patience) -> Completeness {
    let names = folder.members.map(\.name)
    if let missing = missingShard(names) { return .incomplete(missing) }
    if let part = folder.names.folders.first(where: { $0.hasPrefix("pytorch_model_fsdp") }),
      !names.contains("\(part)/.metadata")
    {
      return .incomplete("\(part)/.metadata is not there yet, which is written last")
    }
    let files = folder.checkMembers(patience: patience)
    guard case .complete = files else { return files }
    if let newer = newerThanItsEnd(folder) {
      return .doubtful("overwrite in progress: \(newer)", patience: patience.order)
    }
    if names.contains("trainer_state.json") { return .complete }
    // accelerate writes these last, one per process.
    if folder.names.files.contains(where: { $0.hasPrefix("random_states_") }) { return .complete }
    return .doubtful("trainer_state.json is not there", patience: patience.trainerState)
  }

  /// A save over an old one leaves the old index and `trainer_state.json` beside new weights until it
  /// comes to them, which are written after the weights. Copies, and a few writers, have another
  /// order, so that it is only a doubt.
  private static func newerThanItsEnd(_ folder: WatchedFolder) -> String? {
    for last in folder.members
    where last.name.hasSuffix(".index.json") || last.name == "trainer_state.json" {
      let family = last.name == "trainer_state.json" ? "" : String(last.name.prefix { $0 != "." })
      let written = folder.members.filter { member in
        !member.name.contains("/") && !member.name.hasSuffix(".json")
          && member.name.hasPrefix(family)
      }
      if let newer = written.first(where: { $0.modifiedNanoseconds > last.modifiedNanoseconds }) {
        return "\(newer.name) is newer than \(last.name)"
      }
    }
    return nil
  }

  /// The numbered files must be as many as each of them says; an index promises at least one.
  private static func missingShard(_ names: [String]) -> String? {
    let shards = names.filter(CheckpointNames.isShard)
    if shards.isEmpty {
      let isWhole = names.contains { name in
        CheckpointNames.isFolderWeights(name) && !name.hasSuffix(".index.json")
      }
      if isWhole || names.contains(where: { $0.contains("/") }) { return nil }
      return "no weights beside the index"
    }
    var present: [Int: [String: Int]] = [:]
    for name in shards {
      guard let count = CheckpointNames.shardCount(name) else { continue }
      let family = String(name.prefix { $0 != "-" })
      present[count, default: [:]][family, default: 0] += 1
    }
    for (count, families) in present.sorted(by: { $0.key < $1.key }) {
      for (family, found) in families.sorted(by: { $0.key < $1.key }) where found < count {
        return "\(found) of \(count) files \(family)-… are there"
      }
    }
    return names.contains { $0.hasSuffix(".index.json") }
      ? nil : "no index beside the numbered files"
  }
}
