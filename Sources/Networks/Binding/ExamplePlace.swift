// Where the examples are in an array's shape. In memory they always come first, each with its own part
// in order; the graph may have moved their axis behind others, or merged it with them.
internal import Diagnostics
internal import Tensors

/// The axis of a shape that carries the examples: its extent is lead · N · rest.
struct ExamplePlace: Equatable {
  let axis: Int
  /// Entries of the axis around the examples: more than 1 where positions were merged with examples,
  /// position first.
  let lead: Int

  init(axis: Int, lead: Int) {
    self.axis = axis
    self.lead = lead
  }

  /// Finds the axis by how many elements' worth of axes come before the examples; nil if the shape
  /// has none there.
  init?(_ shape: Shape, outer: Int, examples: Int) {
    var before = 1
    for (axis, extent) in shape.dimensions.enumerated() {
      guard outer % before == 0 else { return nil }
      let lead = outer / before
      // One example is told from an axis of extent 1 by what stands before it.
      if extent > lead || (examples == 1 && lead == 1) {
        guard extent % (lead * examples) == 0 else { return nil }
        self.axis = axis
        self.lead = lead
        return
      }
      before *= extent
      if before == 0 { return nil }
    }
    return nil
  }

  /// One example's part of a shape that has the examples here.
  func slab(_ shape: Shape, examples: Int) -> [Int] {
    var slab = shape.dimensions
    slab[axis] /= examples
    return slab
  }

  /// What comes before the examples in a shape that carries them on another axis.
  func outer(in shape: Shape, axis: Int) -> Int { shape.dimensions[..<axis].reduce(lead, *) }
}

extension Term {
  /// Where its examples are; nil for an array that all of them share, and for one example, which may
  /// be mixed with nothing.
  func place(examples: Int) -> ExamplePlace? {
    guard isBatched, examples > 1 else { return nil }
    return ExamplePlace(shape, outer: outer, examples: examples)
  }

  /// What comes before the examples in a result that has them `shift` axes further on; 1 for an array
  /// that has none.
  func outer(in output: Shape, examples: Int, shift: Int = 0) -> Int {
    guard isBatched, let place = ExamplePlace(shape, outer: outer, examples: examples),
      place.axis + shift < output.rank, place.axis + shift >= 0
    else { return 1 }
    return place.outer(in: output, axis: place.axis + shift)
  }
}

extension NodeSite {
  /// What comes before the examples in a result to which arrays are broadcast.
  func outer(of terms: [Term], in output: Shape, examples: Int) -> Int {
    // Axes are aligned at the last one.
    let batched = terms.first(where: \.isBatched)
    return batched.map {
      $0.outer(in: output, examples: examples, shift: output.rank - $0.shape.rank)
    } ?? 1
  }
}

extension ArrayValue {
  /// One example's shape; an axis that only counted examples is gone.
  func exampleShape(exampleCount: Int) -> Shape {
    if exampleCount == 1 {
      // What comes before a single example is not told everywhere; the axis that counts it has extent 1.
      var dimensions = shape.dimensions
      let place = ExamplePlace(shape, outer: outer, examples: 1)
      let told = place.flatMap { dimensions[$0.axis] == 1 ? $0.axis : nil }
      let axis = dimensions.first == 1 ? 0 : told ?? dimensions.firstIndex(of: 1)
      if let axis { dimensions.remove(at: axis) }
      return Shape(dimensions)
    }
    guard let place = ExamplePlace(shape, outer: outer, examples: exampleCount) else {
      return shape
    }
    var dimensions = place.slab(shape, examples: exampleCount)
    if dimensions[place.axis] == 1 { dimensions.remove(at: place.axis) }
    return Shape(dimensions)
  }
}
