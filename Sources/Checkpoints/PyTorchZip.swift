// `torch.save` archives, among them PyTorch Lightning's `.ckpt`.
internal import Diagnostics
internal import Tensors

enum PyTorchZip: CheckpointFormat {
  /// Zip archives, whoever wrote them: what is none of torch's is refused by name.
  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(_, let head) = source else { return false }
    return head.starts(with: [0x50, 0x4B, 0x03, 0x04])
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, _) = source else { throw UnknownFormat.problem(source) }
    let archive = try TorchArchive.open(file, index: 0)
    let weights = try StateDict.find(in: archive)
    let isLightning = archive.root["pytorch-lightning_version"] != nil
    var checkpoint = Checkpoint(
      path: file.path, format: isLightning ? "lightning" : "pytorch-zip",
      files: [Checkpoint.OpenFile(file: file, zip: archive.zip)], tensors: weights.tensors,
      stateDictPath: weights.path)
    checkpoint.findings = archive.findings + weights.findings
    var facts = try TrainingFacts(of: archive, tensorsAreWeights: weights.path.isEmpty)
    if isLightning { try Lightning.complete(&facts, archive) }
    var optimizer: OptimizerState?
    if let value = OptimizerState.find(in: archive.root) {
      optimizer = try checkpoint.takeMoments(
        value, in: archive, order: Array(weights.tensors.indices))
    }
    facts.complete(optimizer: optimizer, path: file.path)
    checkpoint.take(facts)
    return checkpoint
  }
}

extension Checkpoint {
  /// Reads an optimizer's state and matches its moments; what fails is a finding. Returns the state
  /// for what else it tells.
  mutating func takeMoments(
    _ value: PickleValue, in archive: TorchArchive, order: [Int]?
  ) throws(Problem) -> OptimizerState? {
    let (state, why) = try OptimizerState.read(value, in: archive)
    guard let state, why.isEmpty else {
      findings.append(Finding("no-moments", at: archive.file.path, "the optimizer: \(why)"))
      return state
    }
    // Tied parameters are known by where they lie, which is noted after opening.
    var tensors = tensors
    Self.noteSharing(&tensors)
    let (moments, how) = Moments.match(state, to: tensors, order: order)
    self.moments = moments
    if moments == nil {
      findings.append(
        Finding("no-moments", at: archive.file.path, "the optimizer's moments are not used: \(how)")
      )
    } else if how != "shapes", how != "names" {
      findings.append(
        Finding(
          "moments-order", at: archive.file.path,
          "the optimizer's moments are matched to parameters by a rule: \(how)"))
    }
    return state
  }
}
