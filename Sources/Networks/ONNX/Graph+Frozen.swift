// Parameters that training leaves as they are: a graph does not tell them from the others.

extension Graph {
  /// The graph with frozen parameters: read from the checkpoint, and not measured.
  ///
  /// - Parameter names: of parameters, or of modules with all that is below them.
  /// - Returns: the graph, and the names that nothing in it has.
  public func freezing(_ names: [String]) -> (graph: Graph, unknown: [String]) {
    let frozen = Set(names)
    var graph = self
    var unknown = frozen
    for index in initializers.indices {
      let name = initializers[index].name
      let modules = name.indices.filter { name[$0] == "." }.map { String(name[..<$0]) }
      let stated = (modules + [name]).filter(frozen.contains)
      guard !stated.isEmpty else { continue }
      unknown.subtract(stated)
      if initializers[index].isFloatingPoint { graph.initializers[index].role = .frozen }
    }
    return (graph, names.filter(unknown.contains))
  }
}
