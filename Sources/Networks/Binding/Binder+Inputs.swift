// The batch against the graph's inputs: every input given, of the shape that the graph fixes, all
// with the same number of examples.
internal import Diagnostics
internal import Tensors

extension Binder {
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
