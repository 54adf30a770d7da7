// Operators that pick or place elements, by known indices as sparse maps: GatherElements, GatherND,
// ScatterElements, ScatterND, Compress, Trilu.
internal import Diagnostics
internal import Tensors

enum Indexing {
  static let gatherElements = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    guard case .known = try lower.binder.value(site, 1) else {
      try Pick.elements(lower.binder, site)
      return
    }
    let data = try lower.binder.shape(site, 0)
    let indices = try lower.indices(1)
    let positions = try site.elementPositions(
      in: data, indices: indices.list, shape: indices.shape)
    try lower.finish(
      try SparseMap.emit(
        lower, [try lower.input(0)], output: indices.shape, isBatched: indices.isBatched,
        [SparseMap.Entries(to: Array(positions.indices), from: positions)]))
  }

  static let gatherND = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    guard case .known = try lower.binder.value(site, 1) else {
      try Pick.blocks(lower.binder, site)
      return
    }
    let indices = try lower.indices(1)
    let blocks = try site.blockPositions(
      in: try lower.binder.shape(site, 0), indices: indices.list, shape: indices.shape)
    let output = try site.shape(Array(indices.shape.dimensions.dropLast()) + blocks.extents)
    try lower.finish(
      try SparseMap.emit(
        lower, [try lower.input(0)], output: output, isBatched: indices.isBatched,
        [SparseMap.Entries(to: Array(blocks.positions.indices), from: blocks.positions)]))
  }

  static let scatterElements = Binder.lowered { lower throws(Problem) in
    guard case .known = try lower.binder.value(lower.site, 1), try isLinear(lower.site) else {
      try Place.elements(lower.binder, lower.site)
      return
    }
    let indices = try lower.indices(1)
    try scatter(
      lower,
      try lower.site.elementPositions(
        in: try lower.binder.shape(lower.site, 0), indices: indices.list, shape: indices.shape))
  }

  static let scatterND = Binder.lowered { lower throws(Problem) in
    guard case .known = try lower.binder.value(lower.site, 1), try isLinear(lower.site) else {
      try Place.blocks(lower.binder, lower.site)
      return
    }
    let indices = try lower.indices(1)
    try scatter(
      lower,
      try lower.site.blockPositions(
        in: try lower.binder.shape(lower.site, 0), indices: indices.list, shape: indices.shape
      ).positions)
  }

  /// Whether updates are written or added, which known indices make a sparse map.
  private static func isLinear(_ site: NodeSite) throws(Problem) -> Bool {
    ["none", "add"].contains(try site.text("reduction", default: "none"))
  }

  /// y is x, with updates written or added at positions; the last of several writers counts.
  private static func scatter(_ lower: Lowering, _ positions: [Int]) throws(Problem) {
    let site = lower.site
    let shape = try lower.binder.shape(site, 0)
    guard try lower.binder.shape(site, 2).count == positions.count else {
      throw site.invalid("updates for \(positions.count) places")
    }
    var data = SparseMap.Entries(to: Array(0..<shape.count), from: Array(0..<shape.count))
    var updates = SparseMap.Entries(to: positions, from: Array(positions.indices))
    if try site.text("reduction", default: "none") == "none" {
      var writer = [Int](repeating: -1, count: shape.count)
      for (index, position) in positions.enumerated() { writer[position] = index }
      let kept = (0..<shape.count).filter { writer[$0] < 0 }
      let written = (0..<shape.count).filter { writer[$0] >= 0 }
      data = SparseMap.Entries(to: kept, from: kept)
      updates = SparseMap.Entries(to: written, from: written.map { writer[$0] })
    }
    try lower.finish(
      try SparseMap.emit(
        lower, [try lower.input(0), try lower.input(2)], output: shape, [data, updates]))
  }

  /// Entries of an axis, or of the flat array, that a known condition selects.
  static let compress = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    guard let condition = try lower.binder.integers(site, 1) else {
      throw site.invalid("it has no condition")
    }
    let chosen = lower.list(condition.indices.filter { condition[$0] != 0 })
    if case .integer(let axis)? = site.node.attributes["axis"] {
      try lower.finish(try lower("Gather", [input, chosen], ["axis": .integer(axis)]))
    } else {
      let flat = try lower("Reshape", [input, lower.list([-1])])
      try lower.finish(try lower("Gather", [flat, chosen]))
    }
  }

  /// The entries on and above or below a diagonal; the others are zero.
  static let triangle = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let shape = try lower.shape(input)
    guard shape.count >= 2 else { throw site.invalid("its input is no matrix") }
    let matrix = try site.shape(Array(shape.suffix(2)))
    let mask = lower.constant(
      HostArray(
        shape: matrix, type: .bool, integers: [Int64](repeating: 1, count: matrix.count)))
    var inputs = [mask]
    if let offset = lower.optionalInput(1) { inputs.append(offset) }
    let kept = try lower("Trilu", inputs, site.node.attributes)
    try lower.finish(try lower("Where", [kept, input, lower.scalar(0)]))
  }
}

extension Lowering {
  /// A known array of indices.
  func indices(
    _ input: Int
  ) throws(Problem) -> (list: [Int], shape: Shape, isBatched: Bool) {
    guard case .known(let array, let isBatched) = try binder.value(site, input),
      let integers = array.integers
    else { throw site.unsupported("indices that depend on the network's values") }
    return (integers.map { Int($0) }, array.shape, isBatched)
  }
}
