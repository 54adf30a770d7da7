// Writing where the network itself says: ScatterElements and ScatterND with indices that depend on
// activations. Of several updates of one entry the last one counts, or all are added.
internal import Diagnostics
internal import Tensors

final class Place: Operator {
  private let operands: [Operand]
  private let places: IndexedPlaces
  private let adds: Bool
  private let examples: Int

  private init(
    _ frame: Frame, _ places: (_ data: [Int], _ indices: [Int]) throws(Problem) -> IndexedPlaces
  ) throws(Problem) {
    let site = frame.site
    operands = [try frame.row(0), try frame.row(1), try frame.row(2)]
    self.places = try places(operands[0].shape, operands[1].shape)
    examples = frame.examples
    guard operands[2].count == self.places.count * self.places.inner else {
      throw site.invalid("updates \(operands[2].shape) for \(self.places.count) places")
    }
    switch try site.text("reduction", default: "none") {
    case "none": adds = false
    case "add": adds = true
    case let other: throw site.unsupported("reduction \"\(other)\" of the network's values")
    }
  }

  static let elements: OperatorBinding = { binder, site throws(Problem) in
    let axis = try site.axis(
      try site.integer("axis", default: 0), rank: try binder.shape(site, 0).rank)
    try bind(binder, site, mixesExamples: axis == 0) { data, indices throws(Problem) in
      try IndexedPlaces(site, elementsOf: data, indices: indices, axis: axis)
    }
  }

  /// An index may name any example's part.
  static let blocks: OperatorBinding = { binder, site throws(Problem) in
    try bind(binder, site, mixesExamples: true) { data, indices throws(Problem) in
      try IndexedPlaces(site, blocksOf: data, indices: indices, leading: 0)
    }
  }

  private static func bind(
    _ binder: Binder, _ site: NodeSite, mixesExamples: Bool,
    _ places: (_ data: [Int], _ indices: [Int]) throws(Problem) -> IndexedPlaces
  ) throws(Problem) {
    let terms = [
      try binder.term(site, 0), try binder.term(site, 1), try binder.term(site, 2),
    ]
    binder.set(
      site,
      try binder.emit(site, terms, output: terms[0].shape) { frame throws(Problem) in
        guard frame.examples == 1 || !mixesExamples else { throw site.examplesMoved() }
        return try Place(frame, places)
      })
  }

  func isDifferentiable(_ input: Int) -> Bool { input != 1 }
  func exampleStride(_ input: Int) -> Int { operands[input].exampleStride }
  func rereads(_ input: Int) -> Rereads { Rereads(inputs: [1]) }

  func forward(_ arrays: Arrays) {
    // data and y are [n, ·, inner], updates are [n, count, inner]
    let (own, inner) = (operands[0].count, places.inner)
    for n in 0..<examples {
      let target = arrays.output + n * own
      target.update(from: arrays.inputs[0] + n * operands[0].exampleStride, count: own)
      let named = arrays.inputs[1] + n * operands[1].exampleStride
      let updates = arrays.inputs[2] + n * operands[2].exampleStride
      for entry in 0..<places.count {
        guard let place = places.place(entry, named) else { continue }
        for i in 0..<inner {
          let update = updates[entry * inner + i]
          target[place * inner + i] = adds ? target[place * inner + i] + update : update
        }
      }
    }
  }

  func pullBack(_ pull: PullBack) {
    let (own, inner, slab) = (operands[pull.input].count, places.inner, operands[0].count)
    for n in pull.examples {
      let named = pull.arrays.inputs[1] + n * operands[1].exampleStride
      let writers = adds ? [] : writers(named)
      for k in 0..<pull.count {
        let row = (n - pull.examples.lowerBound) * pull.count + k
        let delta = pull.deltas + row * slab
        let target = pull.target + row * own
        if !pull.accumulates { target.update(repeating: 0, count: own) }
        if pull.input == 0 {
          for block in 0..<(slab / max(1, inner)) where adds || writers[block] < 0 {
            for i in (block * inner)..<((block + 1) * inner) { target[i] += delta[i] }
          }
        } else {
          for entry in 0..<places.count {
            guard let place = places.place(entry, named), adds || writers[place] == entry
            else { continue }
            for i in 0..<inner { target[entry * inner + i] += delta[place * inner + i] }
          }
        }
      }
    }
  }

  /// By block of the data, the last entry that is written there; −1 where none is.
  private func writers(_ indices: UnsafePointer<Float>) -> [Int] {
    var writers = [Int](repeating: -1, count: operands[0].count / max(1, places.inner))
    for entry in 0..<places.count {
      if let place = places.place(entry, indices) { writers[place] = entry }
    }
    return writers
  }
}
