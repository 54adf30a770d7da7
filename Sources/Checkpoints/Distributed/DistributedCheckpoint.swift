// Folders of torch.distributed.checkpoint: FSDP, torchtitan (`step-<n>/`), Composer, Lightning's
// sharded checkpoints (with `meta.pt`), Megatron-LM's torch_dist (with `common.pt`).
internal import Diagnostics
internal import Tensors

enum DistributedCheckpoint: CheckpointFormat {
  static let format = "torch-distributed"

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .folder(_, let names) = source else { return false }
    return names.contains { $0.hasSuffix(".distcp") }
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .folder(let path, let names) = source else { throw UnknownFormat.problem(source) }
    guard names.contains(".metadata") else {
      throw Problem(
        "incomplete-distributed", at: path, ".metadata is missing, which is written last",
        remedy: "wait until its writer has finished", kind: .tryAgain)
    }
    let commit = try InputFile.open("\(path)/.metadata")
    let metadata = try DistributedMetadata.read(commit, names: names)
    var opened = [Checkpoint.OpenFile(file: commit, zip: nil)]
    var side: TorchArchive?
    for name in ["meta.pt", "common.pt"] where names.contains(name) && side == nil {
      let archive = try TorchArchive.open(try InputFile.open("\(path)/\(name)"), index: 1)
      opened.append(Checkpoint.OpenFile(file: archive.file, zip: archive.zip))
      side = archive
    }
    var files = DistributedFiles(folder: path, first: opened)
    let spans = metadata.entries.flatMap(\.chunks).map(\.span.file)
    try files.open(Set(spans))
    let (ofOptimizer, entries) = DistributedMoments.divide(metadata.entries)
    let (chosen, others) = try weights(entries, at: path)
    var tensors: [StoredTensor] = []
    var findings = StateDictPath.findings(chosen: [chosen.path], others: others, at: path)
    for entry in chosen.entries {
      let name = entry.path.dropFirst(chosen.path.count).joined(separator: ".")
      let (tensor, why) = try files.tensor(entry, name: name)
      if let tensor {
        tensors.append(tensor)
      } else {
        findings.append(Finding("unsupported-dtype", at: name, "\(why); the other tensors are"))
      }
    }
    guard !tensors.isEmpty else { throw StateDict.unreadable(commit, findings) }
    var checkpoint = Checkpoint(
      path: path, format: format, files: files.files, tensors: tensors,
      stateDictPath: chosen.path.joined(separator: "."))
    checkpoint.findings = findings
    checkpoint.doubts += doubts(files.files, commit)
    let optimizer = try DistributedMoments.read(ofOptimizer, in: &files)
    checkpoint.files = files.files
    if let optimizer {
      checkpoint.takeMoments(optimizer, order: Array(tensors.indices), at: path)
    } else {
      checkpoint.findings.append(
        Finding("no-moments", at: path, "there is no optimizer's second moment beside the weights"))
    }
    var facts = try facts(entries, files)
    if let side {
      let more = try TrainingFacts(of: side, tensorsAreWeights: false)
      if let step = more.step { (facts.step, facts.stepSource) = (step, more.stepSource) }
      facts.epoch = more.epoch ?? facts.epoch
      facts.metrics = more.metrics
      if side.root["pytorch-lightning_version"] != nil { try Lightning.complete(&facts, side) }
      checkpoint.writer = CheckpointWriter.name(of: side.root)
    }
    // torch's get_state_dict lets an optimizer make an empty step where it has made none: its own count is then
    // one too many.
    if facts.step == nil, let step = StepName.read(path).step {
      (facts.step, facts.stepSource) = (step, "folder name")
    }
    facts.complete(optimizer: optimizer, path: path)
    checkpoint.take(facts)
    return checkpoint
  }

  private typealias Group = (path: [String], entries: [DistributedMetadata.Entry])

  /// Tensors by the keys above their last; the dictionary that holds the weights, and the others.
  private static func weights(
    _ entries: [DistributedMetadata.Entry], at path: String
  ) throws(Problem) -> (chosen: Group, others: [[String]]) {
    var order: [[String]] = []
    var groups: [[String]: [DistributedMetadata.Entry]] = [:]
    for entry in entries where entry.shape != nil {
      let isOther = entry.path.dropLast().contains { !StateDictPath.mayLead($0) }
      let firstWord = entry.path[0].prefix { $0 != "." }
      if isOther || !StateDictPath.mayLead(String(firstWord)) { continue }
      let above = Array(entry.path.dropLast())
      if groups[above] == nil { order.append(above) }
      groups[above, default: []].append(entry)
    }
    let sorted = order.sorted { a, b in
      StateDictPath.precedes((a, groups[a]?.count ?? 0), (b, groups[b]?.count ?? 0))
    }
    guard let chosen = sorted.first, let entries = groups[chosen] else {
      throw Problem(
        "no-state-dict", at: path, "it holds no tensors but an optimizer's",
        remedy: "save the model's state dictionary too")
    }
    return ((chosen, entries), Array(sorted.dropFirst()))
  }

  /// Data files younger than what commits them belong to a save that is not over, or to a copy.
  private static func doubts(
    _ files: [Checkpoint.OpenFile], _ commit: InputFile
  ) -> [Problem] {
    let newer = files.first {
      $0.file.path.hasSuffix(".distcp")
        && commit.identity.modified.lexicographicallyPrecedes($0.file.identity.modified)
    }
    guard let newer else { return [] }
    return [
      Problem(
        "stale-metadata", at: newer.file.path,
        "it is newer than .metadata: a save over an older one is not over, or this is a copy",
        remedy: "wait until its writer has finished", kind: .tryAgain)
    ]
  }

  /// Counters among what is neither weight nor optimizer: `step`, `train_state.step`, `epoch` …
  private static func facts(
    _ entries: [DistributedMetadata.Entry], _ files: DistributedFiles
  ) throws(Problem) -> TrainingFacts {
    var facts = TrainingFacts()
    for entry in entries where entry.path.count <= 3 {
      guard entry.shape?.count ?? 1 == 1,
        let leaf = entry.name.split(separator: ".").last.map(String.init),
        TrainingFacts.isCounter(leaf) || ["train_state", "trainer_state"].contains(leaf),
        let archive = try files.object(entry)
      else { continue }
      try facts.note(leaf, archive.root, archive)
      for (key, value) in archive.root.entries ?? [] {
        if let key = key.text { try facts.note(key, value, archive) }
      }
    }
    return facts
  }
}
