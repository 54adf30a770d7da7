// `torch.save` archives of either layout, among them PyTorch Lightning's `.ckpt`.
internal import Diagnostics
internal import Tensors

enum PyTorchFile: CheckpointFormat {
  /// Also zip archives of others: what is none of torch's is refused by name.
  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(_, let head) = source else { return false }
    return TorchArchive.begins(head)
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, _) = source else { throw UnknownFormat.problem(source) }
    let archive = try TorchArchive.open(file, index: 0)
    let weights = try StateDict.find(in: archive)
    let isLightning = archive.root["pytorch-lightning_version"] != nil
    var checkpoint = Checkpoint(
      path: file.path,
      format: isLightning ? "lightning" : archive.zip == nil ? "pytorch-legacy" : "pytorch-zip",
      files: [Checkpoint.OpenFile(file: file, zip: archive.zip)], tensors: weights.tensors,
      stateDictPath: weights.path)
    checkpoint.findings = archive.findings + weights.findings
    checkpoint.writer = CheckpointWriter.name(of: archive.root)
    var facts = try TrainingFacts(of: archive, tensorsAreWeights: weights.isTopLevel)
    if isLightning { try Lightning.complete(&facts, archive) }
    let optimizer = try checkpoint.takeMoments(in: archive, order: Array(weights.tensors.indices))
    facts.complete(optimizer: optimizer, path: file.path)
    checkpoint.take(facts)
    return checkpoint
  }
}

extension Checkpoint {
  /// Reads the optimizer's state, if there is one, and matches its moments; what fails is a finding. Returns
  /// the state for what else it tells.
  mutating func takeMoments(
    in archive: TorchArchive, order: [Int]?
  ) throws(Problem) -> OptimizerState? {
    let optimizers = OptimizerState.all(in: archive.root)
    guard let value = optimizers.first else { return nil }
    guard optimizers.count == 1 else {
      findings.append(
        Finding(
          "no-moments", at: archive.file.path,
          "their moments are not used: there are \(optimizers.count) optimizers, which number their "
            + "parameters each by itself"))
      return nil
    }
    let (state, why) = try OptimizerState.read(value, in: archive)
    guard let state, why.isEmpty else {
      findings.append(Finding("no-moments", at: archive.file.path, "the optimizer: \(why)"))
      return state
    }
    takeMoments(state, order: order, at: archive.file.path)
    return state
  }

  /// Matches an optimizer's moments; what fails is a finding at `place`.
  mutating func takeMoments(_ state: OptimizerState, order: [Int]?, at place: String) {
    // Tied parameters are known by where they lie, which is noted after opening.
    var tensors = tensors
    Self.noteSharing(&tensors)
    let (moments, how) = Moments.match(state, to: tensors, order: order)
    self.moments = moments
    if moments == nil {
      findings.append(
        Finding("no-moments", at: place, "the optimizer's moments are not used: \(how)")
      )
    } else if how != "shapes", how != "names" {
      findings.append(
        Finding(
          "moments-order", at: place,
          "the optimizer's moments are matched to parameters by a rule: \(how)"))
    }
  }
}
