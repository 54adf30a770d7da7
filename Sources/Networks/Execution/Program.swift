// What the binder emitted, reduced to what the output needs: live steps, which memory receives
// cotangents, and the groups of parameters whose gradients come out together.
internal import Diagnostics
internal import Tensors

/// A bound network without its memory.
struct Program {
  let exampleCount: Int
  let storages: [Storage]
  let steps: [Step]
  let prologue: [Step]
  let output: ArrayValue
  /// By storage: whether cotangents reach it and a parameter lies behind it.
  let hasDelta: [Bool]
  let parameters: [Parameter]
  let groups: [ParameterGroup]

  /// A trained array and where it is used first.
  struct Parameter {
    let storage: Int
    let entry: NetworkParameters.Entry
    /// The operator that reads it first, by its ONNX name.
    let kind: String
    /// The first step on activations that its value reaches.
    let firstStep: Int
    /// Every step on activations that its value reaches.
    let steps: [Int]
  }

  /// Parameters that are combined with each other before they meet an activation: mostly one alone.
  struct ParameterGroup {
    /// Indices into `parameters`.
    var parameters: [Int] = []
    /// Indices into `prologue`, in forward order.
    var prologue: [Int] = []
    /// Arrays of the group that receive gradients.
    var storages: [Int] = []
    var uses: [Use] = []
    /// The earliest of the uses: once it has its cotangents, all have.
    var firstStep: Int { uses.map(\.step).min() ?? 0 }
  }

  /// A step on activations that reads an array of a group.
  struct Use {
    let step: Int
    let input: Int
    let storage: Int
  }

  init(_ binder: Binder, output: ArrayValue) {
    self.output = output
    exampleCount = binder.exampleCount
    var live = [Bool](repeating: false, count: binder.storages.count)
    var receives = live
    live[output.storage] = true
    receives[output.storage] = true
    // Backwards over both lists by position: a step is live if its output is.
    for step in (binder.steps + binder.prologue).sorted(by: { $0.position > $1.position })
    where live[step.output] {
      for (index, term) in step.inputs.enumerated() {
        guard case .storage(let storage) = term.source else { continue }
        live[storage] = true
        if receives[step.output], step.operation.isDifferentiable(index) {
          receives[storage] = true
        }
      }
    }
    let storages = binder.storages
    let steps = binder.steps.filter { live[$0.output] }
    let prologue = binder.prologue.filter { live[$0.output] }
    let hasDelta = storages.indices.map { receives[$0] && storages[$0].dependsOnParameters }
    self.storages = storages
    self.steps = steps
    self.prologue = prologue
    self.hasDelta = hasDelta
    parameters = Program.parameters(binder, steps, prologue, hasDelta)
    groups = Program.groups(storages, steps, prologue, hasDelta, parameters)
  }

  /// The storages that a step pulls cotangents back to, by input: none where it receives none itself, as
  /// where only a comparison or a choice of places reads its output.
  static func differentiableInputs(_ step: Step, _ hasDelta: [Bool]) -> [(input: Int, storage: Int)]
  {
    guard hasDelta[step.output] else { return [] }
    return step.inputs.indices.compactMap { index in
      guard case .storage(let storage) = step.inputs[index].source, hasDelta[storage],
        step.operation.isDifferentiable(index)
      else { return nil }
      return (index, storage)
    }
  }

  private static func parameters(
    _ binder: Binder, _ steps: [Step], _ prologue: [Step], _ hasDelta: [Bool]
  ) -> [Parameter] {
    var found: [(parameter: Parameter, input: Int)] = []
    for (storage, each) in binder.storages.enumerated() where hasDelta[storage] {
      guard case .parameter(let name) = each.origin, let entry = binder.parameters.entries[name]
      else { continue }
      var reached: Set<Int> = [storage]
      var readers: [Step] = []
      for step in prologue {
        let inputs = differentiableInputs(step, hasDelta)
        if inputs.contains(where: { reached.contains($0.storage) }) {
          reached.insert(step.output)
          if inputs.contains(where: { $0.storage == storage }) { readers.append(step) }
        }
      }
      var uses: [Int] = []
      var firstInput = 0
      for (index, step) in steps.enumerated() {
        let inputs = differentiableInputs(step, hasDelta)
        guard let use = inputs.first(where: { reached.contains($0.storage) }) else { continue }
        if uses.isEmpty { firstInput = use.input }
        uses.append(index)
        if inputs.contains(where: { $0.storage == storage }) { readers.append(step) }
      }
      guard let first = uses.first else { continue }
      // What a recurrence reads, exporters stack and slice first.
      let met = steps[first].node.kind
      let kind =
        RecurrentLayers.kinds.contains(met)
        ? met : readers.min { $0.position < $1.position }?.node.kind ?? "Identity"
      found.append(
        (
          Parameter(storage: storage, entry: entry, kind: kind, firstStep: first, steps: uses),
          firstInput
        ))
    }
    return found.sorted {
      ($0.parameter.firstStep, $0.input, $0.parameter.storage)
        < ($1.parameter.firstStep, $1.input, $1.parameter.storage)
    }.map(\.parameter)
  }

  private static func groups(
    _ storages: [Storage], _ steps: [Step], _ prologue: [Step], _ hasDelta: [Bool],
    _ parameters: [Parameter]
  ) -> [ParameterGroup] {
    // Arrays that a parameter-only step connects belong to one group.
    var group = Array(storages.indices)
    for step in prologue where hasDelta[step.output] {
      for (_, storage) in differentiableInputs(step, hasDelta) {
        let (old, new) = (group[storage], group[step.output])
        for index in group.indices where group[index] == old { group[index] = new }
      }
    }
    var result: [Int: ParameterGroup] = [:]
    for (storage, each) in storages.enumerated() where hasDelta[storage] && !each.isBatched {
      result[group[storage], default: ParameterGroup()].storages.append(storage)
    }
    for (index, parameter) in parameters.enumerated() {
      result[group[parameter.storage], default: ParameterGroup()].parameters.append(index)
    }
    for (index, step) in prologue.enumerated() where hasDelta[step.output] {
      result[group[step.output], default: ParameterGroup()].prologue.append(index)
    }
    for (index, step) in steps.enumerated() {
      for (input, storage) in differentiableInputs(step, hasDelta)
      where !storages[storage].isBatched {
        result[group[storage], default: ParameterGroup()].uses.append(
          Use(step: index, input: input, storage: storage))
      }
    }
    return result.values.filter { !$0.uses.isEmpty && !$0.parameters.isEmpty }.sorted {
      ($0.firstStep, $0.parameters[0]) < ($1.firstStep, $1.parameters[0])
    }
  }
}
