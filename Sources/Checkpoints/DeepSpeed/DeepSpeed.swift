// DeepSpeed's `global_step<n>/`: the float32 master weights and moments of ZeRO 1, 2 and 3, put
// together from the processes' flat vectors as deepspeed/utils/zero_to_fp32.py does; without ZeRO the
// module's own state.
internal import Diagnostics
internal import Tensors

enum DeepSpeed: CheckpointFormat {
  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .folder(_, let names) = source else { return false }
    return names.contains { $0.hasSuffix("_model_states.pt") || $0.hasSuffix("_optim_states.pt") }
      && !names.contains("zero")
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .folder(let path, let names) = source else { throw UnknownFormat.problem(source) }
    let ranks = try DeepSpeedRanks.open(path, names)
    let contents = try DeepSpeedContents(ranks, path: path)
    var checkpoint = Checkpoint(
      path: path, format: "deepspeed", files: ranks.files, tensors: contents.tensors,
      stateDictPath: "module")
    checkpoint.findings = contents.findings
    checkpoint.writer = CheckpointWriter.name(of: ranks.models[0].root) ?? "deepspeed"
    var optimizer = contents.optimizer
    if let optimizer {
      checkpoint.takeMoments(optimizer, order: Array(contents.tensors.indices), at: path)
    } else if ranks.experts.isEmpty, !OptimizerState.all(in: ranks.models[0].root).isEmpty {
      optimizer = try checkpoint.takeMoments(
        in: ranks.models[0], order: Array(contents.tensors.indices))
    } else {
      checkpoint.findings.append(
        Finding("no-moments", at: path, "there is no optimizer's second moment beside the weights"))
    }
    var facts = try facts(of: ranks)
    facts.complete(optimizer: optimizer, path: path)
    checkpoint.take(facts)
    return checkpoint
  }

  /// Counters of the engine, and what its configuration says about batch and clipping.
  static func facts(of ranks: DeepSpeedRanks) throws(Problem) -> TrainingFacts {
    let archive = ranks.models[0]
    var facts = try TrainingFacts(of: archive, tensorsAreWeights: false)
    facts.metrics = [:]
    let config = archive.root["ds_config"]
    facts.batchSize = config?["train_batch_size"]?.int
    if facts.batchSize == nil, let size = config?["train_micro_batch_size_per_gpu"]?.int {
      let accumulation = config?["gradient_accumulation_steps"]?.int ?? 1
      let processes = archive.root["dp_world_size"]?.int ?? max(ranks.optimizers.count, 1)
      let (product, overflow) = size.multipliedReportingOverflow(by: accumulation)
      let (all, tooMany) = product.multipliedReportingOverflow(by: processes)
      facts.batchSize = overflow || tooMany || all <= 0 ? nil : all
    }
    facts.learningRate = facts.learningRate ?? config?.at("optimizer", "params", "lr")?.double
    if let clip = config?["gradient_clipping"]?.double, clip >= 0 { facts.gradientClipping = clip }
    return facts
  }
}

/// Weights and moments of one model, by name.
struct DeepSpeedContents {
  private(set) var tensors: [StoredTensor] = []
  private(set) var findings: [Finding] = []
  private(set) var optimizer: OptimizerState?
  private let ranks: DeepSpeedRanks
  private let path: String

  init(_ ranks: DeepSpeedRanks, path: String) throws(Problem) {
    self.ranks = ranks
    self.path = path
    for archive in ranks.models + ranks.optimizers + ranks.experts {
      findings += archive.findings.filter { !$0.text.contains("deepspeed.") }
    }
    let model = ranks.models[0]
    let entries = model.root["module"]?.entries ?? []
    guard ranks.stage > 0, ranks.experts.isEmpty else {
      try takeModule(entries, model)
      // Experts are saved by their whole names.
      for expert in ranks.experts { try takeModule(expert.root.entries ?? [], expert) }
      if !ranks.experts.isEmpty {
        findings.append(
          Finding(
            "experts", at: path,
            "the weights are those of \(ranks.experts.count) experts' files and of the module, not "
              + "the optimizer's; its state is not put together"))
      }
      return
    }
    let layout = try layout(model.root)
    let weights = try vectors { rank throws(Problem) in
      let state = rank.root["optimizer_state_dict"]
      return try flat(
        state?["single_partition_of_fp32_groups"] ?? state?["fp32_flat_groups"], rank)
    }
    var byName: [[UInt8]: StoredTensor] = [:]
    for (index, place) in layout.places.enumerated() {
      guard let tensor = layout.tensor(index, name: place.name, in: weights) else {
        throw bad("\"\(place.name)\" does not lie in the processes' vectors")
      }
      byName[Array(place.name.utf8)] = tensor
    }
    try takeFrozen(model.root, &byName)
    let module = Self.byName(model.root["module"])
    for name in model.root["buffer_names"]?.elements ?? [] {
      guard let text = name.text, let value = module[Array(text.utf8)],
        case .tensor(let tensor) = try model.tensor(value, name: text)
      else { continue }
      byName[Array(text.utf8)] = tensor
    }
    for (key, value) in model.root["shared_params"]?.entries ?? [] {
      guard let key = key.text, let original = value.text,
        let tensor = byName[Array(original.utf8)]
      else { continue }
      byName[Array(key.utf8)] = tensor.renamed(key)
    }
    // The module's own order, then what it does not list. Stage 1 leaves frozen parameters in the
    // module only; stage 3 leaves empty places there.
    for (key, value) in entries {
      guard let name = key.rawText, let text = key.text else { continue }
      if let tensor = byName.removeValue(forKey: name) {
        tensors.append(tensor)
      } else if ranks.stage < 3, case .tensor(let tensor) = try model.tensor(value, name: text) {
        tensors.append(tensor)
      }
    }
    tensors += byName.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    findings.append(
      Finding(
        "master-weights", at: path,
        "the weights are the optimizer's float32 ones, put together from"
          + " \(ranks.optimizers.count) processes' parts"))
    optimizer = try moments(layout)
  }

