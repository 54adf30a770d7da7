// How Transpose, Slice, Concat, Split, Expand, Pad and the sums become strided copies.
internal import Diagnostics
internal import Tensors

extension StridedCopy {
  static let transpose: OperatorBinding = { binder, site throws(Problem) in
    let value = try binder.value(site, 0)
    guard case .array(let array) = value else { throw site.invalid("its input is a sequence") }
    let permutation = try site.permutation(rank: array.shape.rank)
    if permutation == Array(permutation.indices) {
      binder.set(site, value)
    } else if permutation == [1, 0], !binder.storages[array.storage].isBatched {
      // Matrix products read a weight either way: nothing is copied until somebody must.
      binder.set(
        site,
        .array(
          ArrayValue(
            storage: array.storage, shape: Shape(array.shape.dimensions.reversed()),
            isTransposed: !array.isTransposed)))
    } else {
      // A transposed view is put in order first.
      let term = try binder.placedTerm(site, 0)
      binder.set(site, try emitTransposition(binder, site, term, permutation))
    }
  }

  /// Emits an axis permutation.
  static func emitTransposition(
    _ binder: Binder, _ site: NodeSite, _ term: Term, _ permutation: [Int]
  ) throws(Problem) -> Value {
    let output = try site.shape(permutation.map { term.shape.dimensions[$0] })
    var outer = 1
    let examples = binder.exampleCount
    if term.isBatched, let place = ExamplePlace(term.shape, outer: term.outer, examples: examples) {
      outer = place.outer(in: output, axis: permutation.firstIndex(of: place.axis) ?? 0)
      // Where nothing but the examples moves past others, memory is in order already.
      let slab = place.slab(term.shape, examples: examples)
      let moving = permutation.filter { slab[$0] > 1 }
      if moving == moving.sorted(), case .storage(let storage) = term.source {
        return .array(ArrayValue(storage: storage, shape: output, outer: outer))
      }
    }
    return try binder.emit(site, [term], output: output, outer: outer) {
      frame throws(Problem) in
      let operand = try frame.leading(0)
      let strides = Operand(shape: frame.outputSlab, exampleStride: 0).strides
      return StridedCopy(
        frame, [operand],
        [
          Piece(
            extents: frame.outputSlab, inputStrides: permutation.map { operand.strides[$0] },
            outputStrides: strides)
        ])
    }
  }

  static let slice: OperatorBinding = { binder, site throws(Problem) in
    let term = try binder.placedTerm(site, 0)
    guard let starts = try binder.integers(site, 1), let ends = try binder.integers(site, 2) else {
      throw site.invalid("it has no bounds")
    }
    let slices = try site.slices(
      of: term.shape, starts: starts, ends: ends, axes: try binder.integers(site, 3),
      steps: try binder.integers(site, 4))
    binder.set(site, try emitSlice(binder, site, term, slices))
  }

  private static func emitSlice(
    _ binder: Binder, _ site: NodeSite, _ term: Term, _ slices: [NodeSite.AxisSlice]
  ) throws(Problem) -> Value {
    let output = try site.shape(slices.map(\.count))
    let outer = term.outer(in: output, examples: binder.exampleCount)
    return try binder.emit(site, [term], output: output, outer: outer) {
      frame throws(Problem) in
      let operand = try frame.leading(0)
      var slices = slices
      if let axis = frame.exampleAxis(0) {
        let all = NodeSite.AxisSlice(start: 0, step: 1, count: term.shape.dimensions[axis])
        guard slices[axis] == all else { throw site.examplesMoved() }
        slices[axis] = NodeSite.AxisSlice(start: 0, step: 1, count: operand.shape[axis])
      }
      let walk = StridedWalk.slicing(Shape(operand.shape), slices)
      return StridedCopy(
        frame, [operand],
        [
          Piece(
            extents: walk.extents, inputStrides: walk.strides, inputOffset: walk.offset,
            outputStrides: Operand(shape: frame.outputSlab, exampleStride: 0).strides)
        ])
    }
  }

  /// The parts of a split, each a slice.
  private static func parts(
    _ binder: Binder, _ site: NodeSite, axis: Int, sizes: [Int]
  ) throws(Problem) -> [Value] {
    let term = try binder.placedTerm(site, 0)
    var values: [Value] = []
    var start = 0
    for size in sizes {
      var slices = term.shape.dimensions.map {
        NodeSite.AxisSlice(start: 0, step: 1, count: $0)
      }
      slices[axis] = NodeSite.AxisSlice(start: start, step: 1, count: size)
      values.append(try emitSlice(binder, site, term, slices))
      start += size
    }
    return values
  }

  static let split: OperatorBinding = { binder, site throws(Problem) in
    let shape = try binder.shape(site, 0)
    let axis = try site.axis(try site.integer("axis", default: 0), rank: shape.rank)
    let sizes = try site.splitSizes(
      extent: shape.dimensions[axis], sizes: try binder.integers(site, 1),
      parts: site.node.outputs.count)
    guard sizes.count == site.node.outputs.count else {
      throw site.invalid("\(sizes.count) parts for \(site.node.outputs.count) outputs")
    }
    for (index, value) in try parts(binder, site, axis: axis, sizes: sizes).enumerated() {
      binder.set(site, value, output: index)
    }
  }

