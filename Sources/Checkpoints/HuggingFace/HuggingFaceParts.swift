// What FSDP and DeepSpeed leave in a folder of the Trainer or of accelerate: `pytorch_model_fsdp_<i>/`
// and `optimizer_<i>/`, which are distributed checkpoints, or `global_step<n>/`.
internal import Diagnostics
internal import Tensors

enum HuggingFaceParts {
  static func isPresent(in names: Set<String>) -> Bool {
    names.contains("pytorch_model_fsdp_0") || deepSpeed(in: names) != nil
  }

  /// DeepSpeed's folder; the last where there are several.
  static func deepSpeed(in names: Set<String>) -> String? {
    names.filter { $0.hasPrefix("global_step") && Int($0.dropFirst(11)) != nil }
      .max { (Int($0.dropFirst(11)) ?? 0) < (Int($1.dropFirst(11)) ?? 0) }
  }

  /// Weights and moments from the parts, and the files that stand beside them.
  static func open(
    _ path: String, _ names: Set<String>, beside side: [InputFile], format: String
  ) throws(Problem) -> (Checkpoint, OptimizerState?) {
    let part =
      names.contains("pytorch_model_fsdp_0") ? "pytorch_model_fsdp_0" : deepSpeed(in: names)
    let source = CheckpointSource.folder(
      path: "\(path)/\(part ?? "")", names: try Folder.names(in: "\(path)/\(part ?? "")"))
    let inner =
      DistributedCheckpoint.recognises(source)
      ? try DistributedCheckpoint.open(source) : try DeepSpeed.open(source)
    let files = inner.files + side.map { Checkpoint.OpenFile(file: $0, zip: nil) }
    var optimizer: OptimizerState?
    var moments: DistributedFiles?
    let folder = "\(path)/optimizer_0"
    if inner.moments == nil, names.contains("optimizer_0") {
      let names = try Folder.names(in: folder)
      guard names.contains(".metadata") else {
        throw HuggingFaceTrainer.incomplete(folder, ".metadata")
      }
      let commit = try InputFile.open("\(folder)/.metadata")
      let metadata = try DistributedMetadata.read(commit, names: names)
      var opened = DistributedFiles(
        folder: folder, first: files + [Checkpoint.OpenFile(file: commit, zip: nil)])
      try opened.open(Set(metadata.entries.flatMap(\.chunks).map(\.span.file)))
      optimizer = try DistributedMoments.read(metadata.entries, in: &opened)
      moments = opened
    }
    var checkpoint = Checkpoint(
      path: path, format: format, files: moments?.files ?? files, tensors: inner.tensors,
      stateDictPath: inner.stateDictPath)
    checkpoint.writer = inner.writer
    checkpoint.findings = inner.findings.filter { optimizer == nil || $0.code != "no-moments" }
    checkpoint.doubts = inner.doubts
    checkpoint.moments = inner.moments
    if let optimizer {
      checkpoint.takeMoments(optimizer, order: Array(inner.tensors.indices), at: folder)
    }
    return (checkpoint, optimizer)
  }
}

extension Checkpoint {
  /// Moments from DeepSpeed's folder beside whole weights.
  mutating func takeDeepSpeedMoments(in folder: String) throws(Problem) -> OptimizerState? {
    let ranks = try DeepSpeedRanks.open(folder, try Folder.names(in: folder), first: files)
    let contents = try DeepSpeedContents(ranks, path: folder)
    files = ranks.files
    guard let optimizer = contents.optimizer else {
      findings.append(
        Finding("no-moments", at: folder, "there is no optimizer's second moment in it"))
      return nil
    }
    takeMoments(optimizer, order: Array(tensors.indices), at: folder)
    return optimizer
  }
}
