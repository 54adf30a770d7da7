// Finding the model's weights in what `torch.save` was given: dictionaries nested in dictionaries,
// or a pickled module.
internal import Diagnostics
internal import Tensors

struct StateDict {
  /// Keys that lead to it, joined by dots; "" for the top level.
  var path: String
  var tensors: [StoredTensor] = []
  var findings: [Finding] = []

  /// Keys under which trainers keep weights, the more specific first; averaged weights last.
  private static let knownKeys = [
    "state_dict", "model_state_dict", "model", "model_state", "net", "network", "module",
    "weights", "params", "state", "ema", "model_ema", "ema_state_dict", "state_dict_ema",
  ]
  private static let averagedKeys: Set<String> = [
    "ema", "model_ema", "ema_state_dict", "state_dict_ema",
  ]
  /// Keys that never lead to weights.
  private static let otherKeys: Set<String> = [
    "callbacks", "loops", "hyper_parameters", "hparams", "args", "config", "rng_state",
    "cuda_rng_state", "rng", "scaler", "amp", "grad_scaler",
  ]
  private static let deepest = 5

  /// The best state dictionary of an archive. Errors: `no-state-dict`, `duplicate-name`, and those
  /// of reading tensors.
  static func find(in archive: TorchArchive) throws(Problem) -> StateDict {
    var candidates = candidates(in: archive)
    guard let best = candidates.indices.min(by: { candidates[$0] < candidates[$1] }) else {
      throw Problem(
        "no-state-dict", at: archive.file.path, "no dictionary in it holds tensors by name",
        remedy: "save model.state_dict(), for example under the key \"model_state_dict\"")
    }
    let chosen = candidates.remove(at: best)
    var dict = StateDict(path: chosen.path)
    if !candidates.isEmpty {
      let others = candidates.prefix(5).map { $0.path.isEmpty ? "the top level" : $0.path }
      dict.findings.append(
        Finding(
          "state-dict", at: archive.file.path,
          "the weights are taken from \(chosen.path.isEmpty ? "the top level" : chosen.path);"
            + " there are tensors in \(others.joined(separator: ", ")) too"))
    }
    if let last = chosen.path.split(separator: ".").last, averagedKeys.contains(String(last)) {
      dict.findings.append(
        Finding(
          "averaged-weights", at: archive.file.path,
          "these are running averages of the weights, not to be mixed with the weights themselves"))
    }
    var names: Set<[UInt8]> = []
    for (key, value) in chosen.entries {
      let name = String(decoding: key, as: UTF8.self)
      guard names.insert(Array(name.utf8)).inserted else {
        throw Problem(
          "duplicate-name", at: "\(archive.file.path): tensor \"\(name)\"", "two have this name",
          remedy: "save the checkpoint again; if it was not damaged, do not trust it")
      }
      if !name.utf8.elementsEqual(key) {
        dict.findings.append(
          Finding("name-not-utf8", at: name, "bytes of the name that are not UTF-8 are replaced"))
      }
      switch try archive.tensor(value, name: name) {
      case .tensor(let tensor): dict.tensors.append(tensor)
      case .unsupported(let reason):
        dict.findings.append(
          Finding("unsupported-dtype", at: name, "\(reason); the other tensors are"))
      case .notATensor: break
      }
    }
    guard !dict.tensors.isEmpty else { throw unreadable(archive.file, dict.findings) }
    return dict
  }

  /// None of the tensors is of a type that is read; the first says why.
  static func unreadable(_ file: InputFile, _ findings: [Finding]) -> Problem {
    Problem(
      "no-readable-tensors", at: file.path, findings.first?.description ?? "it holds no tensors",
      remedy: "save the weights as real numbers")
  }

  private struct Candidate {
    let path: String
    let entries: [(key: [UInt8], value: PickleValue)]
    /// Ranks of the keys on the path; unknown keys rank behind all known ones.
    let ranks: [Int]