  static let splitToSequence: OperatorBinding = { binder, site throws(Problem) in
    let shape = try binder.shape(site, 0)
    let axis = try site.axis(try site.integer("axis", default: 0), rank: shape.rank)
    let extent = shape.dimensions[axis]
    var sizes = [Int](repeating: 1, count: extent)
    if let given = try binder.integers(site, 1) {
      if try binder.shape(site, 1).rank == 0 {
        // A scalar is the size of every part; the last one may be smaller.
        guard let size = given.first, size > 0 else { throw site.invalid("parts of size 0") }
        sizes = stride(from: 0, to: extent, by: size).map { min(size, extent - $0) }
      } else {
        sizes = try site.splitSizes(extent: extent, sizes: given, parts: given.count)
      }
    } else if try site.integer("keepdims", default: 1) == 0 {
      throw site.unsupported("keepdims 0")
    }
    binder.set(site, .sequence(try parts(binder, site, axis: axis, sizes: sizes)))
  }

  static let concat: OperatorBinding = { binder, site throws(Problem) in
    var terms: [Term] = []
    for input in site.node.inputs.indices { terms.append(try binder.placedTerm(site, input)) }
    guard let first = terms.first else { throw site.invalid("it has no inputs") }
    let axis = try site.axis(try site.integer("axis", default: 0), rank: first.shape.rank)
    var dimensions = first.shape.dimensions
    dimensions[axis] = 0
    for term in terms {
      var others = term.shape.dimensions
      guard others.count == dimensions.count else {
        throw site.invalid("arrays of different rank are joined")
      }
      dimensions[axis] += others[axis]
      others[axis] = dimensions[axis]
      guard others == dimensions else { throw site.invalid("arrays of different shape are joined") }
    }
    let output = try site.shape(dimensions)
    let outer = site.outer(of: terms, in: output, examples: binder.exampleCount)
    let value = try binder.emit(site, terms, output: output, outer: outer) {
      frame throws(Problem) in
      guard axis != frame.place?.axis else { throw site.examplesMoved() }
      let strides = Operand(shape: frame.outputSlab, exampleStride: 0).strides
      var operands: [Operand] = []
      var pieces: [Piece] = []
      var start = 0
      for index in terms.indices {
        // Off the joined axis every input has the output's extents, the examples' axis included.
        let operand =
          frame.examples == 1
          ? Operand(shape: terms[index].shape.dimensions, exampleStride: 0)
          : try frame.broadcast(index)
        operands.append(operand)
        pieces.append(
          Piece(
            extents: operand.shape, inputStrides: operand.strides, outputStrides: strides,
            outputOffset: start * strides[axis]))
        start += operand.shape[axis]
      }
      return StridedCopy(frame, operands, pieces)
    }
    binder.set(site, value)
  }

  static let expand: OperatorBinding = { binder, site throws(Problem) in
    let term = try binder.placedTerm(site, 0)
    guard let target = try binder.integers(site, 1) else { throw site.invalid("it has no shape") }
    let output = try site.broadcast([term.shape, try site.shape(target)])
    if output == term.shape {
      binder.set(site, try binder.value(site, 0))
      return
    }
    let outer = site.outer(of: [term], in: output, examples: binder.exampleCount)
    let value = try binder.emit(site, [term], output: output, outer: outer) {
      frame throws(Problem) in
      let operand = try frame.broadcast(0)
      return StridedCopy(
        frame, [operand],
        [
          Piece(
            extents: frame.outputSlab,
            inputStrides: StridedLoop.broadcasting(operand, to: frame.outputSlab),
            outputStrides: Operand(shape: frame.outputSlab, exampleStride: 0).strides)
        ])
    }
    binder.set(site, value)
  }

  static let reduceSum: OperatorBinding = { binder, site throws(Problem) in
    try reduce(binder, site, axes: binder.axes(site), mean: false)
  }

  static let reduceMean: OperatorBinding = { binder, site throws(Problem) in
    try reduce(binder, site, axes: binder.axes(site), mean: true)
  }

  /// Over all places of every channel, which are kept as axes of extent 1.
  static let globalAverage: OperatorBinding = { binder, site throws(Problem) in
    let rank = try binder.shape(site, 0).rank
    guard rank > 2 else { throw site.invalid("its input has no places") }
    try reduce(binder, site, axes: Array(2..<rank), mean: true)
  }

  private static func reduce(
    _ binder: Binder, _ site: NodeSite, axes: [Int]?, mean: Bool
  ) throws(Problem) {
    let term = try binder.placedTerm(site, 0)
    let (inner, _, result) = try site.reduction(of: term.shape, axes: axes)
    guard let result else {
      binder.set(site, try binder.value(site, 0))
      return
    }
    let count = inner.count == 0 ? 1 : term.shape.count / inner.count
    var outer = 1
    if let place = term.place(examples: binder.exampleCount) {
      // The examples' axis may not be summed; dropped axes before it bring it forward.
      let dropped = result.rank == inner.rank ? [] : try site.axes(axes ?? [], rank: inner.rank)
      let axis = place.axis - dropped.filter { $0 < place.axis }.count
      guard inner.dimensions[place.axis] == term.shape.dimensions[place.axis], axis < result.rank
      else { throw site.examplesMoved() }
      outer = place.outer(in: result, axis: axis)
    }
    let value = try binder.emit(site, [term], output: result, outer: outer) {
      frame throws(Problem) in
      let operand = try frame.leading(0)
      var kept = operand.shape
      for axis in kept.indices where inner.dimensions[axis] == 1 { kept[axis] = 1 }
      return StridedCopy(
        frame, [operand],
        [
          Piece(
            extents: operand.shape, inputStrides: operand.strides,
            outputStrides: StridedLoop.broadcasting(
              Operand(shape: kept, exampleStride: 0), to: operand.shape),
            factor: mean ? 1 / Float(max(count, 1)) : 1)
        ])
    }
    binder.set(site, value)
  }
}
