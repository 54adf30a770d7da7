// A probe's graph with a checkpoint's weights in it, over the probe's batch.

import Checkpoints
import Diagnostics
import Information
import Networks
import Tensors
import Threads

/// A checkpoint's weights in the graph of a probe.
struct BoundNetwork {
  let definition: ProbeDefinition
  let binding: NameBinding
  /// What was chosen or doubted in binding.
  let notes: [(code: String, text: String)]
  /// The checkpoint's names of weights that training leaves as they are.
  let frozen: Set<String>
  /// By the graph's names; a tensor that several names share is held once.
  let weights: [String: Tensor]
  let plan: BlockPlan
  private let task: ProbeTask
  private let targets: BatchArray?
  private let labels: LabelPlan

  /// Matches names, reads the weights that the graph wants, and plans how they are measured.
  init(
    _ definition: ProbeDefinition, _ checkpoint: Checkpoint, _ request: ProbeRequest
  ) throws(Problem) {
    self.definition = definition
    let settings = definition.settings
    let matched = try MatchedGraph(definition, checkpoint)
    (binding, notes, frozen) = (matched.binding, matched.notes, matched.frozen)
    let read = try matched.weights(of: checkpoint, definition)
    weights = read.weights
    let plan = try BlockPlan(
      graph: matched.graph, parameters: weights, inputs: definition.inputs, size: .atMost(1),
      checkpointNames: binding.checkpointNames)
    if let stated = settings.task {
      task = stated
    } else {
      task = try ProbeTask.told(
        byOutput: plan.outputShape, targets: definition.targets, inputs: definition.inputs)
    }
    targets = try definition.targets(for: task)
    labels = Self.labels(
      request.labels ?? settings.labels, task: task, output: plan.outputShape,
      draws: Self.draws(request, settings), seed: request.seed ?? settings.seed)
    self.plan = plan.resized(
      request.blockSize(
        isLimited: (request.budget ?? settings.budget).isLimited,
        parameterBytes: read.elements * MemoryLayout<Float>.stride,
        cotangents: FisherEstimator.cotangents(
          labels, classes: task.classes(of: plan.outputShape))))
  }

  /// The checkpoint's names of an estimate's layers.
  func layerNames(_ estimate: FisherEstimate) -> [String] { estimate.layers.map(\.name) }

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

  /// The blocks of the whole batch.
  var blocks: BoundBlocks { BoundBlocks(plan) }

  /// Forward and backward over the whole batch, and the (median) seconds that it took.
  ///
  /// - Parameter blocks: some may have their forward pass already.
  func estimate(
    _ request: ProbeRequest, _ blocks: BoundBlocks, secondTemperature: Double? = nil
  ) throws(Problem) -> (estimate: FisherEstimate, seconds: Double) {
    var estimator = estimator(request)
    estimator.secondTemperature = secondTemperature
    let measured = estimator
    let weights = request.measures == .trace ? [:] : weights
    let pass = { (kept: Bool) throws(Problem) -> FisherEstimate in
      try self.estimate(measured, weights) { (range) throws(Problem) in
        try kept ? blocks.kept(range) : blocks.taken(range)
      }
    }
    // A first pass over kept networks touches their memory for the first time.
    if request.repeats > 1 { _ = try pass(true) }
    var seconds: [Double] = []
    var estimate = try timed(&seconds) { () throws(Problem) in try pass(request.repeats > 1) }
    for _ in 1..<max(1, request.repeats) {
      estimate = try timed(&seconds) { () throws(Problem) in try pass(true) }
    }
    return (estimate, seconds.sorted()[seconds.count / 2])
  }

  /// Forward and backward over the whole batch, with what the estimator measures changed.
  func estimate(_ estimator: FisherEstimator) throws(Problem) -> FisherEstimate {
    let plan = plan
    return try estimate(estimator, weights) { (range) throws(Problem) in try plan.bind(range) }
  }

  private func estimate(
    _ estimator: FisherEstimator, _ weights: [String: Tensor],
    _ network: @escaping @Sendable (Range<Int>) throws(Problem) -> any DifferentiableNetwork
  ) throws(Problem) -> FisherEstimate {
    try estimator.estimate(examples: definition.examples, weights: weights, network: network)
  }

  /// What the probe and the request ask to be measured.
  func estimator(_ request: ProbeRequest) -> FisherEstimator {
    var estimator = FisherEstimator(
      task: task, labels: labels, targets: targets)
    estimator.sampling = request.sampling
    estimator.threads = request.threads
    estimator.budget = request.budget ?? definition.settings.budget
    estimator.blockExamples = plan.blocks[0].count
    if request.measures == .trace { estimator.measuresOnlyTrace() }
    return estimator
  }

  /// The same for the examples and labels of another estimate, whatever they cost.
  func estimator(_ request: ProbeRequest, like estimate: FisherEstimate) -> FisherEstimator {
    var estimator = estimator(request)
    estimator.budget = EstimationBudget()
    estimator.exampleLimit = estimate.exampleCount
    estimator.labels = estimate.labels
    return estimator
  }

  /// Every layer's output over the first examples, `[N, features]`: a forward pass and no more.
  func recordings(examples: Int, threads: Int) throws(Problem) -> [Tensor] {
    let plan = plan
    let blocks = plan.forwardBlocks(examples: examples)
    var values: [[Float]] = []
    try forEachBlock(count: blocks.count, threads: threads) {
      (block) throws(Problem) -> [[Float]] in
      let network = try plan.bind(blocks[block])
      _ = try network.forward()
      return network.layers.indices.map { network.recording(ofLayer: $0).values }
    } combine: { (_, block) throws(Problem) in
      if values.isEmpty {
        values = block.map { layer in
          var recording: [Float] = []
          recording.reserveCapacity(layer.count / max(blocks[0].count, 1) * examples)
          return recording
        }
      }
      for layer in values.indices { values[layer] += block[layer] }
    }
    return values.map {
      Tensor(shape: Shape([examples, $0.count / examples]), values: $0)
    }
  }

  /// Two draws at least where a precision is asked for: one does not tell its own error.
  private static func draws(_ request: ProbeRequest, _ settings: ProbeSettings) -> Int {
    let draws = request.draws ?? settings.draws
    return (request.budget ?? settings.budget).precision == nil ? draws : max(draws, 2)
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

private func timed<Result>(
  _ seconds: inout [Double], _ body: () throws(Problem) -> Result
) throws(Problem) -> Result {
  let start = ContinuousClock.now
  let result = try body()
  let elapsed = (ContinuousClock.now - start).components
  seconds.append(Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
  return result
}
