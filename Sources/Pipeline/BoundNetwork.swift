// A probe's graph with a checkpoint's weights in it, over the probe's batch.

import Checkpoints
import Diagnostics
import Information
import Networks
import Tensors

/// A checkpoint's weights in the graph of a probe.
struct BoundNetwork {
  let definition: ProbeDefinition
  let binding: NameBinding
  /// By the graph's names; a tensor that several names share is held once.
  let weights: [String: Tensor]
  let plan: BlockPlan
  private let outputShape: Shape

  private static let blockExamples = 16

  /// Matches names and reads the weights that the graph wants.
  init(_ definition: ProbeDefinition, _ checkpoint: Checkpoint) throws(Problem) {
    self.definition = definition
    let settings = definition.settings
    let tensors = checkpoint.tensors.filter { $0.type.isFloatingPoint && $0.sharedWith == nil }
      .map { ($0.name, $0.shape) }
    let graph = definition.graph.restored(checkpoint: tensors)
    binding = try NameBinding(
      graph: graph, checkpoint: tensors, strip: settings.strip, alias: settings.alias,
      place: checkpoint.path)
    try Self.refuseFolded(binding, graph, checkpoint)
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
    self.weights = weights
    plan = try BlockPlan(
      graph: graph, parameters: weights, inputs: definition.inputs,
      size: Self.blockExamples, checkpointNames: binding.checkpointNames)
    outputShape = try plan.bind(plan.blocks[0]).outputShape
  }

  /// An exporter that optimises folds a batch normalisation into the layer before it: the graph's
  /// weights are then products that no checkpoint holds, under the names of those it does.
  private static func refuseFolded(
    _ binding: NameBinding, _ graph: Graph, _ checkpoint: Checkpoint
  ) throws(Problem) {
    if let statistic = binding.unreached.first(where: { $0.hasSuffix(".running_var") }) {
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

  /// By the checkpoint's names.
  var weightsByCheckpointName: [String: Tensor] {
    var named: [String: Tensor] = [:]
    for (graphName, tensor) in weights { named[checkpointName(graphName)] = tensor }
    return named
  }

  /// The checkpoint's names of an estimate's layers.
  func layerNames(_ estimate: FisherEstimate) -> [String] {
    estimate.layers.indices.map { layer in
      estimate.parameters.first { $0.layer == layer }
        .map { moduleName(of: checkpointName($0.name)) } ?? estimate.layers[layer].name
    }
  }

  /// Values by parameter under every name that the graph has for them.
  func spread(_ values: [String: Tensor]) -> [String: Tensor] {
    var named: [String: Tensor] = [:]
    for (name, tensor) in values { named[checkpointName(name)] = tensor }
    return weights.reduce(into: weights) { spread, entry in
      if let value = named[checkpointName(entry.key)] { spread[entry.key] = value }
    }
  }

  /// The seed of the probe's draws.
  func seed(_ request: ProbeRequest) -> Int { max(request.seed ?? definition.settings.seed, 0) }

  /// The checkpoint's name of a weight of the graph.
  func checkpointName(_ graphName: String) -> String {
    binding.checkpointNames[graphName] ?? graphName
  }

  /// Forward and backward over the whole batch.
  func estimate(_ request: ProbeRequest) throws(Problem) -> FisherEstimate {
    try estimate(try estimator(request))
  }

  /// The same with what the estimator measures changed.
  func estimate(_ estimator: FisherEstimator) throws(Problem) -> FisherEstimate {
    let plan = plan
    return try estimator.estimate(examples: definition.examples, weights: weights) {
      (range) throws(Problem) in try plan.bind(range)
    }
  }

  /// What the probe and the request ask to be measured.
  func estimator(_ request: ProbeRequest) throws(Problem) -> FisherEstimator {
    let settings = definition.settings
    let task: ProbeTask
    if let stated = settings.task {
      task = stated
    } else {
      task = try ProbeTask.told(
        byOutput: outputShape, targets: definition.targets, inputs: definition.inputs)
    }
    let labels = Self.labels(
      request.labels ?? settings.labels, task: task, output: outputShape,
      draws: request.draws ?? settings.draws, seed: request.seed ?? settings.seed)
    var estimator = FisherEstimator(
      task: task, labels: labels, targets: try definition.targets(for: task))
    estimator.threads = request.threads
    estimator.blockExamples = plan.blocks[0].count
    return estimator
  }

  /// Every layer's output over the whole batch, `[N, features]`: a forward pass and no more.
  func recordings(threads: Int) throws(Problem) -> [Tensor] {
    let plan = plan
    var values: [[Float]] = []
    try forEachBlock(count: plan.blocks.count, threads: threads) {
      (block) throws(Problem) -> [[Float]] in
      let network = try plan.bind(plan.blocks[block])
      _ = try network.forward()
      return network.layers.indices.map { network.recording(ofLayer: $0).values }
    } combine: { (_, block) throws(Problem) in
      if values.isEmpty { values = [[Float]](repeating: [], count: block.count) }
      for layer in values.indices { values[layer] += block[layer] }
    }
    return values.map {
      Tensor(shape: Shape([definition.examples, $0.count / definition.examples]), values: $0)
    }
  }

  private static func labels(
    _ stated: ProbeSettings.Labels?, task: ProbeTask, output: Shape, draws: Int, seed: Int
  ) -> LabelPlan {
    let seed = UInt64(max(seed, 0))
    switch stated {
    case .exact: return .exact
    case .sampled: return .sampled(draws: draws, seed: seed)
    case nil:
      let standard = LabelPlan.standard(for: task, output: output, seed: seed)
      if case .sampled = standard { return .sampled(draws: draws, seed: seed) }
      return standard
    }
  }
}
