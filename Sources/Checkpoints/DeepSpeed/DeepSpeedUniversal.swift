// DeepSpeed's universal checkpoints (deepspeed/checkpoint/ds_to_universal.py): a folder per parameter
// in `zero/`, with `fp32.pt`, `exp_avg.pt`, `exp_avg_sq.pt` and `step.pt`.
internal import Diagnostics
internal import Tensors

enum DeepSpeedUniversal: CheckpointFormat {
  private static let mostParameters = 100_000

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .folder(_, let names) = source else { return false }
    return names.contains("zero") && names.contains { $0.hasSuffix("_model_states.pt") }
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .folder(let path, let names) = source else { throw UnknownFormat.problem(source) }
    let ranks = try DeepSpeedRanks.open(path, names.filter { $0.hasSuffix("_model_states.pt") })
    var reader = Reader(path: path, files: ranks.files)
    let module = ranks.models[0].root["module"]?.entries?.compactMap(\.key.text) ?? []
    let parameters = try Folder.names(in: "\(path)/zero")
    guard parameters.count <= mostParameters else {
      throw Problem(
        "too-many-tensors", at: path, "\(parameters.count) parameters",
        remedy: "at most \(mostParameters) are read")
    }
    let order = module.filter(parameters.contains)
    let rest = parameters.subtracting(order).filter { $0 != "optimizer_state.pt" }.sorted()
    var tensors: [StoredTensor] = []
    for name in order + rest {
      if let tensor = try reader.tensor(name, "fp32", name: name) { tensors.append(tensor) }
    }
    guard !tensors.isEmpty else { throw ranks.incomplete("no parameter in zero has its fp32.pt") }
    var optimizer = OptimizerState()
    var ids: [String] = []
    for name in order + rest {
      guard let second = try reader.tensor(name, "exp_avg_sq", name: "\(name).exp_avg_sq") else {
        continue
      }
      ids.append(name)
      optimizer.parameters[name] = OptimizerState.Parameter(
        first: try reader.tensor(name, "exp_avg", name: "\(name).exp_avg"), second: second)
      if optimizer.step == nil { optimizer.step = try reader.step(name) }
    }
    let betas = ranks.models[0].root["ds_config"]?.at("optimizer", "params", "betas")?.elements
    optimizer.groups = [
      OptimizerState.Group(
        ids: ids, names: nil, weightDecay: nil, betas: betas?.compactMap(\.double) ?? [])
    ]
    var checkpoint = Checkpoint(
      path: path, format: "deepspeed-universal", files: reader.files, tensors: tensors,
      stateDictPath: "zero")
    checkpoint.writer = CheckpointWriter.name(of: ranks.models[0].root) ?? "deepspeed"
    if ids.isEmpty {
      checkpoint.findings.append(
        Finding("no-moments", at: path, "no parameter has its exp_avg_sq.pt"))
    } else {
      checkpoint.takeMoments(optimizer, order: Array(tensors.indices), at: path)
    }
    var facts = try DeepSpeed.facts(of: ranks)
    facts.complete(optimizer: optimizer, path: path)
    checkpoint.take(facts)
    return checkpoint
  }

  private struct Reader {
    let path: String
    var files: [Checkpoint.OpenFile]

    /// What `zero/<parameter>/<kind>.pt` holds: a tensor, or one under `param`; nil without the file.
    mutating func tensor(
      _ parameter: String, _ kind: String, name: String
    ) throws(Problem) -> StoredTensor? {
      guard let archive = try archive(parameter, kind) else { return nil }
      let value = archive.root["param"] ?? archive.root
      guard case .tensor(let tensor) = try archive.tensor(value, name: name) else { return nil }
      files.append(Checkpoint.OpenFile(file: archive.file, zip: archive.zip))
      return tensor
    }

    func step(_ parameter: String) throws(Problem) -> Int? {
      guard let archive = try archive(parameter, "step") else { return nil }
      return try archive.count(archive.root)
    }

    private func archive(
      _ parameter: String, _ kind: String
    ) throws(Problem) -> TorchArchive? {
      let file: InputFile
      do throws(Problem) {
        file = try InputFile.open("\(path)/zero/\(parameter)/\(kind).pt")
      } catch {
        if error.code == "not-found" { return nil }
        throw error
      }
      return try TorchArchive.open(file, index: files.count)
    }
  }
}
