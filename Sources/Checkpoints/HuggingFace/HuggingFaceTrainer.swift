// A folder of Hugging Face's Trainer: `checkpoint-<step>/` with model.safetensors (or shards, or
// pytorch_model.bin), optimizer.pt, config.json, and trainer_state.json, which is written last. A
// folder of `save_pretrained` has the model and its config only.
internal import Diagnostics
internal import Tensors

enum HuggingFaceTrainer: CheckpointFormat {
  private static let weightFiles = [
    "model.safetensors", "pytorch_model.bin", "model.safetensors.index.json",
    "pytorch_model.bin.index.json", "adapter_model.safetensors", "adapter_model.bin",
  ]
  private static let largestDocument = 64 << 20
  /// The format of a folder that only holds a model.
  static let bareFormat = "huggingface-model"

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .folder(_, let names) = source else { return false }
    return names.contains("trainer_state.json") || HuggingFaceParts.isPresent(in: names)
      || weightFiles.contains(where: names.contains)
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .folder(let path, let names) = source else { throw UnknownFormat.problem(source) }
    // accelerate's `save_state` ends with the random states of its processes.
    let isAccelerate = names.contains { $0.hasPrefix("random_states_") }
    let isBare = !names.contains("trainer_state.json") && !isAccelerate
    // The trainer writes these between the model and its state.
    let middle = ["optimizer.", "scheduler.", "scaler.", "rng_state"]
    if isBare, names.contains(where: { name in middle.contains { name.hasPrefix($0) } }) {
      throw incomplete(path, "trainer_state.json")
    }
    guard let weights = weightFiles.first(where: names.contains) else {
      if HuggingFaceParts.isPresent(in: names) {
        return try openParts(path, names, isBare: isBare, isAccelerate: isAccelerate)
      }
      throw incomplete(path, "model.safetensors or pytorch_model.bin")
    }
    // All are opened before any is read: a rotating trainer deletes the folder file by file.
    let stateFile = try open("trainer_state.json", in: path, names)
    let optimizerName = ["optimizer.pt", "optimizer.bin"].first(where: names.contains)
    let optimizerFile = try optimizerName.map { name throws(Problem) in
      try InputFile.open("\(path)/\(name)")
    }
    let configFile = try open("config.json", in: path, names)
    let argumentsFile = try open("training_args.bin", in: path, names)
    let adapterFile = try open("adapter_config.json", in: path, names)
    var model = try ShardedWeights.open(weights, in: path, names)
    let state = try document(stateFile)
    for file in [stateFile, configFile, argumentsFile, adapterFile] {
      if let file { model.files.append(Checkpoint.OpenFile(file: file, zip: nil)) }
    }
    var optimizerArchive: TorchArchive?
    if let optimizerFile {
      let archive = try TorchArchive.open(optimizerFile, index: model.files.count)
      model.files.append(Checkpoint.OpenFile(file: optimizerFile, zip: archive.zip))
      optimizerArchive = archive
    }
    var checkpoint = Checkpoint(
      path: path, format: format(isBare: isBare, isAccelerate: isAccelerate), files: model.files,
      tensors: model.tensors,
      stateDictPath: model.stateDictPath)
    checkpoint.findings = model.findings
    let order = try model.order(config: configFile)
    if !model.keepsOrder { (checkpoint.sortsNames, checkpoint.architectureOrder) = (true, order) }
    if isBare { checkpoint.doubts.append(incomplete(path, "trainer_state.json")) }
    var facts = facts(of: state)
    var optimizer: OptimizerState?
    if let archive = optimizerArchive {
      checkpoint.findings += archive.findings
      optimizer = try checkpoint.takeMoments(in: archive, order: order)
    } else if let step = HuggingFaceParts.deepSpeed(in: names) {
      optimizer = try checkpoint.takeDeepSpeedMoments(in: "\(path)/\(step)")
    } else {
      let what = isBare ? "no trainer_state.json and no optimizer.pt" : "no optimizer.pt"
      checkpoint.findings.append(
        Finding("no-moments", at: path, "there is \(what) beside the weights"))
    }
    checkpoint.findings += readArguments(argumentsFile, names, &facts)
    facts.complete(optimizer: optimizer, path: path)
    if let rate = optimizer?.learningRate { facts.learningRate = rate }
    checkpoint.take(facts)
    if isAccelerate { checkpoint.writer = "accelerate" }
    if let version = try document(configFile)["transformers_version"]?.text {
      checkpoint.writer = "transformers \(version)"
    }
    if let adapter = Adapter(try document(adapterFile)) {
      if isBare { checkpoint.format = "peft" }
      checkpoint.writer = adapter.writer
      let (products, findings) = adapter.products(of: checkpoint.tensors)
      checkpoint.tensors += products
      checkpoint.findings += findings
    }
    return checkpoint
  }

  private static func format(isBare: Bool, isAccelerate: Bool) -> String {
    isBare ? bareFormat : isAccelerate ? "accelerate" : "huggingface-trainer"
  }

  /// The parsed file; null without one.
  private static func document(_ file: InputFile?) throws(Problem) -> JSONValue {
    guard let file else { return .null }
    return try JSONValue.parse(
      try file.wholeFile(limit: largestDocument), path: file.path, keepingLast: 4_096)
  }

  /// A folder whose weights lie in what FSDP or DeepSpeed left in it.
  private static func openParts(
    _ path: String, _ names: Set<String>, isBare: Bool, isAccelerate: Bool
  ) throws(Problem) -> Checkpoint {
    let stateFile = try open("trainer_state.json", in: path, names)
    let argumentsFile = try open("training_args.bin", in: path, names)
    let side = [stateFile, argumentsFile].compactMap { $0 }
    var (checkpoint, optimizer) = try HuggingFaceParts.open(
      path, names, beside: side, format: format(isBare: isBare, isAccelerate: isAccelerate))
    if isBare { checkpoint.doubts.append(incomplete(path, "trainer_state.json")) }
    var facts = facts(of: try document(stateFile))
    checkpoint.findings += readArguments(argumentsFile, names, &facts)
    facts.complete(optimizer: optimizer, path: path)
    if let rate = optimizer?.learningRate { facts.learningRate = rate }
    checkpoint.take(facts)
    return checkpoint
  }

  static func incomplete(_ path: String, _ name: String) -> Problem {
    Problem(
      "incomplete-folder", at: path, "\(name) is missing",
      remedy: "wait until its writer has finished", kind: .tryAgain)
  }

  private static func open(
    _ name: String, in path: String, _ names: Set<String>
  ) throws(Problem) -> InputFile? {
    names.contains(name) ? try InputFile.open("\(path)/\(name)") : nil
  }

  /// Counters, and the latest of each number in the log.
  private static func facts(of state: JSONValue) -> TrainingFacts {
    var facts = TrainingFacts()
    if let step = state["global_step"]?.int, step >= 0 {
      (facts.step, facts.stepSource) = (step, "trainer_state.json")
    }
    facts.epoch = state["epoch"]?.double
    facts.batchSize = state["train_batch_size"]?.int
    for entry in state["log_history"]?.elements ?? [] {
      // A resumed run may keep entries of a future that was given up.
      if let step = entry["step"]?.int, let last = facts.step, step > last { continue }
      for (key, value) in entry.members {
        guard let number = value.double, key != "step", key != "epoch" else { continue }
        if key == "learning_rate" {
          facts.learningRate = number
        } else {
          facts.metrics[key] = number
        }
      }
    }
    return facts
  }

  /// Accumulation and clipping from the pickled arguments, read as data; the batch of all processes,
  /// which are counted by their random states.
  private static func readArguments(
    _ file: InputFile?, _ names: Set<String>, _ facts: inout TrainingFacts
  ) -> [Finding] {
    guard let file else { return [] }
    do throws(Problem) {
      let arguments = try TorchArchive.open(file, index: 0).root.state
      let accumulation = max(arguments?["gradient_accumulation_steps"]?.int ?? 1, 1)
      let processes = max(names.count { $0.hasPrefix("rng_state_") && $0.hasSuffix(".pth") }, 1)
      if let size = facts.batchSize {
        let (product, overflow) = size.multipliedReportingOverflow(by: accumulation)
        let (all, tooMany) = product.multipliedReportingOverflow(by: processes)
        facts.batchSize = overflow || tooMany || all <= 0 ? nil : all
      }
      if let norm = arguments?["max_grad_norm"]?.double, norm >= 0 { facts.gradientClipping = norm }
      return []
    } catch {
      return [Finding(error)]
    }
  }
}
