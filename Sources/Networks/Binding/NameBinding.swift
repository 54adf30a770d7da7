// Which tensor of a checkpoint is which weight of the graph: exact names, else one prefix that makes
// them match, else the only tensor left of that shape. Every choice is told, every doubt refused.
public import Diagnostics
public import Tensors

/// A correspondence of names.
public struct NameBinding: Sendable {
  /// A name with its shape.
  typealias Named = (name: String, shape: Shape)

  /// Graph name → checkpoint name. Weights of the graph that are left out, and not kept, keep the
  /// graph's own values.
  public let checkpointNames: [String: String]
  /// Weights of the graph that the checkpoint lacks and the probe keeps.
  public let kept: Set<String>
  /// What was decided beyond equal names: a finding's code and one sentence.
  public let notes: [(code: String, text: String)]
  /// Tensors of the checkpoint that the graph does not read, in the checkpoint's order.
  public let unreached: [String]

  /// Matches a graph with a checkpoint.
  ///
  /// - Parameters:
  ///   - graph: the graph whose weights are wanted.
  ///   - checkpoint: the checkpoint's tensors of real numbers.
  ///   - strip: a prefix of checkpoint names to drop; nil tries prefixes that occur.
  ///   - alias: graph name → checkpoint name, before everything else.
  ///   - kept: the graph's names of weights that the probe keeps, for where the checkpoint lacks them.
  ///   - place: the checkpoint's path, for messages.
  /// - Throws: `unknown-alias`, `unknown-prefix`, `ambiguous-names`, `missing-weight`, `shape-mismatch`.
  public init(
    graph: Graph, checkpoint: [(name: String, shape: Shape)], strip: String? = nil,
    alias: [String: String] = [:], kept: [String: Shape] = [:], place: String
  ) throws(Problem) {
    let weights = graph.weights.filter { $0.role != .table }
    let path = place
    let shapes = Dictionary(
      checkpoint.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    var names: [String: String] = [:]
    var notes: [(code: String, text: String)] = []
    for (weight, name) in alias.sorted(by: { $0.key < $1.key }) {
      guard let wanted = weights.first(where: { $0.name == weight }) else {
        throw NameBinding.problem(
          "unknown-alias", path, weight, "the graph has no weight of that name",
          "correct names.alias in probe.yaml")
      }
      guard shapes[name] == wanted.shape else {
        throw NameBinding.problem(
          "unknown-alias", path, weight,
          "\"\(name)\" is \(shapes[name].map(\.description) ?? "not in the checkpoint"), "
            + "\(wanted.shape) is needed", "correct names.alias in probe.yaml")
      }
      names[weight] = name
    }
    if let (weight, name) = names.min(by: { $0.key < $1.key }) {
      let others = names.count > 1 ? ", and so are \(names.count - 1) more of other names" : ""
      notes.append(("name-alias", "\(weight) is the checkpoint's \(name), by alias\(others)"))
    }
    let open = weights.filter { names[$0.name] == nil }
    let isKept = { (weight: GraphInitializer) in kept[weight.name] == weight.shape }
    // Where it keeps all that is open, a checkpoint may still hold that too.
    let sought = open.contains { !isKept($0) } ? open.filter { !isKept($0) } : open
    let rename = try NameBinding.rename(
      sought.map { ($0.name, $0.shape) }, shapes, strip: strip, path: path)
    for weight in open {
      let name = rename.apply(weight.name)
      if shapes[name] == weight.shape { names[weight.name] = name }
    }
    if let note = rename.note { notes.append(("name-prefix", note)) }
    let missing = open.filter { names[$0.name] == nil }
    self.kept = Set(missing.filter(isKept).map(\.name))
    try NameBinding.matchShapes(
      missing.filter { !isKept($0) }, checkpoint, shapes, rename, path, &names, &notes)
    let reached = Set(names.values)
    for (weight, name) in names.sorted(by: { $0.key < $1.key }) {
      if let mask = Self.mask(ofPruned: name, shapes), !reached.contains(mask) {
        throw Self.pruned(path, weight, name, mask)
      }
    }
    checkpointNames = names
    self.notes = notes
    unreached = checkpoint.map(\.name).filter { !reached.contains($0) }
  }

  /// How graph names become checkpoint names.
  private enum Rename: Hashable {
    case same
    /// The checkpoint puts this before the graph's names.
    case add(String)
    /// The graph puts this before the checkpoint's names.
    case drop(String)

    func apply(_ name: String) -> String {
      switch self {
      case .same: name
      case .add(let prefix): prefix + name
      case .drop(let prefix):
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
      }
    }

    var note: String? {
      switch self {
      case .same: nil
      case .add(let prefix): "checkpoint names have the prefix \(prefix)"
      case .drop(let prefix): "graph names have the prefix \(prefix)"
      }
    }
  }

  /// The one renaming under which most weights are found with their shapes.
  private static func rename(
    _ weights: [Named], _ shapes: [String: Shape], strip: String?, path: String
  ) throws(Problem) -> Rename {
    if let strip, !strip.isEmpty {
      guard weights.isEmpty || shapes.keys.contains(where: { $0.hasPrefix(strip) }) else {
        throw problem(
          "unknown-prefix", path, strip + weights[0].name,
          "no tensor of the checkpoint has a name that begins with \"\(strip)\"",
          "correct names.strip in probe.yaml")
      }
      return .add(strip)
    }
    func found(_ rename: Rename) -> Int {
      weights.filter { shapes[rename.apply($0.name)] == $0.shape }.count
    }
    let exact = found(.same)
    if exact == weights.count { return .same }
    // Candidates are prefixes that occur: a name on one side that ends in a name of the other.
    var candidates: Set<Rename> = []
    let graphNames = Set(weights.map(\.name))
    for name in shapes.keys {
      for cut in cuts(name) where graphNames.contains(cut.rest) {
        candidates.insert(.add(cut.prefix))
      }
    }
    for name in graphNames {
      for cut in cuts(name) where shapes[cut.rest] != nil { candidates.insert(.drop(cut.prefix)) }
    }
    var best: [Rename] = [.same]
    var most = exact
    for candidate in candidates {
      let count = found(candidate)
      if count > most {
        best = [candidate]
        most = count
      } else if count == most, count > 0 {
        best.append(candidate)
      }
    }
    if best.contains(.same) { return .same }
    guard best.count == 1 else {
      throw problem(
        "ambiguous-names", path, weights[0].name,
        "several prefixes fit equally well: "
          + best.compactMap(\.note).sorted().joined(separator: ", "),
        "say which with names.strip in probe.yaml")
    }
    return best[0]
  }

  /// A name cut after each of its dots.
  private static func cuts(_ name: String) -> [(prefix: String, rest: String)] {
    name.indices.filter { name[$0] == "." }.map { dot in
      let rest = name.index(after: dot)
      return (String(name[..<rest]), String(name[rest...]))
    }
  }

  /// Weights that no name reaches: the only tensor left of their shape, or the graph's own values.
  private static func matchShapes(
    _ missing: [GraphInitializer], _ checkpoint: [Named], _ shapes: [String: Shape],
    _ rename: Rename, _ path: String, _ names: inout [String: String],
    _ notes: inout [(code: String, text: String)]
  ) throws(Problem) {
    let taken = Set(names.values)
    let left = checkpoint.filter { !taken.contains($0.name) }
    for weight in missing {
      // Tables that the exporter made have no module in their name, and no tensor in a checkpoint.
      let isModule = weight.name.contains(".")
      let candidates = isModule ? left.filter { $0.shape == weight.shape } : []
      let rivals = missing.filter { $0.name.contains(".") && $0.shape == weight.shape }
      // Of another shape under its own name, it is another network's.
      let name = rename.apply(weight.name)
      let own = shapes[name]
      if candidates.count == 1, rivals.count == 1, own == nil {
        names[weight.name] = candidates[0].name
        notes.append(
          (
            "name-by-shape",
            "\(weight.name) is the checkpoint's \(candidates[0].name), the only tensor left of shape "
              + weight.shape.description
          ))
      } else if candidates.isEmpty, weight.hasValues, !isLearned(weight) {
        if weight.isFoldedOperand {
          throw problem(
            "folded-weight", path, weight.name,
            "the exporter computed it from weights that it does not name", Graph.exportAgain)
        }
        if let folded = foldedFrom(weight, left) {
          throw problem(
            "folded-weight", path, weight.name,
            "it may be made of \"\(folded)\", which the graph does not read", Graph.exportAgain)
        }
        notes.append(
          (
            "graph-values",
            "\(weight.name) keeps the graph's own values, the checkpoint has none"
          ))
      } else if let mask = mask(ofPruned: "\(name)_orig", shapes) {
        throw pruned(path, weight.name, "\(name)_orig", mask)
      } else if let own {
        throw problem(
          "shape-mismatch", path, weight.name,
          "the graph expects \(weight.shape), the checkpoint's is \(own)",
          "export the graph of this very network")
      } else if candidates.isEmpty {
        let isAdapter = checkpoint.contains { $0.name.contains(".lora_A.") }
        throw problem(
          "missing-weight", path, weight.name, "the checkpoint has no tensor for it",
          isAdapter
            ? "the checkpoint is an adapter without the weights that it adapts: make the probe with "
              + "keep_frozen=True, or save the merged model"
            : isModule
              ? "name one under names.alias in probe.yaml, or export the graph of this very network"
              : Graph.exportAgain)
      } else {
        throw problem(
          "ambiguous-names", path, weight.name,
          "it could be " + candidates.map(\.name).joined(separator: " or ")
            + (rivals.count > 1 ? ", and so could \(rivals.count - 1) more" : ""),
          "say which under names.alias in probe.yaml")
      }
    }
  }

  /// torch.nn.utils.prune keeps a weight as `weight_orig` and `weight_mask`, whose product is what the network
  /// computes with.
  private static func mask(ofPruned name: String, _ shapes: [String: Shape]) -> String? {
    guard name.hasSuffix("_orig"), let shape = shapes[name] else { return nil }
    let mask = "\(name.dropLast(5))_mask"
    return shapes[mask] == shape ? mask : nil
  }

  private static func pruned(
    _ path: String, _ weight: String, _ name: String, _ mask: String
  ) -> Problem {
    problem(
      "pruned-weight", path, weight,
      "it is \"\(name)\" times \"\(mask)\", which the graph does not do",
      "export the graph of the pruned network, for the checkpoints since it was pruned")
  }

  /// Whether an array is learned state, which only a checkpoint may supply. What is left are tables
  /// that a module computes and does not save (rotary angles, masks).
  private static func isLearned(_ weight: GraphInitializer) -> Bool {
    switch weight.role {
    case .parameter, .frozen: true
    case .buffer, .table: false
    case .unstated: isLearned(weight.name)
    }
  }

  private static func isLearned(_ name: String) -> Bool {
    guard name.contains("."), let last = name.split(separator: ".").last else { return false }
    return ["weight", "bias", "running_", "gamma", "beta", "token", "embed"].contains {
      last.contains($0)
    }
  }

  /// A learned tensor that the graph does not read and that an optimising exporter has, or may have,
  /// computed this nameless array from.
  private static func foldedFrom(_ weight: GraphInitializer, _ left: [Named]) -> String? {
    guard !weight.name.contains("."), weight.shape.count > 1 else { return nil }
    if let sources = weight.foldedFrom {
      return left.first { tensor in
        let parts = tensor.name.split(separator: ".")
        return parts.indices.contains { start in
          sources.contains("'\(parts[start...].joined(separator: "."))'")
        }
      }?.name
    }
    return left.first { tensor in
      isLearned(tensor.name) && tensor.shape.count == weight.shape.count
    }?.name
  }

  private static func problem(
    _ code: String, _ path: String, _ weight: String, _ what: String, _ remedy: String
  ) -> Problem {
    Problem(code, at: "\(path): weight \"\(weight)\"", what, remedy: remedy)
  }
}
