// The keys that lead to weights in what a trainer saved, and which of several dictionaries is meant.
internal import Diagnostics

enum StateDictPath {
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
    "cuda_rng_state", "rng", "scaler", "amp", "grad_scaler", "dataloader", "train_state",
    "rerun_state_machine_state",
  ]

  /// Whether a trainer keeps all weights under this key.
  static func isKnown(_ key: String) -> Bool { knownKeys.contains(key) }

  /// Whether weights may lie below this key.
  static func mayLead(_ key: String) -> Bool {
    !otherKeys.contains(key) && !isOptimizer(key) && !key.hasPrefix("lr_sched")
      && !key.hasPrefix("sched")
  }

  /// Whether an optimizer's state lies below this key.
  static func isOptimizer(_ key: String) -> Bool { key.hasPrefix("optim") || key == "opt" }

  /// Whether the first dictionary is rather meant: known keys first, in their order; then the top
  /// level; then the one with the most tensors.
  static func precedes(
    _ a: (path: [String], tensors: Int), _ b: (path: [String], tensors: Int)
  ) -> Bool {
    let unknown = knownKeys.count
    let (ranksA, ranksB) = (ranks(a.path), ranks(b.path))
    let (worstA, worstB) = (ranksA.max() ?? unknown - 1, ranksB.max() ?? unknown - 1)
    if worstA != worstB { return worstA < worstB }
    if worstA < unknown, ranksA != ranksB { return ranksA.lexicographicallyPrecedes(ranksB) }
    return a.tensors > b.tensors
  }

  private static func ranks(_ path: [String]) -> [Int] {
    path.map { knownKeys.firstIndex(of: $0) ?? knownKeys.count }
  }

  /// That there were others to choose from, and that the chosen ones are averages.
  static func findings(chosen: [[String]], others: [[String]], at place: String) -> [Finding] {
    var findings: [Finding] = []
    if !others.isEmpty || chosen.count > 1 {
      let names = chosen.map(name).joined(separator: ", ")
      let rest = others.prefix(5).map(name).joined(separator: ", ")
      findings.append(
        Finding(
          "state-dict", at: place,
          "the weights are taken from \(names)" + (chosen.count > 1 ? " together" : "")
            + (others.isEmpty ? "" : "; there are tensors in \(rest) too")))
    }
    if chosen.count == 1, let last = chosen[0].last, averagedKeys.contains(last) {
      findings.append(averaged(at: place))
    }
    return findings
  }

  static func averaged(at place: String) -> Finding {
    Finding(
      "averaged-weights", at: place,
      "these are running averages of the weights, not to be mixed with the weights themselves")
  }

  private static func name(_ path: [String]) -> String {
    path.isEmpty ? "the top level" : path.joined(separator: ".")
  }
}