    /// Known keys first, in their order; then the top level; then the one with the most tensors.
    static func < (a: Candidate, b: Candidate) -> Bool {
      let unknown = StateDict.knownKeys.count
      let (worstA, worstB) = (a.ranks.max() ?? unknown - 1, b.ranks.max() ?? unknown - 1)
      if worstA != worstB { return worstA < worstB }
      if worstA < unknown, a.ranks != b.ranks {
        return a.ranks.lexicographicallyPrecedes(b.ranks)
      }
      return a.entries.count > b.entries.count
    }
  }

  /// Everything that looks like a state dictionary, breadth first; each node is seen once.
  private static func candidates(in archive: TorchArchive) -> [Candidate] {
    var found: [Candidate] = []
    var seen: Set<PickleGraph.Index> = []
    var queue: [(value: PickleValue, path: [String], ranks: [Int])] = [(archive.root, [], [])]
    var next = 0
    while next < queue.count {
      let (value, path, ranks) = queue[next]
      next += 1
      guard seen.insert(value.index).inserted else { continue }
      let name = path.joined(separator: ".")
      if let entries = ModuleTree.entries(of: value, in: archive) {
        if !entries.isEmpty { found.append(Candidate(path: name, entries: entries, ranks: ranks)) }
        continue
      }
      // An optimizer's state dictionary holds tensors, but not weights.
      guard let entries = value.entries, value["param_groups"] == nil else { continue }
      var tensors: [(key: [UInt8], value: PickleValue)] = []
      for (key, value) in entries {
        guard let keyBytes = key.rawText, key.text != nil else { continue }
        if archive.isTensor(value) {
          tensors.append((keyBytes, value))
        } else if path.count < deepest, value.isKeyed {
          let key = String(decoding: keyBytes, as: UTF8.self)
          let isOther =
            otherKeys.contains(key) || key.hasPrefix("optim") || key.hasPrefix("lr_sched")
            || key.hasPrefix("sched")
          if isOther { continue }
          queue.append(
            (value, path + [key], ranks + [knownKeys.firstIndex(of: key) ?? knownKeys.count]))
        }
      }
      if tensors.count * 2 >= entries.count, !tensors.isEmpty {
        found.append(Candidate(path: name, entries: tensors, ranks: ranks))
      }
    }
    return found
  }
}

/// A pickled `torch.nn.Module`: the attributes that `state_dict()` walks.
private enum ModuleTree {
  /// Named tensors in the order of `state_dict()`; nil when the value is no module.
  static func entries(
    of root: PickleValue, in archive: TorchArchive
  ) -> [(key: [UInt8], value: PickleValue)]? {
    guard root.state?["_modules"] != nil, root.state?["_parameters"] != nil else { return nil }
    var found: [(key: [UInt8], value: PickleValue)] = []
    var onPath: Set<PickleGraph.Index> = []
    var visited = 0
    func walk(_ module: PickleValue, _ prefix: [UInt8], depth: Int) {
      visited += 1
      // A module may be shared, so it may be met twice, but not inside itself.
      guard depth < 64, visited < 100_000, let state = module.state,
        onPath.insert(module.index).inserted
      else { return }
      defer { onPath.remove(module.index) }
      let passing = Set(
        (state["_non_persistent_buffers_set"]?.elements ?? []).compactMap(\.rawText))
      for (key, value) in (state["_parameters"]?.entries ?? []) {
        if let key = key.rawText, archive.isTensor(value) { found.append((prefix + key, value)) }
      }
      for (key, value) in (state["_buffers"]?.entries ?? []) {
        guard let key = key.rawText, !passing.contains(key), archive.isTensor(value) else {
          continue
        }
        found.append((prefix + key, value))
      }
      for (key, value) in (state["_modules"]?.entries ?? []) {
        if let key = key.rawText {
          walk(value, prefix + key + [UInt8(ascii: ".")], depth: depth + 1)
        }
      }
    }
    walk(root, [], depth: 0)
    return found
  }
}
