// The optimizer's state in a distributed checkpoint: a tensor per parameter and kind, named by the
// parameter (`optimizer.state.<name>.exp_avg_sq`, torch/distributed/checkpoint/state_dict.py), by its
// index, or the other way round (Megatron's `optimizer.state.exp_avg_sq.<name>`).
internal import Diagnostics
internal import Tensors

struct DistributedMoments {
  private(set) var state = OptimizerState()
  private var seconds: [(id: String, entry: DistributedMetadata.Entry)] = []
  private var firsts: [String: DistributedMetadata.Entry] = [:]
  private var steps: [DistributedMetadata.Entry] = []
  private var groups: [(key: String, leaf: String, entry: DistributedMetadata.Entry)] = []
  private var groupList: DistributedMetadata.Entry?

  private static let secondLeaves = [
    "exp_avg_sq": "adam", "square_avg": "rmsprop", "sum": "adagrad",
  ]
  private static let firstLeaves: Set<String> = ["exp_avg", "grad_avg"]
  private static let groupLeaves: Set<String> = ["lr", "betas", "alpha", "weight_decay", "params"]

  /// Divides what is the optimizer's from all else: what lies below a key of an optimizer, or, where
  /// its flattened state stands among the weights (`param_groups.<name>.lr`), below `state`.
  static func divide(
    _ entries: [DistributedMetadata.Entry]
  ) -> (own: [DistributedMetadata.Entry], others: [DistributedMetadata.Entry]) {
    let isFlat = entries.contains { $0.path[0].hasPrefix("param_groups.") }
    var (own, others): ([DistributedMetadata.Entry], [DistributedMetadata.Entry]) = ([], [])
    for entry in entries {
      let isOwn =
        entry.path.dropLast().contains(where: StateDictPath.isOptimizer)
        || StateDictPath.isOptimizer(entry.path[0])
        || isFlat && ["state.", "param_groups."].contains(where: entry.path[0].hasPrefix)
      if isOwn { own.append(entry) } else { others.append(entry) }
    }
    return (own, others)
  }

  /// Nil when there is no second moment among the entries.
  static func read(
    _ entries: [DistributedMetadata.Entry], in files: inout DistributedFiles
  ) throws(Problem) -> OptimizerState? {
    var moments = DistributedMoments()
    for entry in entries { moments.note(entry) }
    guard !moments.seconds.isEmpty else { return nil }
    try moments.readTensors(&files)
    try moments.readGroups(files)
    return moments.state
  }

  private mutating func note(_ entry: DistributedMetadata.Entry) {
    let parts = entry.name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if entry.path.last == "param_groups" { groupList = entry }
    if let place = parts.lastIndex(of: "param_groups"), let leaf = parts.last,
      Self.groupLeaves.contains(leaf), place < parts.count - 2
    {
      groups.append((parts[(place + 1)..<(parts.count - 1)].joined(separator: "."), leaf, entry))
    }
    let isFlat = entry.path.count == 1 && parts[0] == "state"
    let start = isFlat ? 0 : parts.firstIndex(where: StateDictPath.isOptimizer) ?? 0
    guard let place = parts[start...].firstIndex(of: "state"), place + 2 < parts.count,
      let last = parts.last
    else { return }
    let inner = parts[(place + 1)...]
    if let kind = Self.secondLeaves[last] {
      state.kind = kind
      seconds.append((inner.dropLast().joined(separator: "."), entry))
    } else if Self.firstLeaves.contains(last) {
      firsts[inner.dropLast().joined(separator: ".")] = entry
    } else if last == "step" {
      steps.append(entry)
    } else if inner.first == "exp_avg_sq" {
      seconds.append((inner.dropFirst().joined(separator: "."), entry))
    } else if inner.first == "exp_avg" {
      firsts[inner.dropFirst().joined(separator: ".")] = entry
    }
  }

  private mutating func readTensors(_ files: inout DistributedFiles) throws(Problem) {
    for (id, entry) in seconds {
      guard let second = try files.tensor(entry, name: entry.name).tensor else { continue }
      var first: StoredTensor?
      if let entry = firsts[id] { first = try files.tensor(entry, name: entry.name).tensor }
      state.parameters[id] = OptimizerState.Parameter(first: first, second: second)
    }
    var counts: Set<Int> = []
    for entry in steps.prefix(100_000) {
      guard let archive = try files.object(entry), let count = try archive.count(archive.root)
      else { continue }
      counts.insert(count)
    }
    state.step = counts.max()
    if counts.count > 1 { state.addFlag("uneven_steps") }
  }

  /// Betas and rate by group or parameter; the parameters of groups where they are listed by index.
  private mutating func readGroups(_ files: DistributedFiles) throws(Problem) {
    var betas: Set<[Double]> = []
    var params: [(key: String, ids: [String])] = []
    func take(_ leaf: String, _ value: PickleValue, _ archive: TorchArchive) throws(Problem) {
      switch leaf {
      case "betas": betas.insert((value.elements ?? []).compactMap(\.double))
      case "alpha": if let alpha = value.double { betas.insert([alpha]) }
      case "lr": if state.learningRate == nil { state.learningRate = try archive.number(value) }
      default: break
      }
    }
    func ids(_ value: PickleValue) -> [String] {
      (value.elements ?? []).compactMap { $0.int.map(String.init) ?? $0.text }
    }
    for (key, leaf, entry) in groups.prefix(100_000) {
      guard let archive = try files.object(entry) else { continue }
      try take(leaf, archive.root, archive)
      if leaf == "params" { params.append((key, ids(archive.root))) }
    }
    if let groupList, let archive = try files.object(groupList) {
      for (index, group) in (archive.root.elements ?? []).enumerated() {
        for leaf in ["betas", "alpha", "lr"] {
          if let value = group[leaf] { try take(leaf, value, archive) }
        }
        if let value = group["params"] { params.append((String(index), ids(value))) }
      }
    }
    let common = betas.count == 1 ? betas.first ?? [] : []
    if betas.count > 1 { state.addFlag("mixed_betas") }
    let listed = params.map(\.ids)
    let isListed = Set(listed.joined()).isSuperset(of: state.parameters.keys)
    state.groups = (isListed ? listed : [seconds.map(\.id)]).map {
      OptimizerState.Group(ids: $0, names: nil, weightDecay: nil, betas: common)
    }
  }
}
