// Reading where the network itself says: Gather, GatherElements and GatherND with indices that depend
// on activations. A cotangent goes to the entry that was read; indices have none.
internal import Diagnostics
internal import Tensors

final class Pick: Operator {
  private let data: Operand
  private let indices: Operand
  private let places: IndexedPlaces
  private let examples: Int

  private init(_ frame: Frame, _ data: Operand, _ indices: Operand, _ places: IndexedPlaces) {
    self.data = data
    self.indices = indices
    self.places = places
    examples = frame.examples
  }

  static let slices: OperatorBinding = { binder, site throws(Problem) in
    let (data, indices) = (try binder.placedTerm(site, 0), try binder.placedTerm(site, 1))
    let shape = data.shape.dimensions
    let axis = try site.axis(try site.integer("axis", default: 0), rank: shape.count)
    let output = try site.shape(shape[..<axis] + indices.shape.dimensions + shape[(axis + 1)...])
    let outer = indices.isBatched ? indices.outer : data.isBatched ? nil : 1
    let value = try binder.emit(site, [data, indices], output: output, outer: outer) {
      frame throws(Problem) in
      // Examples that bring indices pick from what all share; from their own part only alone.
      let isApart = indices.isBatched ? axis == 0 && !data.isBatched : axis != frame.exampleAxis(0)
      guard frame.examples == 1 || isApart else { throw site.examplesMoved() }
      let (own, picked) = (try frame.leading(0), try frame.leading(1))
      return Pick(
        frame, own, picked, IndexedPlaces(slicesOf: own.shape, count: picked.count, axis: axis))
    }
    binder.set(site, value)
  }

  static let elements = Binder.lowered { lower throws(Problem) in
    let (data, indices) = (try lower.input(0), try lower.input(1))
    let rank = try lower.shape(data).count
    let axis = try lower.site.axis(try lower.site.integer("axis", default: 0), rank: rank)
    try lower.finish(try elements(lower, data, indices, axis: axis))
  }

  /// The entries of an array along an axis at computed places.
  static func elements(
    _ lower: Lowering, _ data: String, _ indices: String, axis: Int
  ) throws(Problem) -> String {
    let terms = [try lower.placedTerm(data), try lower.placedTerm(indices)]
    let outer = lower.site.outer(
      of: terms, in: terms[1].shape, examples: lower.binder.exampleCount)
    let value = try lower.binder.emit(
      lower.site, terms, output: terms[1].shape, outer: outer
    ) { frame throws(Problem) in
      let place = frame.place
      for (input, term) in terms.enumerated() where term.isBatched && frame.examples > 1 {
        guard term.place(examples: frame.examples) == place else {
          throw frame.site.examplesMoved()
        }
        guard input == 1 || axis != place?.axis else { throw frame.site.examplesMoved() }
      }
      let isTable = !terms[0].isBatched && axis == place?.axis
      let (own, picked) = (try frame.row(0, sharing: isTable), try frame.row(1))
      return Pick(
        frame, own, picked,
        try IndexedPlaces(
          frame.site, elementsOf: own.shape, indices: picked.shape, axis: axis))
    }
    return lower.name(value)
  }

  static let blocks: OperatorBinding = { binder, site throws(Problem) in
    let (data, indices) = (try binder.term(site, 0), try binder.term(site, 1))
    let leading = try site.integer("batch_dims", default: 0)
    let (shape, picked) = (data.shape.dimensions, indices.shape.dimensions)
    guard let depth = picked.last, leading >= 0, depth > 0, leading + depth <= shape.count else {
      throw site.invalid("indices \(indices.shape) into \(data.shape)")
    }
    let output = try site.shape(picked.dropLast() + shape[(leading + depth)...])
    let value = try binder.emit(site, [data, indices], output: output) { frame throws(Problem) in
      // Without leading axes an index may name any example's part.
      guard frame.examples == 1 || leading > 0 || !data.isBatched else {
        throw site.examplesMoved()
      }
      let own = try frame.row(0, sharing: leading == 0)
      let picked = try frame.row(1)
      return Pick(
        frame, own, picked,
        try IndexedPlaces(site, blocksOf: own.shape, indices: picked.shape, leading: leading))
    }
    binder.set(site, value)
  }

  func isDifferentiable(_ input: Int) -> Bool { input == 0 }
  func exampleStride(_ input: Int) -> Int { (input == 0 ? data : indices).exampleStride }
  func rereads(_ input: Int) -> Rereads { Rereads(inputs: [1]) }

  func forward(_ arrays: Arrays) {
    // data is [·, inner], y is [n·count, inner]
    let inner = places.inner
    for n in 0..<examples {
      let source = arrays.inputs[0] + n * data.exampleStride
      let named = arrays.inputs[1] + n * indices.exampleStride
      for entry in 0..<places.count {
        let target = arrays.output + (n * places.count + entry) * inner
        if let place = places.place(entry, named) {
          target.update(from: source + place * inner, count: inner)
        } else {
          target.update(repeating: .nan, count: inner)
        }
      }
    }
  }

  func pullBack(_ pull: PullBack) {
    let (own, inner) = (data.count, places.inner)
    pull.clearTarget(slab: own)
    for n in pull.examples {
      let named = pull.arrays.inputs[1] + n * indices.exampleStride
      for entry in 0..<places.count {
        guard let place = places.place(entry, named) else { continue }
        for k in 0..<pull.count {
          let row = (n - pull.examples.lowerBound) * pull.count + k
          let delta = pull.deltas + (row * places.count + entry) * inner
          let target = pull.target + row * own + place * inner
          for i in 0..<inner { target[i] += delta[i] }
        }
      }
    }
  }
}