  /// A dictionary's values by the bytes of their names; the last one counts, as in Python.
  private static func byName(_ value: PickleValue?) -> [[UInt8]: PickleValue] {
    var values: [[UInt8]: PickleValue] = [:]
    for (key, value) in value?.entries ?? [] {
      if let text = key.text { values[Array(text.utf8)] = value }
    }
    return values
  }

  private func bad(_ what: String) -> Problem {
    Problem(
      "bad-deepspeed", at: path, what,
      remedy: "save the checkpoint again; if it was not damaged, do not trust it")
  }

  private mutating func takeModule(
    _ entries: [(key: PickleValue, value: PickleValue)], _ model: TorchArchive
  ) throws(Problem) {
    for (key, value) in entries {
      guard let name = key.text else { continue }
      switch try model.tensor(value, name: name) {
      case .tensor(let tensor): tensors.append(tensor)
      case .unsupported(let reason):
        findings.append(
          Finding("unsupported-dtype", at: name, "\(reason); the other tensors are"))
      case .notATensor: break
      }
    }
    guard !tensors.isEmpty else { throw StateDict.unreadable(model.file, findings) }
  }

  /// Names, shapes and offsets from the shapes of the groups' parameters.
  private func layout(_ root: PickleValue) throws(Problem) -> FlatLayout {
    let isCut = ranks.stage == 3
    let processes = ranks.optimizers.count
    let paddings = ranks.optimizers[0].root.at("optimizer_state_dict", "param_alignment_paddings")?
      .elements
    var places: [(name: String, shape: Shape, group: Int, offset: Int)] = []
    var offset = 0
    for (group, shapes) in (root["param_shapes"]?.elements ?? []).enumerated() {
      if !isCut { offset = 0 }
      let padding = paddings.flatMap { $0.indices.contains(group) ? $0[group].elements : nil } ?? []
      for (index, (key, value)) in (shapes.entries ?? []).enumerated() {
        let extents = value.elements?.compactMap(\.int) ?? []
        guard let name = key.text, extents.count == value.elements?.count,
          let shape = Shape(checking: extents)
        else { throw bad("its list of parameters has no shapes") }
        places.append((name, shape, group, offset))
        let part = isCut ? FlatLayout.share(of: shape.count, among: processes) : shape.count
        let gap = isCut || !padding.indices.contains(index) ? 0 : padding[index].int ?? 0
        guard gap >= 0, part <= Int.max / 4, offset <= Int.max / 4, gap <= Int.max / 4 else {
          throw bad("\"\(name)\" is too large")
        }
        offset += part + gap
      }
    }
    guard !places.isEmpty else { throw bad("it does not list the parameters") }
    return FlatLayout(places: places, isCutPerParameter: isCut, processes: processes)
  }

  /// The tensors of a list, as vectors.
  private func flat(_ value: PickleValue?, _ rank: TorchArchive) throws(Problem) -> [StoredTensor] {
    var tensors: [StoredTensor] = []
    for element in value?.elements ?? [] {
      guard case .tensor(let tensor) = try rank.tensor(element, name: "a flat group") else {
        throw bad("a flat group is no tensor")
      }
      tensors.append(tensor)
    }
    return tensors
  }

