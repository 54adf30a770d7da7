// The order of a model's tensors. Pickles keep that in which modules were registered; safetensors and others
// sort by name, so that `layer.10` stands before `layer.2` and a classifier before its encoder.

extension Checkpoint {
  /// The indices of `tensors` in the model's order, as far as it is known: that of the file; where the
  /// container sorted the names that of the architecture, and else that of the names, numbers in them
  /// taken as numbers.
  public var modelOrder: [Int] {
    if let architectureOrder {
      return architectureOrder + tensors.indices.dropFirst(architectureOrder.count)
    }
    guard isSortedByName else { return Array(tensors.indices) }
    return tensors.indices.sorted { NaturalOrder.precedes(tensors[$0].name, tensors[$1].name) }
  }

  /// Whether `modelOrder` is more than one of names.
  public var isModelOrderKnown: Bool { architectureOrder != nil || !isSortedByName }

  private var isSortedByName: Bool {
    sortsNames
      || zip(tensors, tensors.dropFirst()).allSatisfy {
        $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
      }
  }
}
