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
  /// By the graph's names.
  let weights: [String: Tensor]

  /// Matches names and reads the weights that the graph wants.
  init(_ definition: ProbeDefinition, _ checkpoint: Checkpoint) throws(Problem) {
    self.definition = definition
    binding = try NameBinding(
      graph: definition.graph,
      checkpoint: checkpoint.tensors.map { ($0.name, $0.shape) },
      strip: definition.settings.strip, alias: definition.settings.alias,
      place: checkpoint.path)
    let stored = Dictionary(
      checkpoint.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var weights: [String: Tensor] = [:]
    for (graphName, checkpointName) in binding.checkpointNames {
      guard let tensor = stored[checkpointName] else { continue }
      weights[graphName] = try checkpoint.read(tensor)
    }
    self.weights = weights
  }

  /// By the checkpoint's names.
  var weightsByCheckpointName: [String: Tensor] {
    var named: [String: Tensor] = [:]
    for (graphName, tensor) in weights {
      named[binding.checkpointNames[graphName] ?? graphName] = tensor
    }
    return named
  }

  /// Forward and backward over the whole batch.
  func estimate(_ request: ProbeRequest) throws(Problem) -> FisherEstimate {
    let settings = definition.settings
    let graph = definition.graph
    let weights = weights
    let inputs = definition.inputs
    let single = try Network(
      graph: graph, parameters: weights, inputs: inputs.mapValues { $0.examples(0..<1) })
    let task: ProbeTask
    if let stated = settings.task {
      task = stated
    } else {
      task = try ProbeTask.told(byOutput: single.outputShape, targets: definition.targets)
    }
    let plan = Self.plan(
      request.labels ?? settings.labels, task: task, output: single.outputShape,
      draws: request.draws ?? settings.draws, seed: request.seed ?? settings.seed)
    var estimator = FisherEstimator(
      task: task, labels: plan, targets: definition.targets ?? Self.nextTokens(task, inputs))
    estimator.threads = request.threads
    if single.requiresSingleExamples { estimator.blockExamples = 1 }
    return try estimator.estimate(examples: definition.examples, weights: weights) {
      (range) throws(Problem) in
      try Network(
        graph: graph, parameters: weights, inputs: inputs.mapValues { $0.examples(range) })
    }
  }

  /// Every layer's output over the whole batch, `[N, features]`: a forward pass and no more.
  func recordings() throws(Problem) -> [Tensor] {
    let blockExamples = 32
    var values: [[Float]] = []
    var start = 0
    while start < definition.examples {
      let single = try network(0..<1)
      let size = single.requiresSingleExamples ? 1 : blockExamples
      let range = start..<min(start + size, definition.examples)
      let block = try network(range)
      _ = try block.forward()
      if values.isEmpty { values = [[Float]](repeating: [], count: block.layers.count) }
      for layer in values.indices {
        values[layer] += block.recording(ofLayer: layer).values
      }
      start = range.upperBound
    }
    return values.map {
      Tensor(shape: Shape([definition.examples, $0.count / definition.examples]), values: $0)
    }
  }

  private func network(_ range: Range<Int>) throws(Problem) -> Network {
    try Network(
      graph: definition.graph, parameters: weights,
      inputs: definition.inputs.mapValues { $0.examples(range) })
  }

  /// A language model's target is its own input.
  private static func nextTokens(_ task: ProbeTask, _ inputs: [String: BatchArray]) -> BatchArray? {
    guard task == .languageModel else { return nil }
    let tokens = inputs.values.filter { if case .integer = $0 { true } else { false } }
    return inputs["input_ids"] ?? (tokens.count == 1 ? tokens[0] : nil)
  }

  private static func plan(
    _ labels: ProbeSettings.Labels?, task: ProbeTask, output: Shape, draws: Int, seed: Int
  ) -> LabelPlan {
    let seed = UInt64(max(seed, 0))
    switch labels {
    case .exact: return .exact
    case .sampled: return .sampled(draws: draws, seed: seed)
    case nil:
      let standard = LabelPlan.standard(for: task, output: output, seed: seed)
      if case .sampled = standard { return .sampled(draws: draws, seed: seed) }
      return standard
    }
  }
}

extension BatchArray {
  /// The examples of a range.
  func examples(_ range: Range<Int>) -> BatchArray {
    let extents = [range.count] + shape.dimensions.dropFirst()
    let slab = shape.count / max(leadingExtent, 1)
    let elements = range.lowerBound * slab..<range.upperBound * slab
    switch self {
    case .real(let tensor):
      return .real(Tensor(shape: Shape(extents), values: Array(tensor.values[elements])))
    case .integer(let tensor):
      return .integer(
        IntegerTensor(shape: Shape(extents), values: Array(tensor.values[elements])))
    }
  }
}
