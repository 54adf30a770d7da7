// Pad: zeros are a strided copy; other modes, and negative pads, which cut, are a sparse map per axis.
internal import Diagnostics
internal import Tensors

enum Padding {
  static let bind = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let shape = try lower.shape(input)
    guard let pads = try lower.binder.integers(site, 1) else {
      throw site.invalid("it has no pads")
    }
    let axes =
      try lower.binder.integers(site, 3).map { axes throws(Problem) in
        try axes.map { axis throws(Problem) in try site.axis(axis, rank: shape.count) }
      } ?? Array(shape.indices)
    guard pads.count == 2 * axes.count, pads.allSatisfy({ $0.magnitude < 1 << 30 }) else {
      throw site.unsupported("pads \(pads)")
    }
    var before = [Int](repeating: 0, count: shape.count)
    var after = before
    for (index, axis) in axes.enumerated() {
      before[axis] += pads[index]
      after[axis] += pads[index + axes.count]
    }
    let mode = try site.text("mode", default: "constant")
    if mode == "constant" {
      try lower.finish(try constant(lower, input, before, after))
      return
    }
    var name = input
    for axis in shape.indices where before[axis] != 0 || after[axis] != 0 {
      let extent = shape[axis]
      let length = extent + before[axis] + after[axis]
      guard length >= 0, length == 0 || extent > 0 else {
        throw site.invalid("pads \(pads) of \(shape)")
      }
      // What is cut does not come round again.
      let cut = (max(0, -before[axis]), extent - max(0, -after[axis]))
      guard cut.0 < cut.1 || length == 0 || mode != "wrap" else {
        throw site.invalid("pads cut more than there is")
      }
      let kept = cut.0..<max(cut.0, cut.1)
      var entries = SparseMap.Entries()
      for place in 0..<length {
        entries.to.append(place)
        entries.from.append(
          try source(site, place - before[axis], extent: extent, kept: kept, mode: mode))
      }
      name = try SparseMap.emit(lower, name, axis: axis, length: length, entries)
    }
    try lower.finish(name)
  }

  /// The entry that a place outside of an axis repeats.
  private static func source(
    _ site: NodeSite, _ place: Int, extent: Int, kept: Range<Int>, mode: String
  ) throws(Problem) -> Int {
    switch mode {
    case "edge": return min(max(place, 0), extent - 1)
    case "wrap":
      let phase = (place - kept.lowerBound) % kept.count
      return kept.lowerBound + (phase < 0 ? phase + kept.count : phase)
    case "reflect":
      guard extent > 1 else { return 0 }
      let period = 2 * (extent - 1)
      let phase = ((place % period) + period) % period
      return phase < extent ? phase : period - phase
    default: throw site.unsupported("mode \"\(mode)\"")
    }
  }

  private static func constant(
    _ lower: Lowering, _ input: String, _ before: [Int], _ after: [Int]
  ) throws(Problem) -> String {
    let site = lower.site
    var name = input
    // Negative pads cut first.
    for axis in before.indices where before[axis] < 0 || after[axis] < 0 {
      let extent = try lower.shape(name)[axis]
      let range = (max(0, -before[axis]), extent - max(0, -after[axis]))
      guard range.0 <= range.1 else { throw site.invalid("pads cut more than there is") }
      name = try lower.slice(name, axis: axis, range.0..<range.1)
    }
    let kept = try lower.shape(name)
    let (before, after) = (before.map { max(0, $0) }, after.map { max(0, $0) })
    let output = try site.shape(
      kept.indices.map { kept[$0] + before[$0] + after[$0] })
    guard output.dimensions != kept else { return name }
    let padded: String
    if case .known(let array, _) = try lower.value(name), array.integers != nil {
      padded = try integers(lower, name, before: before, output: output)
    } else {
      padded = try StridedCopy.emitPadding(lower, name, before: before, output: output)
    }
    let valueName = lower.optionalInput(2)
    if let valueName, case .known(let value, _) = try lower.value(valueName),
      value.reals.allSatisfy({ $0 == 0 })
    {
      return padded
    }
    guard let valueName else { return padded }
    // The value at the places outside: inside of all padded axes is where all of them are.
    var inside: String?
    for axis in kept.indices where output.dimensions[axis] != kept[axis] {
      var extents = [Int](repeating: 1, count: kept.count)
      extents[axis] = output.dimensions[axis]
      let range = before[axis]..<(before[axis] + kept[axis])
      let mask = lower.constant(
        HostArray(
          shape: try site.shape(extents), type: .bool,
          integers: (0..<extents[axis]).map { range.contains($0) ? 1 : 0 }))
      inside =
        try inside.map { earlier throws(Problem) in try lower("And", [earlier, mask]) }
        ?? mask
    }
    return try inside.map { inside throws(Problem) in
      try lower("Where", [inside, padded, valueName])
    } ?? padded
  }
}

extension Padding {
  /// Known integers among zeros, axis by axis.
  private static func integers(
    _ lower: Lowering, _ name: String, before: [Int], output: Shape
  ) throws(Problem) -> String {
    var name = name
    for (axis, extent) in try lower.shape(name).enumerated()
    where extent != output.dimensions[axis] {
      let entries = SparseMap.Entries(
        to: (0..<extent).map { before[axis] + $0 }, from: Array(0..<extent))
      name = try SparseMap.emit(
        lower, name, axis: axis, length: output.dimensions[axis], entries)
    }
    return name
  }
}

extension StridedCopy {
  /// Emits an array placed at an offset in a larger one of zeros.
  static func emitPadding(
    _ lower: Lowering, _ name: String, before: [Int], output: Shape
  ) throws(Problem) -> String {
    let term = try lower.placedTerm(name)
    let outer = term.outer(in: output, examples: lower.binder.exampleCount)
    let value = try lower.binder.emit(lower.site, [term], output: output, outer: outer) {
      frame throws(Problem) in
      if let axis = frame.exampleAxis(0), output.dimensions[axis] != term.shape.dimensions[axis] {
        throw frame.site.examplesMoved()
      }
      let operand = try frame.leading(0)
      let strides = Operand(shape: frame.outputSlab, exampleStride: 0).strides
      return StridedCopy(
        frame, [operand],
        [
          Piece(
            extents: operand.shape, inputStrides: operand.strides, outputStrides: strides,
            outputOffset: zip(before, strides).reduce(0) { $0 + $1.0 * $1.1 })
        ])
    }
    return lower.name(value)
  }
}
