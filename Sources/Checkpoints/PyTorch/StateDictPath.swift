// The keys that lead to weights in what a trainer saved, and which of several dictionaries is meant.
internal import Diagnostics

enum StateDictPath {
  /// Keys under which trainers keep weights, the more specific first.
  private static let rawKeys = [
    "state_dict", "model_state_dict", "model", "model_state", "net", "network", "module",
    "weights", "params", "state",
  ]
  private static let averagedKeys = ["ema", "model_ema", "ema_state_dict", "state_dict_ema"]
  /// Keys that never lead to weights.
  private static let otherKeys: Set<String> = [
    "callbacks", "loops", "hyper_parameters", "hparams", "args", "config", "rng_state",
    "cuda_rng_state", "rng", "scaler", "amp", "grad_scaler", "dataloader", "train_state",
    "rerun_state_machine_state",
  ]

  /// Whether a trainer keeps all weights under this key.
  static func isKnown(_ key: String) -> Bool {
    rawKeys.contains(key) || averagedKeys.contains(key)
  }

  /// Whether weights may lie below this key.
  static func mayLead(_ key: String) -> Bool {
    !otherKeys.contains(key) && !isOptimizer(key) && !key.hasPrefix("lr_sched")
      && !key.hasPrefix("sched")
  }

  /// Whether an optimizer's state lies below this key.
  static func isOptimizer(_ key: String) -> Bool { key.hasPrefix("optim") || key == "opt" }

  /// Whether the first dictionary is rather meant: known keys first, in their order; then the top
  /// level; then averages of it; then the one with the most tensors.
  static func precedes(
    _ a: (path: [String], tensors: Int), _ b: (path: [String], tensors: Int)
  ) -> Bool {
    let (ranksA, ranksB) = (a.path.map(rank), b.path.map(rank))
    let (worstA, worstB) = (ranksA.max() ?? topLevel, ranksB.max() ?? topLevel)
    if worstA != worstB { return worstA < worstB }
    if worstA < unknown, ranksA != ranksB { return ranksA.lexicographicallyPrecedes(ranksB) }
    return a.tensors > b.tensors
  }

  /// The place of the top level among keys.
  private static let topLevel = rawKeys.count

  private static func rank(_ key: String) -> Int {
    rawKeys.firstIndex(of: key)
      ?? averagedKeys.firstIndex(of: key).map { topLevel + 1 + $0 } ?? unknown
  }

  private static let unknown = topLevel + 1 + averagedKeys.count

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
