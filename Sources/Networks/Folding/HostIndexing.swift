// Folding of operators that pick, repeat or reorder elements.
internal import Diagnostics
internal import Tensors

enum HostIndexing {
  static let transpose: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let walk = StridedWalk.transposing(
      input.shape, try call.site.permutation(rank: input.shape.rank))
    return [input.gathered(walk.positions, shape: try call.site.shape(walk.extents))]
  }

  static let expand: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let target = try call.site.shape(try call.integers(1))
    return [HostElementwise.expanded(input, try call.site.broadcast([input.shape, target]))]
  }

  static let slice: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let walk = StridedWalk.slicing(
      input.shape,
      try call.site.slices(
        of: input.shape, starts: try call.integers(1), ends: try call.integers(2),
        axes: try call.optionalIntegers(3), steps: try call.optionalIntegers(4)))
    return [input.gathered(walk.positions, shape: try call.site.shape(walk.extents))]
  }

  static let tile: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let repeats = try call.integers(1)
    guard repeats.count == input.shape.rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw call.site.invalid("repeats \(repeats) of \(input.shape)")
    }
    // Every axis is split in (repeat, extent); the repeat has stride 0.
    var walk = StridedWalk(extents: [], strides: [])
    var dimensions: [Int] = []
    for (axis, extent) in input.shape.dimensions.enumerated() {
      walk.extents += [repeats[axis], extent]
      walk.strides += [0, input.shape.strides[axis]]
      let (product, overflow) = repeats[axis].multipliedReportingOverflow(by: extent)
      guard !overflow else { throw call.site.invalid("repeats \(repeats) of \(input.shape)") }
      dimensions.append(product)
    }
    return [input.gathered(walk.positions, shape: try call.site.shape(dimensions))]
  }

  static let concat: HostOperation = { call throws(Problem) in
    let arrays = try call.inputs.indices.map { index throws(Problem) in try call.input(index) }
    guard let first = arrays.first else { throw call.site.invalid("it has no inputs") }
    let axis = try call.site.axis(
      try call.site.integer("axis", default: 0), rank: first.shape.rank)
    var dimensions = first.shape.dimensions
    dimensions[axis] = 0
    for array in arrays {
      var others = array.shape.dimensions
      guard others.count == dimensions.count else {
        throw call.site.invalid("arrays of different rank are joined")
      }
      dimensions[axis] += others[axis]
      others[axis] = dimensions[axis]
      guard others == dimensions else {
        throw call.site.invalid("arrays of different shape are joined")
      }
    }
    let shape = try call.site.shape(dimensions)
    let outer = dimensions[..<axis].reduce(1, *)
    let sizes = arrays.map { $0.shape.dimensions[axis...].reduce(1, *) }
    let values = arrays.map(\.values)
    if arrays.allSatisfy({ $0.integers != nil }) {
      var joined: [Int64] = []
      joined.reserveCapacity(shape.count)
      for row in 0..<outer {
        for (index, each) in values.enumerated() {
          guard case .integers(let list) = each else { continue }
          joined += list[(row * sizes[index])..<((row + 1) * sizes[index])]
        }
      }
      return [HostArray(shape: shape, type: first.type, integers: joined)]
    }
    let reals = arrays.map(\.reals)
    var joined: [Double] = []
    joined.reserveCapacity(shape.count)
    for row in 0..<outer {
      for (index, list) in reals.enumerated() {
        joined += list[(row * sizes[index])..<((row + 1) * sizes[index])]
      }
    }
    return [HostArray(shape: shape, type: first.type, reals: joined)]
  }

  static let gather: HostOperation = { call throws(Problem) in
    let data = try call.input(0)
    let indices = try call.input(1)
    let axis = try call.site.axis(try call.site.integer("axis", default: 0), rank: data.shape.rank)
    let extent = data.shape.dimensions[axis]
    let outer = data.shape.dimensions[..<axis].reduce(1, *)
    let inner = data.shape.dimensions[(axis + 1)...].reduce(1, *)
    let rows = try call.integers(1).map { index throws(Problem) in
      try call.site.index(index, extent: extent)
    }
    let shape = try call.site.shape(
      data.shape.dimensions[..<axis] + indices.shape.dimensions
        + data.shape.dimensions[(axis + 1)...])
    var positions: [Int] = []
    positions.reserveCapacity(shape.count)
    for block in 0..<outer {
      for row in rows {
        let start = (block * extent + row) * inner
        positions += start..<(start + inner)
      }
    }
    return [data.gathered(positions, shape: shape)]
  }

  static let gatherElements: HostOperation = { call throws(Problem) in
    let data = try call.input(0)
    let indices = try call.input(1)
    let positions = try call.site.elementPositions(
      in: data.shape, indices: try call.integers(1), shape: indices.shape)
    return [data.gathered(positions, shape: indices.shape)]
  }

  static let gatherND: HostOperation = { call throws(Problem) in
    let data = try call.input(0)
    let indices = try call.input(1)
    let blocks = try call.site.blockPositions(
      in: data.shape, indices: try call.integers(1), shape: indices.shape)
    let shape = try call.site.shape(
      Array(indices.shape.dimensions.dropLast()) + blocks.extents)
    return [data.gathered(blocks.positions, shape: shape)]
  }

  static let scatterND: HostOperation = { call throws(Problem) in
    let indices = try call.input(1)
    let blocks = try call.site.blockPositions(
      in: try call.input(0).shape, indices: try call.integers(1), shape: indices.shape)
    return [try scatter(call, blocks.positions)]
  }

  static let scatterElements: HostOperation = { call throws(Problem) in
    let indices = try call.input(1)
    return [
      try scatter(
        call,
        try call.site.elementPositions(
          in: try call.input(0).shape, indices: try call.integers(1), shape: indices.shape))
    ]
  }

  /// Writes the third input's elements at positions of the first, combined as `reduction` says.
  private static func scatter(_ call: HostCall, _ positions: [Int]) throws(Problem) -> HostArray {
    let data = try call.input(0)
    let updates = try call.input(2)
    guard updates.shape.count == positions.count else {
      throw call.site.invalid("updates \(updates.shape) for \(positions.count) places")
    }
    let reduction = try call.site.text("reduction", default: "none")
    if var values = data.integers, let new = updates.integers {
      for (place, position) in positions.enumerated() {
        switch reduction {
        case "add": values[position] &+= new[place]
        case "mul": values[position] &*= new[place]
        case "max": values[position] = max(values[position], new[place])
        case "min": values[position] = min(values[position], new[place])
        default: values[position] = new[place]
        }
      }
      return HostArray(shape: data.shape, type: data.type, integers: values)
    }
    var values = data.reals
    let new = updates.reals
    for (place, position) in positions.enumerated() {
      switch reduction {
      case "add": values[position] += new[place]
      case "mul": values[position] *= new[place]
      case "max": values[position] = max(values[position], new[place])
      case "min": values[position] = min(values[position], new[place])
      default: values[position] = new[place]
      }
    }
    return HostArray(shape: data.shape, type: data.type, reals: values)
  }

  static let split: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let axis = try call.site.axis(
      try call.site.integer("axis", default: 0), rank: input.shape.rank)
    let sizes = try call.site.splitSizes(
      extent: input.shape.dimensions[axis], sizes: try call.optionalIntegers(1),
      parts: call.site.node.outputs.count)
    var start = 0
    var parts: [HostArray] = []
    for size in sizes {
      var slices = input.shape.dimensions.map {
        NodeSite.AxisSlice(start: 0, step: 1, count: $0)
      }
      slices[axis] = NodeSite.AxisSlice(start: start, step: 1, count: size)
      let walk = StridedWalk.slicing(input.shape, slices)
      parts.append(input.gathered(walk.positions, shape: try call.site.shape(walk.extents)))
      start += size
    }
    return parts
  }
}
