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
  /// By the checkpoint's names.
  let weights: [String: Tensor]
  private let parameters: NetworkParameters
  /// Examples that one network takes at once: 1 where the graph moves the batch axis.
  private let blockExamples: Int
  private let outputShape: Shape

  /// Matches names and reads the weights that the graph wants.
  init(_ definition: ProbeDefinition, _ checkpoint: Checkpoint) throws(Problem) {
    self.definition = definition
    let settings = definition.settings
    binding = try NameBinding(
      graph: definition.graph,
      checkpoint: checkpoint.tensors.filter { $0.type.isFloatingPoint && $0.sharedWith == nil }
        .map { NameBinding.Tensor(name: $0.name, shape: $0.shape) },
      strip: settings.strip, alias: settings.alias)
    let stored = Dictionary(
      checkpoint.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var weights: [String: Tensor] = [:]
    parameters = try NetworkParameters(graph: definition.graph, names: binding.names) {
      (name) throws(Problem) in
      if let known = weights[name] { return known }
      guard let tensor = stored[name] else {
        throw Problem(
          "missing-weight", at: checkpoint.path, "it holds no \"\(name)\"",
          remedy: "use the probe of this network, or state names in probe.yaml")
      }
      let values = try checkpoint.read(tensor)
      weights[name] = values
      return values
    }
    self.weights = weights
    (blockExamples, outputShape) = try Self.examine(definition, parameters)
  }

  private static let standardBlock = 16

  /// How many examples a network of this graph takes at once, and what one example's output is.
  private static func examine(_ definition: ProbeDefinition, _ parameters: NetworkParameters)
    throws(Problem) -> (Int, Shape)
  {
    let block = min(standardBlock, definition.examples)
    do {
      let network = try network(definition, parameters, 0..<block)
      return (block, network.outputShape)
    } catch where error.code == "examples-moved" {
      return (1, try network(definition, parameters, 0..<1).outputShape)
    }
  }

  private static func network(
    _ definition: ProbeDefinition, _ parameters: NetworkParameters, _ range: Range<Int>
  ) throws(Problem) -> Network {
    try Network(
      graph: definition.graph, parameters: parameters,
      inputs: definition.inputs.mapValues { $0.examples(range) })
  }

  /// Forward and backward over the whole batch.
  func estimate(_ request: ProbeRequest) throws(Problem) -> FisherEstimate {
    let (definition, parameters) = (definition, parameters)
    let settings = definition.settings
    let task: ProbeTask
    if let stated = settings.task {
      task = stated
    } else {
      task = try ProbeTask.told(byOutput: outputShape, targets: definition.targets)
    }
    let plan = Self.plan(
      request.labels ?? settings.labels, task: task, output: outputShape,
      draws: request.draws ?? settings.draws, seed: request.seed ?? settings.seed)
    var estimator = FisherEstimator(
      task: task, labels: plan,
      targets: definition.targets ?? Self.nextTokens(task, definition.inputs))
    estimator.threads = request.threads
    estimator.blockExamples = blockExamples
    return try estimator.estimate(examples: definition.examples, weights: weights) {
      (range) throws(Problem) in
      try Self.network(definition, parameters, range)
    }
  }

  /// Every layer's output over the whole batch, `[N, features]`: a forward pass and no more.
  func recordings() throws(Problem) -> [Tensor] {
    var values: [[Float]] = []
    var start = 0
    while start < definition.examples {
      let range = start..<min(start + blockExamples, definition.examples)
      let block = try Self.network(definition, parameters, range)
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
