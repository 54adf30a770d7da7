// The batch against the graph's inputs: every input given, of the shape that the graph fixes, all
// with the same number of examples.
internal import Diagnostics
internal import Tensors

extension Binder {
  /// What an input stands for: integers are known, real numbers are memory; so are the integers of a
  /// graph that counts examples on its second axis, as what is known has them first.
  func value(of input: GraphInput, _ array: BatchArray) throws(Problem) -> Value {
    let shape = input.graphShape(array.shape)
    let values: [Float]
    switch array {
    case .integer(let tensor):
      guard shape != tensor.shape, exampleCount > 1 else {
        return .known(
          HostArray(shape: shape, type: .int64, integers: tensor.values), isBatched: true)
      }
      guard tensor.values.allSatisfy({ $0.magnitude <= 1 << 24 }) else {
        throw Problem(
          Problem.examplesMovedCode, at: "\(graph.path): input \"\(input.name)\"",
          "the graph counts examples on its second axis, and the integers are large",
          remedy: "bind one example at a time, or export the graph with the examples first")
      }
      values = tensor.values.map { Float($0) }
    case .real(let tensor): values = tensor.values
    }
    storages.append(
      Storage(
        count: shape.count, isBatched: true, origin: .input(FloatBuffer(values)),
        dependsOnParameters: false))
    return .array(
      ArrayValue(
        storage: storages.count - 1, shape: shape,
        outer: input.exampleAxis == 1 ? shape.dimensions[0] : 1))
  }

  /// N, after checking the batch's arrays against the graph's inputs.
  static func exampleCount(
    _ graph: Graph, _ inputs: [String: BatchArray]
  ) throws(Problem) -> Int {
    var count: Int?
    for input in graph.inputs {
      let place = "\(graph.path): input \"\(input.name)\""
      guard let array = inputs[input.name] else {
        throw Problem(
          "missing-input", at: place, "the batch holds no array of that name",
          remedy: "add it to batch.npz under the graph's name for it")
      }
      let expected = input.dimensions.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
      guard input.fits(array.shape), let first = array.shape.dimensions.first, first > 0 else {
        throw Problem(
          "input-shape", at: place,
          "the graph expects [\(expected)], the batch has \(array.shape)",
          remedy: "export the graph with a dynamic first axis, or give it a batch of that size")
      }
      if case .real = array, !input.isFloatingPoint {
        throw Problem(
          "input-type", at: place, "the graph expects integers, the batch has real numbers",
          remedy: "store the array as int64 in batch.npz")
      }
      if let count, count != first {
        throw Problem(
          "input-shape", at: place, "\(first) examples, another input has \(count)",
          remedy: "give every input the same number of examples")
      }
      count = first
    }
    guard let count else {
      throw Problem(
        "no-inputs", at: graph.path, "the graph has no inputs",
        remedy: "export it with the network's input as an argument")
    }
    return count
  }
}
