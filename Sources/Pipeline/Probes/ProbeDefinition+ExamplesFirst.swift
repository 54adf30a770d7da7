// Batches of networks with the time first, whose inputs have the examples on the second axis.
import Networks
import Tensors

extension ProbeDefinition {
  /// The inputs with examples first: as they are, unless exchanging the first two axes of all of them
  /// is what makes them have as many examples as the targets.
  static func examplesFirst(
    _ inputs: [String: BatchArray], as targets: BatchArray?
  ) -> [String: BatchArray] {
    guard let count = targets?.shape.dimensions.first, !inputs.isEmpty,
      inputs.values.allSatisfy({ input in
        let extents = input.shape.dimensions
        return extents.count > 1 && extents[0] != count && extents[1] == count
      })
    else { return inputs }
    return inputs.mapValues(\.exchangingFirstAxes)
  }
}

extension BatchArray {
  /// The first two axes exchanged.
  var exchangingFirstAxes: BatchArray {
    var extents = shape.dimensions
    let (rows, columns) = (extents[0], extents[1])
    extents.swapAt(0, 1)
    let block = extents[2...].reduce(1, *)
    func exchanged<Element>(_ values: [Element]) -> [Element] {
      var result: [Element] = []
      result.reserveCapacity(values.count)
      for column in 0..<columns {
        for row in 0..<rows {
          let start = (row * columns + column) * block
          result += values[start..<start + block]
        }
      }
      return result
    }
    switch self {
    case .real(let tensor):
      return .real(Tensor(shape: Shape(extents), values: exchanged(tensor.values)))
    case .integer(let tensor):
      return .integer(IntegerTensor(shape: Shape(extents), values: exchanged(tensor.values)))
    }
  }
}
