// A bare graph, computed once from arrays for all of its inputs: no parameters, no examples. What
// the conformance tests run.
package import Diagnostics
internal import Tensors

/// An array of a graph, as numbers.
package struct EvaluatedArray: Sendable {
  package let shape: [Int]
  package let values: [Double]
  /// Whether its element type is a real one.
  package let isReal: Bool

  /// Reads a TensorProto.
  package init(tensor bytes: [UInt8], path: String) throws(Problem) {
    let stored = try Graph.parseTensor(WireReader(bytes, range: bytes.indices, path: path))
    self.init(try stored.decoded(bytes: bytes, path: path))
  }

  fileprivate init(_ array: HostArray) {
    shape = array.shape.dimensions
    values = array.reals
    isReal = array.integers == nil
    self.array = array
  }

  fileprivate let array: HostArray
}

/// Which inputs of real numbers are computed with, rather than known when the graph is bound.
package enum EvaluationMode: String, Sendable, CaseIterable {
  /// All of them, as activations.
  case activations
  /// The first of them.
  case firstActivation = "first activation"
  /// None: everything folds.
  case known
}

extension Graph {
  /// Every operator that a graph may hold, by its ONNX name.
  package static var operators: [String] {
    Set(operatorTable.keys).union(hostOperations.keys).union(Binder.foldedByShape).sorted()
  }

  /// Computes all outputs.
  ///
  /// - Parameters:
  ///   - inputs: one array per input of the graph, in order; nil for one that is left out.
  ///   - mode: how real inputs are bound.
  /// - Throws: `Problem` when the graph cannot be bound so.
  package func evaluate(
    _ inputs: [EvaluatedArray?], mode: EvaluationMode
  ) throws(Problem) -> [EvaluatedArray] {
    let binder = try Binder(graph: self)
    var activations = 0
    for (input, given) in zip(self.inputs, inputs) {
      guard let array = given?.array else { continue }
      let isActivation =
        array.integers == nil
        && (mode == .activations || (mode == .firstActivation && activations == 0))
      guard isActivation else {
        binder.values[input.name] = .known(array, isBatched: false)
        continue
      }
      activations += 1
      binder.storages.append(
        Storage(
          count: array.shape.count, isBatched: true, origin: .input(FloatBuffer(array.reals)),
          dependsOnParameters: true))
      binder.values[input.name] = .array(
        ArrayValue(storage: binder.storages.count - 1, shape: array.shape))
    }
    try binder.bind(for: outputs)
    return try binder.computed(outputs)
  }
}

extension Binder {
  /// Runs what was bound and returns arrays by name.
  fileprivate func computed(_ names: [String]) throws(Problem) -> [EvaluatedArray] {
    var buffers: [Int: FloatBuffer] = [:]
    for (index, storage) in storages.enumerated() {
      if case .input(let buffer) = storage.origin { buffers[index] = buffer }
    }
    for step in (steps + prologue).sorted(by: { $0.position < $1.position }) {
      let output = FloatBuffer(count: storages[step.output].count)
      buffers[step.output] = output
      let inputs = step.inputs.compactMap { term in
        switch term.source {
        case .constant(let buffer): buffer.pointer
        case .storage(let storage): buffers[storage]?.pointer
        }
      }
      step.operation.forward(Arrays(inputs: inputs, output: output.pointer))
    }
    let site = NodeSite(
      node: Node(name: "outputs", operation: "Identity", inputs: names, outputs: []),
      path: graph.path, operatorSet: graph.operatorSet, layer: nil)
    var results: [EvaluatedArray] = []
    for index in names.indices {
      if case .known(let array, _) = try value(site, index) {
        results.append(EvaluatedArray(array))
        continue
      }
      let term = try term(site, index)
      guard case .storage(let storage) = term.source, let buffer = buffers[storage] else {
        throw site.invalid("output \(index) is not computed")
      }
      let values = UnsafeBufferPointer(start: buffer.pointer, count: term.shape.count)
      results.append(
        EvaluatedArray(HostArray(shape: term.shape, reals: values.map { Double($0) })))
    }
    return results
  }
}
