// Graphs that count examples on the second axis of an input, as recurrent networks with the time first
// do: told from the batch, whose arrays have the examples first.
public import Tensors

extension Graph {
  /// The graph for a batch of these arrays: an input whose extents fit with its first two axes
  /// exchanged has its examples on the second one, unless they fit without as well and that one is
  /// of fixed extent.
  public func examplesFirst(_ shapes: [String: Shape]) -> Graph {
    var graph = self
    for (index, input) in inputs.enumerated() {
      guard let shape = shapes[input.name], shape.rank > 1, shape.rank == input.dimensions.count,
        !input.fits(shape), input.dimensions[1] == nil || !input.admits(shape)
      else { continue }
      var exchanged = input
      exchanged.dimensions.swapAt(0, 1)
      exchanged.exampleAxis = 1
      if exchanged.admits(shape) { graph.inputs[index] = exchanged }
    }
    return graph
  }

  /// Whether an input has its examples on the second axis.
  var movesExamples: Bool { inputs.contains { $0.exampleAxis == 1 } }
}

extension GraphInput {
  /// Whether an array has these extents.
  func fits(_ shape: Shape) -> Bool {
    shape.rank == dimensions.count
      && zip(shape.dimensions, dimensions).allSatisfy { $1 == nil || $0 == $1 }
  }

  /// Whether an array has these extents for one or more times the examples that are taken at once.
  fileprivate func admits(_ shape: Shape) -> Bool {
    guard let first = shape.dimensions.first, let taken = dimensions.first else { return false }
    var block = shape.dimensions
    block[0] = taken ?? first
    return block[0] > 0 && first % block[0] == 0 && fits(Shape(block))
  }

  /// The shape that the graph means by an array that has the examples first.
  func graphShape(_ shape: Shape) -> Shape {
    guard exampleAxis == 1, shape.rank > 1 else { return shape }
    var extents = shape.dimensions
    extents.swapAt(0, 1)
    return Shape(extents)
  }
}
