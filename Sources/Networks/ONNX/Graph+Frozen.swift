// Parameters that training leaves as they are: a graph does not tell them from the others.

extension Graph {
  /// The graph with frozen parameters: read from the checkpoint, and not measured.
  ///
  /// - Parameters:
  ///   - names: of parameters, or of modules with all that is below them, by the graph's names or the checkpoint's.
  ///   - checkpointNames: graph name → checkpoint name.
  /// - Returns: the graph, and the names that nothing in it has.
  public func freezing(
    _ names: [String], checkpointNames: [String: String]
  ) -> (graph: Graph, unknown: [String]) {
    if names.isEmpty { return (self, []) }
    let frozen = Set(names)
    var graph = self
    var unknown = frozen
    for (index, weight) in initializers.enumerated() {
      let stated = [weight.name, checkpointNames[weight.name]].compactMap { $0 }
        .flatMap(Self.scopes).filter(frozen.contains)
      guard !stated.isEmpty else { continue }
      unknown.subtract(stated)
      // A buffer or table below a frozen module stays what it is.
      if weight.isFloatingPoint, weight.isTrained { graph.initializers[index].role = .frozen }
    }
    return (graph, names.filter(unknown.contains))
  }

  /// A parameter's name, and those of the modules that it is below.
  private static func scopes(_ name: String) -> [String] {
    name.indices.filter { name[$0] == "." }.map { String(name[..<$0]) } + [name]
  }
}
