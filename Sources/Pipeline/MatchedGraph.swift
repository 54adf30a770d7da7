// A probe's graph and a checkpoint brought together by their names, before anything is read: which array is
// which, what is shared, what training leaves as it is, and what stands in the way.

import Checkpoints
import Diagnostics
import Networks
import Tensors

/// A graph as a checkpoint would have it.
struct MatchedGraph {
  /// With the shapes and sharing of the checkpoint's tensors, and the weights frozen that are.
  let graph: Graph
  let binding: NameBinding
  /// What was chosen or doubted.
  let notes: [(code: String, text: String)]
  /// The checkpoint's names of weights that training leaves as they are.
  let frozen: Set<String>

  /// Matches names.
  ///
  /// - Throws: what `NameBinding` does; `folded-normalisation`, `folded-weight` where the graph holds products that
  ///   no checkpoint has; `nothing-trained`.
  init(_ definition: ProbeDefinition, _ checkpoint: Checkpoint) throws(Problem) {
    let settings = definition.settings
    let tensors = checkpoint.tensors.filter {
      $0.type.isFloatingPoint && !$0.isTied && !$0.isComputed
    }
    .map { ($0.name, $0.shape) }
    let twins = Self.twins(in: checkpoint)
    let restored = definition.graph.restored(checkpoint: tensors, shared: twins)
    // A graph that names both of two tensors in one storage means the one.
    let wanted = Set(restored.initializers.map(\.name))
    let tied = twins.filter { wanted.contains($0.key) && wanted.contains($0.value) }
    binding = try NameBinding(
      graph: restored, checkpoint: tensors, strip: settings.strip,
      alias: settings.alias.merging(tied) { stated, _ in stated },
      kept: definition.keptShapes, place: checkpoint.path)
    try Self.refuseFolded(binding, restored, checkpoint)
    let names = binding.checkpointNames
    let (graph, unreached) = restored.freezing(
      settings.frozen + binding.kept.sorted(), checkpointNames: names)
    if !settings.frozen.isEmpty, !graph.weights.contains(where: \.isTrained) {
      throw Problem(
        "nothing-trained", at: definition.graph.path, "every weight that it reads is frozen",
        remedy: "leave out of frozen in probe.yaml what is trained")
    }
    self.graph = graph
    frozen = Set(
      graph.initializers.filter { $0.role == .frozen }.compactMap { names[$0.name] })
    notes =
      binding.notes + definition.keptNote(binding.kept)
      + Self.unknown(unreached, definition, checkpoint)
  }

  /// The first of two tensors in one storage, by the other's name.
  private static func twins(in checkpoint: Checkpoint) -> [String: String] {
    let shared = checkpoint.tensors.filter(\.isTied).compactMap { tensor in
      tensor.sharedWith.map { (tensor.name, $0) }
    }
    return Dictionary(shared, uniquingKeysWith: { first, _ in first })
  }

  /// What `frozen` names and neither has. The graph need not use all that the checkpoint and the probe hold.
  private static func unknown(
    _ unreached: [String], _ definition: ProbeDefinition, _ checkpoint: Checkpoint
  ) -> [(code: String, text: String)] {
    let held = checkpoint.tensors + (definition.kept?.tensors ?? [])
    return unreached.filter { name in
      !held.contains { $0.name == name || $0.name.hasPrefix(name + ".") }
    }
    .map {
      (
        "frozen-unknown",
        "neither graph nor checkpoint has a weight \($0) or below it: see frozen in probe.yaml"
      )
    }
  }

  /// An exporter that optimises folds a batch normalisation into the layer before it: the graph's
  /// weights are then products that no checkpoint holds, under the names of those it does.
  private static func refuseFolded(
    _ binding: NameBinding, _ graph: Graph, _ checkpoint: Checkpoint
  ) throws(Problem) {
    if let statistic = binding.foldedStatistic(besides: graph.unread) {
      throw Problem(
        "folded-normalisation", at: graph.path,
        "the graph does not read \"\(statistic)\" of \(checkpoint.path): its normalisation was "
          + "folded into another layer's weights", remedy: Graph.exportAgain)
    }
    let lost = Set(graph.lostParameters)
    let name = binding.unreached.first { name in
      lost.contains { name == $0 || name.hasSuffix("." + $0) }
    }
    guard let name else { return }
    throw Problem(
      "folded-weight", at: graph.path,
      "the network uses \"\(name)\" of \(checkpoint.path), and no array of the graph stands for it: "
        + "it was merged with another or left out for the values that it had",
      remedy: Graph.exportAgain)
  }

  /// Reads the weights, by the graph's names; a tensor that several names share is read and held once.
  ///
  /// - Returns: beside them, how many numbers they are.
  func weights(
    of checkpoint: Checkpoint, _ definition: ProbeDefinition
  ) throws(Problem) -> (weights: [String: Tensor], elements: Int) {
    let stored = Dictionary(
      checkpoint.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var read: [String: Tensor] = [:]
    var weights: [String: Tensor] = [:]
    for (graphName, name) in binding.checkpointNames {
      guard let tensor = stored[name] else { continue }
      let values: Tensor
      if let known = read[name] { values = known } else { values = try checkpoint.read(tensor) }
      read[name] = values
      weights[graphName] = values
    }
    let kept = try definition.keptWeights(binding.kept)
    weights.merge(kept.weights) { $1 }
    return (weights, read.values.reduce(kept.elements) { $0 + $1.shape.count })
  }
}
