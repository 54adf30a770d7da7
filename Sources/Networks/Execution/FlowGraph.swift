// Layers, where each is recorded, and the real connections between them, from the data flow.
internal import Tensors

/// The modules of a program.
struct FlowGraph {
  let layers: [NetworkLayer]
  /// By parameter of the program.
  let layerOfParameter: [Int]
  /// By layer: the step whose output is recorded.
  let recordedStep: [Int]
  /// By layer: the nonlinearity that reads its recorded output.
  let activatedStep: [Int?]
  let connections: [LayerConnection]

  /// A layer is recorded at the last of its parameters' first uses: the sum of a product and a bias
  /// is one layer, and a tied embedding is recorded where it embeds. A table that no example selects
  /// from (learned positions) is recorded where it meets the examples.
  init(_ program: Program) {
    var names: [String: Int] = [:]
    var layers: [NetworkLayer] = []
    var recorded: [Int] = []
    var layerOfParameter: [Int] = []
    var owners: [Int: Set<Int>] = [:]
    for parameter in program.parameters {
      let name = parameter.entry.module
      let layer = names[name] ?? layers.count
      if layer == layers.count {
        names[name] = layer
        layers.append(NetworkLayer(name: name, kind: parameter.kind))
        recorded.append(parameter.firstStep)
      }
      recorded[layer] = max(recorded[layer], parameter.firstStep)
      layerOfParameter.append(layer)
      for step in parameter.steps { owners[step, default: []].insert(layer) }
    }
    // The layers whose output reaches an array without passing through another one.
    var sources = [Set<Int>](repeating: [], count: program.storages.count)
    var edges: Set<LayerConnection> = []
    for (index, step) in program.steps.enumerated() {
      var incoming: Set<Int> = []
      for term in step.inputs {
        guard case .storage(let storage) = term.source else { continue }
        incoming.formUnion(sources[storage])
      }
      guard let owning = owners[index] else {
        sources[step.output] = incoming
        continue
      }
      sources[step.output] = owning
      for layer in owning where index <= recorded[layer] {
        // Later uses of a shared layer are not what its recording shows.
        for source in incoming where source != layer {
          edges.insert(LayerConnection(from: source, to: layer))
        }
      }
    }
    recorded = recorded.map { Self.joined($0, in: program) }
    self.layers = zip(layers, recorded).map { layer, step in
      NetworkLayer(
        name: layer.name, kind: layer.kind, layout: Self.layout(of: step, layer.kind, in: program))
    }
    self.layerOfParameter = layerOfParameter
    recordedStep = recorded
    let readers = program.readers
    activatedStep = recorded.map { Nonlinearity.step(after: $0, in: program, readers: readers) }
    connections = edges.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
  }

  /// Where both directions of a recurrence come together; the step itself of anything else.
  private static func joined(_ recorded: Int, in program: Program) -> Int {
    let node = program.steps[recorded].node
    guard program.steps[recorded].operation is Recurrence else { return recorded }
    let rest = program.steps.indices[(recorded + 1)...].prefix {
      program.steps[$0].node.kind == node.kind && program.steps[$0].node.name == node.name
    }
    return rest.first { program.steps[$0].node.operation == "Concat" } ?? recorded
  }

  private static func layout(of index: Int, _ kind: String, in program: Program) -> LayerLayout? {
    let (step, examples) = (program.steps[index], program.exampleCount)
    guard let place = ExamplePlace(step.shape, outer: step.outer, examples: examples) else {
      return nil
    }
    let factors =
      step.operation is Binary
      ? step.inputs.filter { term in
        guard case .storage(let storage) = term.source else { return false }
        return !term.isBatched && program.hasDelta[storage]
      }.map(\.shape) : []
    return LayerLayout(
      kind: kind, example: place.slab(step.shape, examples: examples), axis: place.axis,
      factors: factors)
  }
}
