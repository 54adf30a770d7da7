// Finding the model's weights in what `torch.save` was given: dictionaries nested in dictionaries,
// or a pickled module.
internal import Diagnostics
internal import Tensors

struct StateDict {
  /// Keys that lead to it, joined by dots; "" for the top level.
  var path: String
  /// The keys below `path` of networks that were saved side by side; their tensors' names begin with them.
  var parts: [String] = []
  var tensors: [StoredTensor] = []
  var findings: [Finding] = []

  /// Whether the saved dictionary is itself that of the weights.
  var isTopLevel: Bool { path.isEmpty && parts.isEmpty }

  private static let deepest = 5

  /// The best state dictionary of an archive. Errors: `no-state-dict`, `duplicate-name`, and those
  /// of reading tensors.
  static func find(in archive: TorchArchive) throws(Problem) -> StateDict {
    let candidates = try candidates(in: archive)
    guard let best = candidates.indices.min(by: { candidates[$0] < candidates[$1] }) else {
      if !OptimizerState.all(in: archive.root).isEmpty {
        throw Problem(
          "no-state-dict", at: archive.file.path, "it holds an optimizer's state and no weights",
          remedy:
            "nothing is lost by it: its network's checkpoints are measured without its moments; "
            + "save both in one file to have them used")
      }
      throw Problem(
        "no-state-dict", at: archive.file.path, "no dictionary in it holds tensors by name",
        remedy: "save model.state_dict(), for example under the key \"model_state_dict\"")
    }
    let parts = try SideBySide.parts(of: candidates, with: best, in: archive)
    let chosen = Candidate.together(parts.map { candidates[$0] })
    let others = candidates.indices.filter { !parts.contains($0) }.map { candidates[$0].path }
    var dict = StateDict(path: chosen.name)
    if parts.count > 1 { dict.parts = parts.compactMap { candidates[$0].path.last } }
    dict.findings += StateDictPath.findings(
      chosen: parts.map { candidates[$0].path }, others: others, at: archive.file.path)
    // Lightning's WeightAveraging puts the averages where the weights are otherwise.
    if chosen.path == ["state_dict"], archive.root["averaging_state"] != nil {
      dict.findings.append(StateDictPath.averaged(at: archive.file.path))
    }
    try Checkpoint.check(tensors: chosen.entries.count, at: archive.file.path)
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

  /// A dictionary of tensors by name.
  struct Candidate {
    let path: [String]
    let entries: [(key: [UInt8], value: PickleValue)]

    var name: String { path.joined(separator: ".") }

    /// Several that lie side by side as one, under their keys; one as it is.
    static func together(_ parts: [Candidate]) -> Candidate {
      guard parts.count > 1, let first = parts.first else { return parts[0] }
      let entries = parts.flatMap { part in
        let prefix = Array("\(part.path.last ?? "").".utf8)
        return part.entries.map { (key: prefix + $0.key, value: $0.value) }
      }
      return Candidate(path: first.path.dropLast(), entries: entries)
    }

    static func < (a: Candidate, b: Candidate) -> Bool {
      StateDictPath.precedes((a.path, a.entries.count), (b.path, b.entries.count))
    }
  }

  /// Everything that looks like a state dictionary, breadth first; each node is seen once.
  private static func candidates(in archive: TorchArchive) throws(Problem) -> [Candidate] {
    var found: [Candidate] = []
    var seen: Set<PickleGraph.Index> = []
    var queue: [(value: PickleValue, path: [String])] = [(archive.root, [])]
    var next = 0
    while next < queue.count {
      let (value, path) = queue[next]
      next += 1
      guard seen.insert(value.index).inserted else { continue }
      if let entries = try ModuleTree.entries(of: value, in: archive) {
        if !entries.isEmpty { found.append(Candidate(path: path, entries: entries)) }
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
          if !StateDictPath.mayLead(key) { continue }
          queue.append((value, path + [key]))
        }
      }
      var isState = tensors.count * 2 >= entries.count && !tensors.isEmpty
      // Or weights and more numbers of the training side by side, on one level.
      if !isState, path.isEmpty,
        entries.allSatisfy({ archive.isTensor($0.value) || !$0.value.isKeyed })
      {
        isState = try holdsMatrix(tensors, in: archive)
      }
      if isState { found.append(Candidate(path: path, entries: tensors)) }
    }
    return found
  }

  /// Whether one of them is a weight beyond doubt: no generator's state, no counter, no history of a loss.
  private static func holdsMatrix(
    _ tensors: [(key: [UInt8], value: PickleValue)], in archive: TorchArchive
  ) throws(Problem) -> Bool {
    for (_, value) in tensors {
      guard case .tensor(let tensor) = try archive.tensor(value, name: "") else { continue }
      if tensor.type.isFloatingPoint, tensor.shape.rank > 1 { return true }
    }
    return false
  }
}
