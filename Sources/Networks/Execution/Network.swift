// A graph bound to parameters and to one block of examples, ready to run: forward, and backward with
// K cotangents per example and gradients per example.
public import Diagnostics
public import Tensors

/// An executable network. One thread uses it at a time; several networks may run at once on the same
/// parameters.
public final class Network: DifferentiableNetwork {
  /// N.
  public let exampleCount: Int
  /// The shape of one example's output.
  public let outputShape: Shape
  /// The parameters that the output depends on, in forward order; a tied one appears once.
  public let parameters: [NetworkParameter]
  /// The modules that own them.
  public let layers: [NetworkLayer]
  /// The real connections between layers.
  public let connections: [LayerConnection]

  let program: Program
  let flow: FlowGraph
  let schedule: BackwardSchedule
  let gradientPlan: GradientPlan
  /// By storage: where its values are.
  let values: [UnsafeMutablePointer<Float>?]
  /// By step, and by parameter-only step.
  let arrays: [Arrays]
  let prologueArrays: [Arrays]
  /// Values of the forward pass that are kept.
  let activationCount: Int
  private let owned: [FloatBuffer]
  private let graph: Graph
  private let weights: [String: Tensor]
  private let inputs: [String: BatchArray]
  private var isPrepared = false
  /// Deltas and gradient blocks for one K.
  var workspace: BackwardWorkspace?

  /// Binds a graph.
  ///
  /// - Parameters:
  ///   - graph: the network's graph.
  ///   - parameters: the checkpoint's values by graph name, read in place by every block that is
  ///     given them. A weight that is missing here keeps the graph's own values and is not trained.
  ///   - inputs: this block's arrays, by the graph's input names; others are ignored.
  ///   - checkpointNames: graph name → checkpoint name, so that two weights of the graph that are one
  ///     tensor of the checkpoint are one parameter.
  /// - Throws: `Problem` naming operator, node and layer when the graph cannot be run, with the code
  ///   `examples-moved` when it can only be run one example at a time.
  public convenience init(
    graph: Graph, parameters weights: [String: Tensor], inputs: [String: BatchArray],
    checkpointNames: [String: String] = [:]
  ) throws(Problem) {
    try self.init(
      graph: graph, parameters: weights, inputs: inputs, checkpointNames: checkpointNames,
      norms: .cheapest)
  }

  /// Binds a graph and takes one of the ways to squared norms.
  package init(
    graph: Graph, parameters weights: [String: Tensor], inputs: [String: BatchArray],
    checkpointNames: [String: String] = [:], norms: NormChoice
  ) throws(Problem) {
    let parameters = try NetworkParameters(
      graph: graph, tensors: weights, tied: checkpointNames)
    let binder = try Binder(graph: graph, parameters: parameters, inputs: inputs)
    let output = try binder.bind()
    let program = Program(binder, output: output)
    let flow = FlowGraph(program)
    let schedule = BackwardSchedule(program)
    self.program = program
    self.flow = flow
    self.schedule = schedule
    gradientPlan = GradientPlan(program, norms)
    self.graph = graph
    self.weights = weights
    self.inputs = inputs
    exampleCount = program.exampleCount
    outputShape = output.exampleShape(exampleCount: program.exampleCount)
    layers = flow.layers
    connections = flow.connections
    self.parameters = program.parameters.enumerated().map { index, parameter in
      NetworkParameter(
        name: parameter.entry.name, shape: parameter.entry.shape,
        layer: flow.layerOfParameter[index])
    }
    let memory = ForwardMemory(program, flow, parameters)
    owned = memory.owned
    values = memory.values
    activationCount = owned.reduce(0) { $0 + $1.count }
    arrays = try program.steps.map { step throws(Problem) in try memory.arrays(of: step) }
    prologueArrays = try program.prologue.map { step throws(Problem) in
      try memory.arrays(of: step)
    }
  }

  /// Computes the output, `[N] + outputShape`.
  public func forward() throws(Problem) -> [Float] {
    if !isPrepared {
      for (step, arrays) in zip(program.prologue, prologueArrays) {
        step.operation.forward(arrays)
      }
      isPrepared = true
    }
    for (step, arrays) in zip(program.steps, arrays) { step.operation.forward(arrays) }
    return copy(program.output.storage)
  }

  /// The output of a layer as left by the last `forward`, `[N, features]`: where the first uses of
  /// its parameters end.
  public func recording(ofLayer layer: Int) -> Tensor {
    let storage = program.steps[flow.recordedStep[layer]].output
    let features = program.storages[storage].count / exampleCount
    return Tensor(shape: Shape([exampleCount, features]), values: copy(storage))
  }

