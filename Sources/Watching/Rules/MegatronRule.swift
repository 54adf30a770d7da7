// Megatron-LM's `iter_<N>/`: a folder per model-parallel rank, or a distributed checkpoint; beside it
// `latest_checkpointed_iteration.txt`, which is written last (megatron/training/checkpointing.py).

enum MegatronRule: FolderRule {
  static func recognises(_ folder: FolderNames) -> Bool {
    guard folder.name == "release" || isIteration(folder.name) else { return false }
    return folder.folders.contains { $0.hasPrefix("mp_rank_") }
      || folder.hasFile("common.pt") || DistributedRule.recognises(folder)
  }

  static func isMember(_ name: String) -> Bool {
    DistributedRule.isMember(name) || name.hasPrefix("mp_rank_") && name.hasSuffix(".pt")
  }

  static func isPart(_ folder: String) -> Bool {
    folder.hasPrefix("mp_rank_") && !folder.contains("/")
  }

  static func check(_ folder: WatchedFolder, patience: Completeness.Patience) -> Completeness {
    let isDistributed = !folder.names.folders.contains { $0.hasPrefix("mp_rank_") }
    let files =
      isDistributed
      ? DistributedRule.check(folder, patience: patience) : folder.checkMembers(patience: patience)
    guard case .complete = files else { return files }
    let filled = Set(
      folder.members.compactMap { $0.name.split(separator: "/", maxSplits: 1).first })
    if let empty = folder.names.folders.first(where: {
      $0.hasPrefix("mp_rank_") && !filled.contains($0[...])
    }) {
      return .incomplete("\(empty) is empty")
    }
    if folder.names.name == "release" { return .complete }
    if let latest = folder.textBeside("latest_checkpointed_iteration.txt").flatMap(Int.init),
      let own = Int(folder.names.name.dropFirst(5)), own <= latest
    {
      return .complete
    }
    return .doubtful(
      "latest_checkpointed_iteration.txt does not name it, which is written last",
      patience: patience.trainerState)
  }

  private static func isIteration(_ name: String) -> Bool {
    name.hasPrefix("iter_") && Int(name.dropFirst(5)) != nil
  }
}
