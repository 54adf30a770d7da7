// The values of a checkpoint's parameters, loaded once and shared by every block of examples.
public import Diagnostics
public import Tensors

/// Parameter values by graph name, with the checkpoint's names beside them. Read-only after `init`.
public final class NetworkParameters: Sendable {
  struct Entry: Sendable {
    /// The checkpoint's name.
    let name: String
    let shape: Shape
    let buffer: FloatBuffer
  }

  let entries: [String: Entry]

  /// Loads the parameters one by one, so that only one tensor exists twice at any moment.
  ///
  /// - Parameters:
  ///   - graph: the graph that will be bound.
  ///   - names: graph name → checkpoint name, as `NameBinding` gives it.
  ///   - load: the checkpoint's tensor of a name, in the shape of the graph.
  public init(
    graph: Graph, names: [String: String], load: (String) throws(Problem) -> Tensor
  ) throws(Problem) {
    var entries: [String: Entry] = [:]
    for initializer in graph.initializers {
      guard let name = names[initializer.name] else { continue }
      let tensor = try load(name)
      guard tensor.shape == initializer.shape else {
        throw Problem(
          "shape-mismatch", at: "\(graph.path): weight \"\(initializer.name)\"",
          "the graph expects \(initializer.shape), the checkpoint's \"\(name)\" is \(tensor.shape)",
          remedy: "export the graph of this network, or name another tensor under names.alias")
      }
      entries[initializer.name] = Entry(
        name: name, shape: tensor.shape, buffer: FloatBuffer(tensor.values))
    }
    self.entries = entries
  }
}

extension Graph {
  /// The weights that a checkpoint may supply: the graph's arrays of real numbers.
  public var weights: [GraphInitializer] { initializers.filter(\.isFloatingPoint) }
}
