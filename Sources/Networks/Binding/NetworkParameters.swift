// The values of a checkpoint's parameters as every block of examples reads them: never copied.
internal import Diagnostics
internal import Tensors

/// Parameter values by graph name. Read-only.
struct NetworkParameters: Sendable {
  struct Entry: Sendable {
    /// The graph's name; for a weight that is tied to another one, that one's.
    let name: String
    let shape: Shape
    let buffer: FloatBuffer
    /// The module that owns it, by the checkpoint's names: those of the graph may be an alias's.
    let module: String
    /// Whether it is a parameter; buffers are read and not measured.
    let isTrained: Bool
  }

  let entries: [String: Entry]

  /// - Parameters:
  ///   - tensors: values by graph name; names that the graph does not have are ignored.
  ///   - tied: graph name → the checkpoint's name, to see that two weights are one.
  init(
    graph: Graph, tensors: [String: Tensor], tied: [String: String]
  ) throws(Problem) {
    var entries: [String: Entry] = [:]
    var first: [String: String] = [:]
    for initializer in graph.initializers {
      guard let tensor = tensors[initializer.name] else { continue }
      guard tensor.shape == initializer.shape else {
        throw Problem(
          "shape-mismatch", at: "\(graph.path): weight \"\(initializer.name)\"",
          "the graph expects \(initializer.shape), the checkpoint's is \(tensor.shape)",
          remedy: "export the graph of this network, or name another tensor under names.alias")
      }
      var name = initializer.name
      if let stored = tied[name] {
        if let earlier = first[stored] { name = earlier } else { first[stored] = name }
      }
      entries[initializer.name] = Entry(
        name: name, shape: tensor.shape, buffer: FloatBuffer(sharing: tensor.values),
        module: layerName(tied[name] ?? name),
        isTrained: initializer.isTrained)
    }
    self.entries = entries
  }
}

extension Graph {
  /// The weights that a checkpoint may supply: the graph's arrays of real numbers.
  public var weights: [GraphInitializer] { initializers.filter(\.isFloatingPoint) }

  /// How many examples the graph takes at a time, if it was exported with a fixed first axis.
  public var fixedExampleCount: Int? { inputs.compactMap { $0.dimensions.first ?? nil }.first }
}
