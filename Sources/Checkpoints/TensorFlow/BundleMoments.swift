// Which of a bundle's variables are an optimizer's moments, and of which weights: by the lists that
// Keras' optimizers keep, by slots of older ones, by the names that TensorFlow 1 gave.
internal import Diagnostics
internal import Tensors

struct BundleMoments {
  struct Pair {
    /// Key of the weight in the bundle.
    let weight: String
    let first: String?
    let second: String
  }

  let kind: String
  let pairs: [Pair]
  var flags: [String] = []

  /// What an optimizer's name says about it.
  private static func kind(of name: String) -> String? {
    // Keras 3 writes `rm_sprop`.
    let name = name.lowercased().filter { $0 != "_" }
    if name.hasPrefix("rmsprop") { return "rmsprop" }
    return name.contains("adam") && !name.contains("adamax") ? "adam" : nil
  }

  /// The moments that a graph of objects tells; or why there are none.
  static func read(_ graph: ObjectGraph) -> (moments: BundleMoments?, why: String) {
    let found = graph.optimizers.map { read(graph, $0) }
    let moments = found.compactMap(\.moments)
    // A model and the checkpoint around it may both hold the same optimizer, once in the graph.
    guard moments.count == 1 else {
      return moments.isEmpty
        ? (nil, found.first?.why ?? "there is no optimizer beside the weights")
        : (nil, "there are \(moments.count) optimizers")
    }
    return (moments[0], "")
  }

  private static func read(
    _ graph: ObjectGraph, _ index: Int
  ) -> (moments: BundleMoments?, why: String) {
    let node = graph.nodes[index]
    if !node.slots.isEmpty { return bySlot(graph, node.slots) }
    func lists(_ names: String...) -> [Int]? {
      names.lazy.compactMap { graph.list($0, of: index) }.first { !$0.isEmpty }
    }
    let firsts = lists("_momentums")
    let second: [Int]
    var kind: String? = "adagrad"
    if let velocities = lists("_velocities") {
      second = velocities
      // `adam/dense_kernel_velocity`, `Adam/v/dense/kernel`.
      let name = graph.nodes[velocities[0]].variable?.fullName.split(separator: "/").first ?? ""
      kind = Self.kind(of: String(name))
    } else if let sums = lists("_accumulators") {
      second = sums
    } else {
      return (nil, "the optimizer keeps no second moment that is known")
    }
    guard let kind else { return (nil, "the optimizer is none that is known") }
    guard let weights = weights(graph, index, second) else {
      return (nil, "the optimizer's variables do not name the weights that they belong to")
    }
    guard weights.count == second.count, firsts.map({ $0.count == second.count }) ?? true else {
      return (nil, "the optimizer's lists have different lengths")
    }
    var pairs: [Pair] = []
    for place in second.indices {
      guard let weight = graph.nodes[weights[place]].variable?.key,
        let moment = graph.nodes[second[place]].variable?.key
      else { return (nil, "an optimizer's list holds what is no variable") }
      pairs.append(
        Pair(
          weight: weight,
          first: kind == "adam" ? firsts.flatMap { graph.nodes[$0[place]].variable?.key } : nil,
          second: moment))
    }
    var moments = BundleMoments(kind: kind, pairs: pairs)
    if lists("_velocity_hats") != nil { moments.flags = ["amsgrad"] }
    return (moments, "")
  }

  /// The weights of a list of moments: those of the optimizer's own list (Keras 3), or by the names
  /// `Adam/v/<weight's name>` (Keras 2.11 to 2.15).
  private static func weights(_ graph: ObjectGraph, _ index: Int, _ moments: [Int]) -> [Int]? {
    if let own = graph.list("_trainable_variables", of: index) { return own }
    var byName: [String: Int] = [:]
    for node in graph.ways(throughOptimizers: false).keys {
      guard let name = graph.nodes[node].variable?.fullName else { continue }
      guard byName.updateValue(node, forKey: name) == nil else { return nil }
    }
    var weights: [Int] = []
    for moment in moments {
      let parts = graph.nodes[moment].variable?.fullName.split(separator: "/") ?? []
      guard parts.count > 2, let weight = byName[parts.dropFirst(2).joined(separator: "/")] else {
        return nil
      }
      weights.append(weight)
    }
    return weights
  }

