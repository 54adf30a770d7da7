// Adding operators to what will be run, and views that leave nothing to run.
internal import Diagnostics
internal import Tensors

extension Binder {
  /// Adds an operator: on known arrays it is computed at once, on parameters alone before the first
  /// forward pass, otherwise in every pass.
  @discardableResult
  func emit(
    _ site: NodeSite, _ terms: [Term], output: Shape, outer given: Int? = nil,
    isBatched: Bool = false,
    _ make: (Frame) throws(Problem) -> any Operator
  ) throws(Problem) -> Value {
    let isBatched = isBatched || terms.contains(where: \.isBatched)
    let examples = isBatched ? exampleCount : 1
    let outer = given ?? 1
    if examples > 1 {
      let place = ExamplePlace(output, outer: outer, examples: examples)
      // Operators that do not say where the examples are have them on the first axis.
      guard let place, given != nil || place.axis == 0 else { throw site.examplesMoved() }
    }
    let operation = try make(
      Frame(
        site: site, terms: terms, output: output, examples: examples, scratch: scratch,
        outer: outer))
    let constants: [FloatBuffer] = terms.compactMap { term in
      if case .constant(let buffer) = term.source { return buffer }
      return nil
    }
    if constants.count == terms.count {
      // Known arrays are kept as the graph means them.
      guard outer == 1 || examples == 1 else { throw site.examplesMoved() }
      let result = FloatBuffer(count: output.count)
      operation.forward(Arrays(inputs: constants.map(\.pointer), output: result.pointer))
      let values = UnsafeBufferPointer(start: result.pointer, count: output.count)
      return .known(
        HostArray(shape: output, reals: values.map { Double($0) }), isBatched: isBatched)
    }
    let dependsOnParameters = terms.indices.contains { index in
      guard case .storage(let storage) = terms[index].source else { return false }
      return storages[storage].dependsOnParameters && operation.isDifferentiable(index)
    }
    let step = Step(
      node: site.node, position: steps.count + prologue.count, operation: operation,
      inputs: terms, output: storages.count, shape: output, outer: outer)
    storages.append(
      Storage(
        count: output.count, isBatched: isBatched,
        origin: isBatched ? .step(steps.count) : .prologue(prologue.count),
        dependsOnParameters: dependsOnParameters))
    if isBatched { steps.append(step) } else { prologue.append(step) }
    return .array(ArrayValue(storage: storages.count - 1, shape: output, outer: outer))
  }

  /// The same memory in another shape, in which the examples must be whole on one axis.
  func view(_ site: NodeSite, _ input: Int, as shape: Shape) throws(Problem) -> Value {
    let term = try placedTerm(site, input)
    if term.isBatched, exampleCount > 1,
      ExamplePlace(shape, outer: term.outer, examples: exampleCount) == nil
    {
      throw site.examplesMoved()
    }
    guard case .storage(let storage) = term.source else {
      guard case .known(let array, let isBatched) = try value(site, input) else {
        throw site.invalid("input \(input) is a sequence")
      }
      guard !isBatched || exampleCount == 1 || (shape.dimensions.first ?? 0) % exampleCount == 0
      else { throw site.examplesMoved() }
      return .known(array.reshaped(shape), isBatched: isBatched)
    }
    return .array(ArrayValue(storage: storage, shape: shape, outer: term.outer))
  }
}