  /// The output of the nonlinearity that reads a layer's recorded output, `[N, features]`.
  public func activation(ofLayer layer: Int) -> Tensor? {
    guard let step = flow.activatedStep[layer] else { return nil }
    let storage = program.steps[step].output
    let features = program.storages[storage].count / exampleCount
    return Tensor(shape: Shape([exampleCount, features]), values: copy(storage))
  }

  /// Whether the graph moves examples off the first axis, so that only one can be bound at a time.
  /// Found out by binding one example twice over, when asked.
  public var requiresSingleExamples: Bool {
    guard exampleCount == 1, graph.fixedExampleCount == nil else { return false }
    let pairs = inputs.mapValues { array -> BatchArray in
      let shape = Shape([2] + array.shape.dimensions.dropFirst())
      switch array {
      case .real(let tensor):
        return .real(Tensor(shape: shape, values: tensor.values + tensor.values))
      case .integer(let tensor):
        return .integer(IntegerTensor(shape: shape, values: tensor.values + tensor.values))
      }
    }
    do throws(Problem) {
      _ = try Network(graph: graph, parameters: weights, inputs: pairs)
      return false
    } catch {
      // Any other problem of two examples is avoided by binding one.
      return true
    }
  }

  private func copy(_ storage: Int) -> [Float] {
    guard let base = values[storage] else { return [] }
    return Array(UnsafeBufferPointer(start: base, count: program.storages[storage].count))
  }
}

/// The memory of a forward pass: one arena for activations, shared where lifetimes allow.
struct ForwardMemory {
  let owned: [FloatBuffer]
  let values: [UnsafeMutablePointer<Float>?]

  init(_ program: Program, _ flow: FlowGraph, _ parameters: NetworkParameters) {
    var owned: [FloatBuffer] = []
    var values = [UnsafeMutablePointer<Float>?](repeating: nil, count: program.storages.count)
    for (index, storage) in program.storages.enumerated() {
      switch storage.origin {
      case .parameter(let name): values[index] = parameters.entries[name]?.buffer.pointer
      case .input(let buffer):
        values[index] = buffer.pointer
        owned.append(buffer)
      case .step, .prologue: break
      }
    }
    for step in program.prologue {
      let buffer = FloatBuffer(count: program.storages[step.output].count)
      owned.append(buffer)
      values[step.output] = buffer.pointer
    }
    let end = program.steps.count
    var lastUse = [Int](repeating: 0, count: program.storages.count)
    for (index, step) in program.steps.enumerated() {
      lastUse[step.output] = max(lastUse[step.output], index)
      for (input, term) in step.inputs.enumerated() {
        guard case .storage(let storage) = term.source else { continue }
        lastUse[storage] = max(lastUse[storage], index)
        guard program.hasDelta[storage], program.hasDelta[step.output],
          step.operation.isDifferentiable(input)
        else { continue }
        let rereads = step.operation.rereads(input)
        if rereads.output { lastUse[step.output] = end }
        for other in rereads.inputs {
          if case .storage(let read) = step.inputs[other].source { lastUse[read] = end }
        }
      }
    }
    for step in flow.recordedStep + flow.activatedStep.compactMap(\.self) {
      lastUse[program.steps[step].output] = end
    }
    lastUse[program.output.storage] = end
    let plan = MemoryPlan(
      program.steps.enumerated().map { index, step in
        MemoryPlan.Block(
          size: program.storages[step.output].count, birth: index, death: lastUse[step.output])
      })
    let arena = FloatBuffer(count: plan.total)
    owned.append(arena)
    for (index, step) in program.steps.enumerated() {
      values[step.output] = arena.pointer + plan.offsets[index]
    }
    self.owned = owned
    self.values = values
  }

  /// The arrays of one step.
  func arrays(of step: Step) throws(Problem) -> Arrays {
    var inputs: [UnsafeMutablePointer<Float>] = []
    for term in step.inputs {
      switch term.source {
      case .constant(let buffer): inputs.append(buffer.pointer)
      case .storage(let storage):
        guard let pointer = values[storage] else { throw unplanned(step) }
        inputs.append(pointer)
      }
    }
    guard let output = values[step.output] else { throw unplanned(step) }
    return Arrays(inputs: inputs, output: output)
  }

  private func unplanned(_ step: Step) -> Problem {
    Problem(
      "unplanned-array", at: "node \"\(step.node.name)\"", "an array has no memory",
      remedy: "report this as a defect", kind: .software)
  }
}
