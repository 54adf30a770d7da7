// What a bundle's variables are: weights, counters, an optimizer's state.
internal import Diagnostics
internal import Tensors

struct BundleContents {
  /// The model's tensors.
  private(set) var tensors: [StoredTensor] = []
  /// All others by their keys.
  private(set) var others: [String: StoredTensor] = [:]
  private(set) var findings: [Finding] = []
  let moments: BundleMoments?
  /// Why there are no moments.
  let why: String
  /// The model's tensors by their keys.
  private(set) var byKey: [String: Int] = [:]

  private static let valueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE"
  private static let slotMark = "/.OPTIMIZER_SLOT/"

  init(_ bundle: Bundle, _ graph: ObjectGraph?) throws(Problem) {
    var bundle = bundle
    let names = graph.map(Self.names) ?? [:]
    let all = Set(bundle.entries.map(\.name))
    (moments, why) =
      graph.map { BundleMoments.read($0) }
      ?? BundleMoments.read(names: bundle.entries.map(\.name))
    for (key, entry) in bundle.entries where key != Bundle.graphKey {
      let isModel: Bool
      if graph != nil {
        isModel = names[key] != nil && !key.contains(Self.slotMark)
      } else {
        isModel = !BundleMoments.isSlot(key, all)
      }
      let name = names[key] ?? Self.short(key)
      let (tensor, unread) = try bundle.tensor(entry, named: name, key: Array(key.utf8))
      guard var tensor else {
        // Tables of words and the like are no weights.
        if entry.type != BundleEntry.textType {
          findings.append(
            Finding("unsupported-tensor", at: name, "it has \(unread), and is left out"))
        }
        continue
      }
      guard isModel, !Self.isCounter(tensor) else {
        others[key] = tensor
        continue
      }
      tensor.isState = Self.isState(name)
      byKey[key] = tensors.count
      tensors.append(tensor)
    }
    files = bundle.files
  }

  /// The bundle's files, with the checksums of what was taken from them.
  let files: [Checkpoint.OpenFile]

  /// The names of the model's variables by their keys: the key itself, or, where an optimizer's list
  /// of variables lies nearer to the root than the model (Keras 3), the way through the model.
  private static func names(_ graph: ObjectGraph) -> [String: String] {
    var names: [String: String] = [:]
    let nearest = graph.ways(throughOptimizers: true)
    for (node, way) in graph.ways(throughOptimizers: false) {
      guard let key = graph.nodes[node].variable?.key else { continue }
      names[key] =
        nearest[node] == way ? short(key) : way.map(escaped).joined(separator: "/")
    }
    return names
  }

  /// As TensorFlow writes an attribute's name in a key (tensorflow/python/trackable/trackable_utils.py).
  private static func escaped(_ name: String) -> String {
    var result = ""
    for character in name {
      switch character {
      case ".": result += ".."
      case "/": result += ".S"
      default: result.append(character)
      }
    }
    return result
  }

  static func short(_ key: String) -> String {
    key.hasSuffix(valueSuffix) ? String(key.dropLast(valueSuffix.utf8.count)) : key
  }

  /// A single integer that counts steps or saves.
  private static func isCounter(_ tensor: StoredTensor) -> Bool {
    guard tensor.shape.count == 1, !tensor.type.isFloatingPoint else { return false }
    let leaf = tensor.name.split(separator: "/").last.map(String.init) ?? ""
    return TrainingFacts.isCounter(leaf) || leaf == "save_counter"
  }

  private static func isState(_ name: String) -> Bool {
    let leaf = name.split(separator: "/").last.map(String.init) ?? ""
    // A `SavedModel` of Keras 2 holds the sums of its metrics.
    return ["moving_mean", "moving_variance", "seed_generator_state"].contains(leaf)
      || name.hasPrefix("keras_api/")
  }
}

extension Checkpoint {
  /// Takes over what a bundle holds beside the weights.
  mutating func take(_ contents: BundleContents, _ bundle: Bundle) throws(Problem) {
    files = contents.files
    var counters: [(leaf: String, tensor: StoredTensor)] = []
    for (key, tensor) in contents.others.sorted(by: { $0.key < $1.key }) {
      let leaf = BundleContents.short(key).split(separator: "/").last.map(String.init) ?? ""
      counters.append((leaf, tensor))
    }
    func first(_ leaves: [String]) throws(Problem) -> (leaf: String, number: Int)? {
      for leaf in leaves {
        for counter in counters where counter.leaf == leaf {
          if let number = try integer(counter.tensor), number >= 0 { return (leaf, number) }
        }
      }
      return nil
    }
    var facts = TrainingFacts()
    let made = try first(["_iterations", "iterations", "iter"])?.number
    if let (leaf, step) = try first(["global_step", "step", "steps", "iteration", "train_step"]) {
      (facts.step, facts.stepSource) = (step, leaf)
    } else if let made {
      (facts.step, facts.stepSource) = (made, "optimizer state")
    }
    if let (_, epoch) = try first(["epoch", "epochs", "current_epoch"]) {
      facts.epoch = Double(epoch)
    }
    for leaf in ["_learning_rate", "learning_rate"] where facts.learningRate == nil {
      if let rate = counters.first(where: { $0.leaf == leaf }) {
        facts.learningRate = try real(rate.tensor)
      }
    }
    let name = String(path.dropLast(path.hasSuffix(TensorFlowBundle.suffix) ? 6 : 0))
    facts.complete(optimizer: nil, path: name)
    if facts.step == nil, let (leaf, saves) = try first(["save_counter"]) {
      (facts.step, facts.stepSource) = (saves, leaf)
    }
    take(facts)
    var betas: [String: Double] = [:]
    for leaf in ["beta_1", "beta_2", "rho"] {
      if let found = counters.first(where: { $0.leaf == leaf }) {
        betas[leaf] = try real(found.tensor)
      }
    }
    let (matched, why) = Self.matched(
      contents, beta1: betas["beta_1"], beta2: betas["beta_2"] ?? betas["rho"], step: made ?? step)
    moments = matched
    if matched == nil {
      findings.append(
        Finding("no-moments", at: path, "the optimizer's moments are not used: \(why)"))
    }
  }

  private static func matched(
    _ contents: BundleContents, beta1: Double?, beta2: Double?, step: Int?
  ) -> (moments: Moments?, why: String) {
    guard let found = contents.moments else { return (nil, contents.why) }
    var entries: [Moments.Entry] = []
    for pair in found.pairs {
      guard let index = contents.byKey[pair.weight], let second = contents.others[pair.second]
      else {
        return (nil, "the moments of \(BundleContents.short(pair.weight)) are not in the file")
      }
      let weight = contents.tensors[index]
      let first = pair.first.flatMap { contents.others[$0] }
      guard second.shape == weight.shape, second.type.isFloatingPoint,
        first?.shape ?? weight.shape == weight.shape
      else { return (nil, "the moments of \(weight.name) have another shape than it") }
      entries.append(
        Moments.Entry(parameter: weight.name, firstMoment: first, secondMoment: second))
    }
    guard let type = entries.first?.secondMoment.type else {
      return (nil, "the optimizer has made no step yet")
    }
    var flags = found.flags
    if entries.contains(where: { $0.secondMoment.type.byteWidth < 4 }) {
      flags.append("low_precision_moments")
    }
    return (
      Moments(
        kind: found.kind, beta1: found.kind == "adam" ? beta1 : nil,
        beta2: found.kind == "adagrad" ? nil : beta2, step: step, elementType: type,
        entries: entries, flags: flags), ""
    )
  }
}
