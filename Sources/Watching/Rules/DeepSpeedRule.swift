// DeepSpeed's `global_step<N>/`: a file per rank, and `latest` beside the folder, which names it last
// (deepspeed/runtime/engine.py). `latest` does not prove that every rank is done: the worker counts
// the ranks that the files name. Universal checkpoints have a folder per parameter in `zero/`.

enum DeepSpeedRule: FolderRule {
  static func recognises(_ folder: FolderNames) -> Bool {
    folder.files.contains(where: isRankFile)
      || folder.name.hasPrefix("global_step") && folder.folders.contains("zero")
  }

  static func isMember(_ name: String) -> Bool {
    isRankFile(name) || name.hasPrefix("zero/") && name.hasSuffix(".pt")
  }

  static func isPart(_ folder: String) -> Bool { folder == "zero" || folder.hasPrefix("zero/") }

  static func check(_ folder: WatchedFolder, patience: Completeness.Patience) -> Completeness {
    let names = folder.members.map(\.name)
    if let gap = missingRank(names) { return .incomplete(gap) }
    let files = folder.checkMembers(patience: patience)
    guard case .complete = files else { return files }
    for tracker in ["latest", "latest_universal"]
    where folder.textBeside(tracker) == folder.names.name {
      return .complete
    }
    return .doubtful(
      "latest does not name it, which is written last", patience: patience.trainerState)
  }

  /// `mp_rank_00_model_states.pt`, `bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt` …
  static func isRankFile(_ name: String) -> Bool {
    !name.contains("/")
      && (name.hasSuffix("_model_states.pt") || name.hasSuffix("_optim_states.pt"))
  }

  /// Ranks count up from 0; of each there is an optimizer's file when any has one.
  private static func missingRank(_ names: [String]) -> String? {
    guard names.contains(where: { $0.hasSuffix("_model_states.pt") }) else {
      return names.contains { $0.hasPrefix("zero/") } ? nil : "no model states are there"
    }
    let ranks = Set(
      names.compactMap { name -> Int? in
        guard let range = name.range(ofDigitsAfter: "zero_pp_rank_") else { return nil }
        return Int(name[range])
      })
    guard let last = ranks.max(), last < 1_000_000 else { return nil }
    for rank in 0...last where !ranks.contains(rank) {
      return "no file of data-parallel rank \(rank) is there"
    }
    return nil
  }
}

extension String {
  /// The digits that stand right behind a word.
  fileprivate func range(ofDigitsAfter word: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(word) {
        let from = index(start, offsetBy: word.count)
        let to = self[from...].firstIndex { !("0"..."9").contains($0) } ?? endIndex
        return from < to ? from..<to : nil
      }
      start = index(after: start)
    }
    return nil
  }
}