  private static func bySlot(
    _ graph: ObjectGraph, _ slots: [(weight: Int, slot: String, variable: Int)]
  ) -> (moments: BundleMoments?, why: String) {
    var bySlot: [String: [Int: Int]] = [:]
    var order: [Int] = []
    var seen: Set<Int> = []
    for (weight, slot, variable) in slots {
      if bySlot[slot, default: [:]].updateValue(variable, forKey: weight) != nil {
        return (nil, "a weight has two slots of one name")
      }
      if seen.insert(weight).inserted { order.append(weight) }
    }
    let (kind, second, first): (String, String, String?)
    if bySlot["v"] != nil, bySlot["m"] != nil {
      (kind, second, first) = ("adam", "v", "m")
    } else if bySlot["rms"] != nil {
      (kind, second, first) = ("rmsprop", "rms", nil)
    } else if bySlot["accumulator"] != nil, bySlot["linear"] == nil {
      (kind, second, first) = ("adagrad", "accumulator", nil)
    } else {
      return (nil, "its slots are \(bySlot.keys.sorted().joined(separator: ", "))")
    }
    var pairs: [Pair] = []
    for weight in order {
      guard let moment = bySlot[second]?[weight] else { continue }
      guard let key = graph.nodes[weight].variable?.key,
        let value = graph.nodes[moment].variable?.key
      else { return (nil, "a slot's variable is not in the bundle") }
      let mean = first.flatMap { bySlot[$0]?[weight] }.flatMap { graph.nodes[$0].variable?.key }
      pairs.append(Pair(weight: key, first: mean, second: value))
    }
    var moments = BundleMoments(kind: kind, pairs: pairs)
    if bySlot["vhat"] != nil { moments.flags = ["amsgrad"] }
    return (moments, "")
  }

  /// TensorFlow 1 names slots after the optimizer: `w/Adam` and `w/Adam_1`, `w/RMSProp`, `w/Adagrad`.
  static func read(names: [String]) -> (moments: BundleMoments?, why: String) {
    let all = Set(names)
    func pairs(_ second: String, _ first: String?) -> [Pair] {
      names.compactMap { name in
        guard name.hasSuffix("/\(second)") else { return nil }
        let weight = String(name.dropLast(second.utf8.count + 1))
        let mean = first.map { "\(weight)/\($0)" }
        guard all.contains(weight), mean.map(all.contains) ?? true else { return nil }
        return Pair(weight: weight, first: mean, second: name)
      }
    }
    for name in ["Adam", "AdamW", "AdamWeightDecay"] {
      let adam = pairs("\(name)_1", name)
      if !adam.isEmpty { return (BundleMoments(kind: "adam", pairs: adam), "") }
    }
    // BERT's own optimizer.
    let bert = pairs("adam_v", "adam_m")
    if !bert.isEmpty { return (BundleMoments(kind: "adam", pairs: bert), "") }
    if pairs("RMSProp_2", nil).isEmpty {
      let ones = pairs("RMSProp", nil)
      if !ones.isEmpty { return (BundleMoments(kind: "rmsprop", pairs: ones), "") }
    }
    let sums = pairs("Adagrad", nil)
    if !sums.isEmpty { return (BundleMoments(kind: "adagrad", pairs: sums), "") }
    return (nil, "there is no slot of a known optimizer beside the weights")
  }

  /// Names of TensorFlow 1 that are an optimizer's, not the model's.
  static func isSlot(_ name: String, _ all: Set<String>) -> Bool {
    guard let slash = name.lastIndex(of: "/") else {
      return ["beta1_power", "beta2_power"].contains { name.hasPrefix($0) }
    }
    var leaf = name[name.index(after: slash)...]
    if let mark = leaf.lastIndex(of: "_"), Int(leaf[leaf.index(after: mark)...]) != nil {
      leaf = leaf[..<mark]
    }
    let slots = [
      "Adam", "AdamW", "AdamWeightDecay", "adam_m", "adam_v", "RMSProp", "Momentum", "Adagrad",
      "Adadelta", "Ftrl", "ExponentialMovingAverage", "AdaMax", "LAMB",
    ]
    return slots.contains(String(leaf)) && all.contains(String(name[..<slash]))
      || ["beta1_power", "beta2_power"].contains(String(leaf))
  }
}
