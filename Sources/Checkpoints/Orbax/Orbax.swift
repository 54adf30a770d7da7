// Orbax's checkpoints (orbax.readthedocs.io): `<step>/` with an item or several (`default/`, `state/`,
// `metrics/`), made under a temporary name and renamed, or committed by `commit_success.txt`.
internal import Diagnostics
internal import Tensors

enum Orbax: CheckpointFormat {
  private static let temporaryMark = ".orbax-checkpoint-tmp"

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .folder(let path, let names) = source else { return false }
    return names.contains("_CHECKPOINT_METADATA") || OrbaxItem.isItem(names)
      || !items(path, names).isEmpty
  }

  /// The items among the folders of a step, by name.
  private static func items(_ path: String, _ names: Set<String>) -> [String] {
    guard names.count <= 64 else { return [] }
    return names.sorted().filter { name in
      guard let isFolder = try? InputFile.isFolder("\(path)/\(name)"), isFolder,
        let inside = try? Folder.names(in: "\(path)/\(name)")
      else { return false }
      // The database of one process, before it is merged, is no item.
      return OrbaxItem.isItem(inside) && !name.hasPrefix("ocdbt.process_")
    }
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .folder(let path, let names) = source else { throw UnknownFormat.problem(source) }
    let complaint = Complaint(format: "orbax", path: path)
    guard !path.contains(temporaryMark) else {
      throw complaint.incomplete("its folder still has its temporary name")
    }
    var files = OrbaxFiles()
    let isSingle = OrbaxItem.isItem(names)
    let itemNames = isSingle ? [""] : items(path, names)
    guard !itemNames.isEmpty else { throw complaint.incomplete("no item of it is there yet") }
    var metadata: JSONValue?
    if names.contains("_CHECKPOINT_METADATA") {
      metadata = try OrbaxItem.document("\(path)/_CHECKPOINT_METADATA", &files)
    }
    var leaves: [OptaxMoments.Leaf] = []
    var findings: [Finding] = []
    for name in itemNames {
      let folder = isSingle ? path : "\(path)/\(name)"
      let item = try OrbaxItem(folder, isSingle ? names : try Folder.names(in: folder), files)
      files = item.files
      findings += item.findings
      // One item needs no name of its own.
      guard itemNames.count > 1 else {
        leaves = item.leaves
        break
      }
      leaves += item.leaves.map {
        ([name] + $0.path, $0.tensor.renamed("\(name).\($0.tensor.name)"))
      }
    }
    let tree = OrbaxTree(leaves)
    guard !tree.weights.isEmpty else {
      throw leaves.isEmpty && findings.isEmpty
        ? complaint.incomplete("it holds no arrays")
        : complaint.unsupported("it holds no weights that are read")
    }
    var metrics: [String: Double] = [:]
    if names.contains("metrics"), !isSingle {
      let folder = "\(path)/metrics"
      if try Folder.names(in: folder).contains("metrics") {
        for (key, value) in try OrbaxItem.document("\(folder)/metrics", &files).members {
          if let number = value.double, metrics.count < 1_000 { metrics[key] = number }
        }
      }
    }
    var checkpoint = Checkpoint(
      path: path, format: "orbax", files: files.files, tensors: tree.weights.map(\.tensor))
    checkpoint.writer = "Orbax"
    checkpoint.findings = findings
    if let metadata, metadata["commit_timestamp_nsecs"] != nil,
      metadata["commit_timestamp_nsecs"]?.int == nil
    {
      checkpoint.doubts.append(complaint.incomplete("its metadata says that it is not committed"))
    }
    try checkpoint.take(tree, metrics)
    return checkpoint
  }
}

/// The leaves of a train state: weights, an optimizer's state, counters.
struct OrbaxTree {
  private(set) var weights: [OptaxMoments.Leaf] = []
  private(set) var optimizer: [OptaxMoments.Leaf] = []
  private(set) var counters: [OptaxMoments.Leaf] = []

  private static let optimizerKeys: Set<String> = [
    "opt_state", "opt_states", "optimizer", "optimizer_state", "optimizer_states", "opt",
  ]
  private static let stateKeys: Set<String> = [
    "batch_stats", "rng", "rngs", "key", "dropout_rng", "ema_params", "ema", "params_ema",
  ]

  /// The last key; the paths of Flax' newer modules have `value` behind it.
  static func leaf(_ path: [String]) -> String { path.last { $0 != "value" } ?? "" }

  init(_ leaves: [OptaxMoments.Leaf]) {
    let hasParams = leaves.contains { $0.path.dropLast().contains("params") }
    for (path, tensor) in leaves {
      if path.contains(where: Self.optimizerKeys.contains) {
        optimizer.append((path, tensor))
      } else if tensor.shape.count == 1, path.count <= 3, TrainingFacts.isCounter(Self.leaf(path)) {
        counters.append((path, tensor))
      } else {
        var weight = tensor
        // Batch normalisation adapts its mean and var.
        weight.isState =
          path.contains(where: Self.stateKeys.contains)
          || hasParams && !path.dropLast().contains("params")
          || !hasParams && ["mean", "var"].contains(Self.leaf(path))
        weights.append((path, weight))
      }
    }
  }
}

extension Checkpoint {
  /// Takes over what an Orbax tree holds beside the weights.
  mutating func take(_ tree: OrbaxTree, _ metrics: [String: Double]) throws(Problem) {
    var counts: [Int] = []
    for (path, tensor) in tree.optimizer where ["count", "step"].contains(OrbaxTree.leaf(path)) {
      if let count = try integer(tensor), count >= 0 { counts.append(count) }
    }
    let made = counts.max()
    var facts = TrainingFacts()
    // The folder's name is the step by which Orbax itself finds it; an item may be named instead of it.
    let numbered = path.split(separator: "/").suffix(2).reversed()
      .first { name in name.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }
    if let step = numbered.flatMap({ Int($0) }) ?? StepName.read(path).step {
      (facts.step, facts.stepSource) = (step, "folder name")
    }
    for (path, tensor) in tree.counters {
      let key = OrbaxTree.leaf(path)
      guard let count = try integer(tensor), count >= 0 else { continue }
      if key.contains("epoch") {
        facts.epoch = Double(count)
      } else if facts.step == nil {
        (facts.step, facts.stepSource) = (count, key)
      }
    }
    if facts.step == nil, let made { (facts.step, facts.stepSource) = (made, "optimizer state") }
    if let rate = tree.optimizer.first(where: { OrbaxTree.leaf($0.path) == "learning_rate" }) {
      facts.learningRate = try real(rate.tensor)
    }
    facts.metrics = metrics
    take(facts)
    let (matched, why) = OptaxMoments.match(
      tree.optimizer, to: tree.weights, step: made ?? step,
      settings: try numbers(OptaxMoments.settings(tree.optimizer)))
    moments = matched
    if matched == nil {
      findings.append(
        Finding("no-moments", at: path, "the optimizer's moments are not used: \(why)"))
    }
  }
}