  /// The processes' vectors, by group; of ZeRO 3 by process, its groups one behind the other.
  private func vectors(
    _ read: (TorchArchive) throws(Problem) -> [StoredTensor]
  ) throws(Problem) -> [FlatVector] {
    var byRank: [[StoredTensor]] = []
    for rank in ranks.optimizers { byRank.append(try read(rank)) }
    let parts =
      ranks.stage == 3
      ? byRank
      : (0..<(byRank.map(\.count).min() ?? 0)).map { group in byRank.map { $0[group] } }
    let vectors = parts.compactMap(FlatVector.init)
    guard vectors.count == parts.count, !vectors.isEmpty else {
      throw bad("the processes' flat groups do not fit together")
    }
    return vectors
  }

  /// Parameters that are not trained: whole, or (ZeRO 3) a fragment per process.
  private func takeFrozen(
    _ root: PickleValue, _ byName: inout [[UInt8]: StoredTensor]
  ) throws(Problem) {
    let models = (ranks.stage == 3 ? ranks.models : [ranks.models[0]]).map { model in
      (archive: model, fragments: Self.byName(model.root["frozen_param_fragments"]))
    }
    for (key, value) in root["frozen_param_shapes"]?.entries ?? [] {
      guard let name = key.text,
        let shape = Shape(checking: value.elements?.compactMap(\.int) ?? [])
      else { continue }
      var fragments: [StoredTensor] = []
      for model in models {
        guard let value = model.fragments[Array(name.utf8)],
          case .tensor(let tensor) = try model.archive.tensor(value, name: name)
        else { throw bad("\"\(name)\" is frozen, and a fragment of it is missing") }
        fragments.append(tensor)
      }
      if fragments.count == 1, fragments[0].shape == shape {
        byName[Array(name.utf8)] = fragments[0]
        continue
      }
      guard let vector = FlatVector(fragments), let ranges = vector.ranges(0, shape.count),
        let assembly = TensorAssembly(flat: ranges)
      else { throw bad("\"\(name)\" is frozen, and its fragments do not fit together") }
      byName[Array(name.utf8)] = StoredTensor(
        name: name, shape: shape, type: vector.type, assembly: assembly)
    }
  }

  // MARK: Moments

  /// The base optimizer's states by group: a dictionary by index, or (elastic) a list.
  private func states(_ rank: TorchArchive) -> [PickleValue] {
    let state = rank.root["optimizer_state_dict"]
    let base = state?["base_optimizer_state"] ?? state?["optimizer_state_dict"]
    return base?["state"]?.entries?.sorted { ($0.key.int ?? 0) < ($1.key.int ?? 0) }.map(\.value)
      ?? base?.elements ?? []
  }

  private func moments(_ layout: FlatLayout) throws(Problem) -> OptimizerState? {
    guard let first = states(ranks.optimizers[0]).first, first["exp_avg_sq"] != nil else {
      return nil
    }
    var optimizer = OptimizerState()
    let seconds = try momentVectors("exp_avg_sq")
    let firsts = first["exp_avg"] == nil ? nil : try momentVectors("exp_avg")
    for (index, place) in layout.places.enumerated() {
      guard
        let second = layout.tensor(index, name: "\(place.name).exp_avg_sq", in: seconds)
      else { throw bad("the moments of \"\(place.name)\" do not lie in the processes' vectors") }
      optimizer.parameters[place.name] = OptimizerState.Parameter(
        first: firsts.flatMap { layout.tensor(index, name: "\(place.name).exp_avg", in: $0) },
        second: second)
    }
    let rank = ranks.optimizers[0]
    if let step = first["step"] { optimizer.step = try rank.count(step) }
    let groups =
      rank.root.at("optimizer_state_dict", "base_optimizer_state")?["param_groups"]
      ?? rank.root.at("optimizer_state_dict", "optimizer_state_dict")?["param_groups"]
    let betas = Set(
      (groups?.elements ?? []).compactMap { $0["betas"]?.elements?.compactMap(\.double) })
    optimizer.learningRate = groups?.elements?.first?["lr"]?.double
    optimizer.groups = [
      OptimizerState.Group(
        ids: layout.places.map(\.name), names: nil, weightDecay: nil,
        betas: betas.count == 1 ? betas.first ?? [] : [])
    ]
    if betas.count > 1 { optimizer.addFlag("mixed_betas") }
    return optimizer
  }

  private func momentVectors(_ key: String) throws(Problem) -> [FlatVector] {
    try vectors { rank throws(Problem) in
      var tensors: [StoredTensor] = []
      for state in states(rank) {
        guard let value = state[key], case .tensor(let tensor) = try rank.tensor(value, name: key)
        else { throw bad("a process keeps no \(key)") }
        tensors.append(tensor)
      }
      return tensors
    }
  }
}
