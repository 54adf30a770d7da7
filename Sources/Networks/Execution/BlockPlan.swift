// A whole batch cut into blocks of examples, each bound to its own network: memory stays bounded and
// blocks can run on different threads, on one copy of the parameters.
public import Diagnostics
public import Tensors

/// How a batch is run, block by block.
public struct BlockPlan: Sendable {
  /// The examples of each block, in order; they cover the batch.
  public private(set) var blocks: [Range<Int>]
  /// Whether the graph moves examples off the first axis, so that it is run one at a time.
  public let requiresSingleExamples: Bool
  /// Examples in the batch.
  public let exampleCount: Int
  /// The shape of one example's output.
  public let outputShape: Shape
  /// Whether the graph prescribes the blocks.
  private let isFixed: Bool
  private let footprint: Footprint

  private let graph: Graph
  private var parameters: [String: Tensor]
  private let inputs: [String: BatchArray]
  private let checkpointNames: [String: String]

  /// Chooses the blocks and proves that the first of them binds.
  ///
  /// - Parameters:
  ///   - graph: the network's graph.
  ///   - parameters: the checkpoint's values by graph name.
  ///   - inputs: the whole batch, by the graph's input names; other arrays are ignored.
  ///   - size: how large blocks may be; a graph with a fixed batch prescribes its own size.
  ///   - checkpointNames: graph name → checkpoint name, to find tied weights.
  public init(
    graph: Graph, parameters: [String: Tensor], inputs: [String: BatchArray], size: BlockSize,
    checkpointNames: [String: String] = [:]
  ) throws(Problem) {
    self.graph = graph
    self.parameters = parameters
    self.inputs = inputs
    self.checkpointNames = checkpointNames
    let counts = graph.inputs.compactMap { inputs[$0.name]?.shape.dimensions.first }
    guard let count = counts.first, count > 0, counts.allSatisfy({ $0 == count }),
      counts.count == graph.inputs.count
    else {
      // The binder says exactly which input is at fault.
      _ = try Network(graph: graph, parameters: parameters, inputs: inputs)
      throw Problem(
        "no-inputs", at: graph.path, "the batch holds no examples for the graph's inputs",
        remedy: "store the batch's arrays under the graph's input names")
    }
    exampleCount = count
    let bind = { (examples: Range<Int>) throws(Problem) in
      try Network(
        graph: graph, parameters: parameters, inputs: BlockPlan.slice(inputs, graph, examples),
        checkpointNames: checkpointNames)
    }
    if let fixed = graph.fixedExampleCount {
      guard fixed > 0, count % fixed == 0 else {
        throw Problem(
          "input-shape", at: graph.path,
          "the graph takes \(fixed) examples at a time, the batch has \(count)",
          remedy: "export the graph with a dynamic first axis, or store a multiple of \(fixed)")
      }
      blocks = BlockPlan.cut(count, fixed)
      requiresSingleExamples = false
      let trial = try bind(blocks[0])
      outputShape = trial.outputShape
      footprint = Footprint(trial)
      isFixed = true
      return
    }
    do throws(Problem) {
      let trial = try bind(0..<min(2, count))
      outputShape = trial.outputShape
      footprint = Footprint(trial)
      blocks = BlockPlan.cut(count, size.examples(of: count, footprint))
      requiresSingleExamples = false
    } catch {
      // Integers that are not known before are an obstacle only where examples are not first.
      let isMoved = error.code == Problem.examplesMovedCode || graph.movesExamples
      guard isMoved, count > 1 else { throw error }
      blocks = BlockPlan.cut(count, 1)
      requiresSingleExamples = true
      let trial = try bind(blocks[0])
      outputShape = trial.outputShape
      footprint = Footprint(trial)
    }
    isFixed = requiresSingleExamples
  }

  /// The same batch in blocks of another size, where the graph leaves the choice.
  public func resized(_ size: BlockSize) -> BlockPlan {
    guard !isFixed else { return self }
    var plan = self
    plan.blocks = BlockPlan.cut(exampleCount, size.examples(of: exampleCount, footprint))
    return plan
  }

  /// What all blocks' activations take together.
  public var forwardBytes: Int { footprint.bytesPerExample(cotangents: 0) * exampleCount }

  /// A network for some of the examples, usually one of `blocks`.
  public func bind(_ examples: Range<Int>) throws(Problem) -> Network {
    try Network(
      graph: graph, parameters: parameters, inputs: BlockPlan.slice(inputs, graph, examples),
      checkpointNames: checkpointNames)
  }

  /// Blocks for a forward pass alone: it needs no cotangents, and fewer blocks are bound.
  ///
  /// - Parameter examples: how many of the batch, from its first.
  public func forwardBlocks(examples: Int) -> [Range<Int>] {
    guard !isFixed, let first = blocks.first else {
      return blocks.filter { $0.upperBound <= examples }
    }
    return BlockPlan.cut(
      examples, max(first.count, BlockSize.forward.examples(of: examples, footprint)))
  }

  /// The same plan with other values of the same parameters.
  public func replacing(parameters: [String: Tensor]) -> BlockPlan {
    var plan = self
    plan.parameters = parameters
    return plan
  }

  private static func cut(_ count: Int, _ size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// Rows of every input.
  private static func slice(
    _ inputs: [String: BatchArray], _ graph: Graph, _ examples: Range<Int>
  ) -> [String: BatchArray] {
    var result: [String: BatchArray] = [:]
    for input in graph.inputs {
      guard let array = inputs[input.name] else { continue }
      let dimensions = array.shape.dimensions
      let row = dimensions.dropFirst().reduce(1, *)
      let shape = Shape([examples.count] + dimensions.dropFirst())
      let part = (examples.lowerBound * row)..<(examples.upperBound * row)
      switch array {
      case .real(let tensor):
        result[input.name] = .real(Tensor(shape: shape, values: Array(tensor.values[part])))
      case .integer(let tensor):
        result[input.name] = .integer(
          IntegerTensor(shape: shape, values: Array(tensor.values[part])))
      }
    }
    return result
  }
}
