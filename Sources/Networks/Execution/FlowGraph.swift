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
    self.layers = layers.enumerated().map { index, layer in
      let storage = program.steps[recorded[index]].output
      let shapes = program.parameters.indices.filter { layerOfParameter[$0] == index }
        .map { program.parameters[$0].entry.shape }
      return NetworkLayer(
        name: layer.name, kind: layer.kind,
        layout: LayerLayout(
          kind: layer.kind, shapes,
          features: program.storages[storage].count / program.exampleCount))
    }
    self.layerOfParameter = layerOfParameter
    recordedStep = recorded
    let readers = program.readers
    activatedStep = recorded.map { Nonlinearity.step(after: $0, in: program, readers: readers) }
    connections = edges.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
  }
}
