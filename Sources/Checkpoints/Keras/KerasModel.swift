// From the groups of a Keras 3 weights file to a checkpoint: the model's tensors, the step, and the
// moments by parameter, or why not.
internal import Diagnostics
internal import Tensors

extension KerasWeights {
  /// The moments matched to the model's tensors. Returns also why there are none, or by what they
  /// were matched.
  func moments(config: JSONValue?, step: Int?) -> (moments: Moments?, how: String) {
    let (optimizer, why) = KerasOptimizer.read(
      variables, name: optimizerName, config: config?["compile_config"]?["optimizer"],
      weights: tensors.filter { !$0.isBuffer }.map(\.shape))
    guard let optimizer else { return (nil, why) }
    let wanted = optimizer.moments.map(\.second.shape)
    let groups = layerGroups(of: tensors)
      .map { (layer: $0.layer, indices: $0.indices.filter { !tensors[$0].isBuffer }) }
      .filter { !$0.indices.isEmpty }
    // The configuration's order comes first, when it fits.
    if let config, let order = order(of: groups, config: config) {
      let parameters = order.flatMap { groups[$0].indices }.map { tensors[$0] }
      if parameters.map(\.shape) == wanted {
        return (optimizer.moments(of: parameters, step: step), "configuration")
      }
    }
    let matching = KerasMatching(
      moments: wanted, layers: groups.map { $0.indices.map { tensors[$0].shape } },
      chains: chains(of: groups.map(\.layer)))
    switch matching.match() {
    case .none: return (nil, "the shapes of its moments do not fit the variables in any order")
    case .several: return (nil, "several orders of the layers fit the shapes of its moments")
    case .one(let order):
      let parameters = order.flatMap { groups[$0].indices }.map { tensors[$0] }
      return (optimizer.moments(of: parameters, step: step), "shapes")
    }
  }

  /// Layers of one class in one container are counted in the model's order.
  private func chains(of layers: [String]) -> [[Int]] {
    var chains: [String: [Int]] = [:]
    var keys: [String] = []
    for (index, layer) in layers.enumerated() {
      let parts = layer.split(separator: "/")
      let container = parts.dropLast().joined(separator: "/")
      let isCounted = parts.count >= 2 && Self.containers.contains(String(parts[parts.count - 2]))
      let key = isCounted ? "\(container)/\(Self.stem(of: layer).name)" : layer
      if chains[key] == nil { keys.append(key) }
      chains[key, default: []].append(index)
    }
    return keys.compactMap { key in
      chains[key]?.sorted { Self.stem(of: layers[$0]).number < Self.stem(of: layers[$1]).number }
    }
  }

  private static let containers = ["layers", "_layer_checkpoint_dependencies"]

  /// The groups in the order in which the configuration lists their layers, without frozen ones; nil
  /// when a layer cannot be found.
  private func order(
    of groups: [(layer: String, indices: [Int])], config: JSONValue
  ) -> [Int]? {
    // Groups say the name of their layer.
    var paths: [String: String] = [:]
    for (path, attributes) in tree.attributes {
      guard path.hasSuffix("/vars"), let name = attributes["name"]?.first else { continue }
      guard paths.updateValue(String(path.dropLast(5)), forKey: name) == nil else { return nil }
    }
    var names: [String] = []
    guard Self.collect(config, into: &names, depth: 0) else { return nil }
    var order: [Int] = []
    var used: Set<Int> = []
    // By the layer and by every layer around it.
    var byPath: [String: [Int]] = [:]
    for (index, group) in groups.enumerated() {
      var path = group.layer[...]
      byPath[String(path), default: []].append(index)
      while let slash = path.lastIndex(of: "/") {
        path = path[..<slash]
        byPath[String(path), default: []].append(index)
      }
    }
    for name in names {
      guard let own = paths[name].map({ byPath[$0] ?? [] }) else { continue }
      guard own.count <= 1, own.allSatisfy({ used.insert($0).inserted }) else { return nil }
      order += own
    }
    return order
  }

  /// Names of the trainable layers, nested models taken apart. False when it goes too deep.
  private static func collect(_ model: JSONValue, into names: inout [String], depth: Int) -> Bool {
    guard depth < 32, let layers = model["config"]?["layers"]?.elements, !layers.isEmpty else {
      return false
    }
    for layer in layers {
      let settings = layer["config"]
      guard settings?["trainable"]?.bool != false else { continue }
      if settings?["layers"] != nil {
        guard collect(layer, into: &names, depth: depth + 1) else { return false }
      } else if let name = settings?["name"]?.text ?? layer["name"]?.text {
        names.append(name)
      }
    }
    return true
  }
}

extension Checkpoint {
  /// Takes over what a Keras 3 weights file holds.
  mutating func take(_ weights: KerasWeights, config: JSONValue?) throws(Problem) {
    findings += weights.tree.findings
    var facts = TrainingFacts()
    let settings = config?["compile_config"]?["optimizer"]?["config"]
    if let counter = weights.variables.first,
      let count = try integer(counter), count >= 0
    {
      // It counts batches, of which several make a step where gradients are summed.
      let batches = settings?["gradient_accumulation_steps"]?.int ?? 1
      (facts.step, facts.stepSource) = (count / max(batches, 1), counter.name)
    }
    if weights.variables.count > 1 { facts.learningRate = try real(weights.variables[1]) }
    facts.complete(optimizer: nil, path: path)
    take(facts)
    for key in ["clipnorm", "global_clipnorm"] {
      if let norm = settings?[key]?.double, norm >= 0 { gradientClipping = norm }
    }
    guard !weights.variables.isEmpty else {
      findings.append(
        Finding("no-moments", at: path, "the optimizer's variables are not in the file"))
      return
    }
    let (moments, how) = weights.moments(config: config, step: step)
    self.moments = moments
    if moments == nil {
      findings.append(
        Finding("no-moments", at: path, "the optimizer's moments are not used: \(how)"))
    }
  }
}
