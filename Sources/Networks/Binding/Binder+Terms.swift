// What a node reads, as memory to compute with.
internal import Diagnostics
internal import Tensors

extension Binder {
  /// An input as memory to compute with, row-major in its shape, examples first.
  func term(_ site: NodeSite, _ input: Int) throws(Problem) -> Term {
    let term = try placedTerm(site, input)
    if let place = term.place(examples: exampleCount), place != ExamplePlace(axis: 0, lead: 1) {
      throw site.examplesMoved()
    }
    return term
  }

  /// An input as memory to compute with, wherever its examples are.
  func placedTerm(_ site: NodeSite, _ input: Int) throws(Problem) -> Term {
    switch try value(site, input) {
    case .known(let array, let isBatched):
      let name = site.node.inputs[input]
      if let term = constantTerms[name] { return term }
      let term = Term(
        source: .constant(FloatBuffer(array.reals)), shape: array.shape, isBatched: isBatched)
      constantTerms[name] = term
      return term
    case .array(let array):
      if !array.isTransposed { return term(array) }
      // The memory in the order that the shape says, made once per name.
      let untransposed = ArrayValue(
        storage: array.storage, shape: Shape(array.shape.dimensions.reversed()))
      let ordered = try StridedCopy.emitTransposition(self, site, term(untransposed), [1, 0])
      guard case .array(let value) = ordered else { throw site.invalid("it reads nothing") }
      values[site.node.inputs[input]] = ordered
      return term(value)
    case .sequence: throw site.invalid("input \(input) is a sequence")
    }
  }

  /// A matrix as it lies in memory, and whether that is the transpose of what the graph means.
  func matrixTerm(
    _ site: NodeSite, _ input: Int
  ) throws(Problem) -> (term: Term, isTransposed: Bool) {
    if case .array(let array) = try value(site, input), array.isTransposed {
      let shape = Shape(array.shape.dimensions.reversed())
      return (term(ArrayValue(storage: array.storage, shape: shape)), true)
    }
    return (try placedTerm(site, input), false)
  }

  /// The memory of an array that is not transposed.
  func term(_ array: ArrayValue) -> Term {
    Term(
      source: .storage(array.storage), shape: array.shape,
      isBatched: storages[array.storage].isBatched, outer: array.outer)
  }
}
