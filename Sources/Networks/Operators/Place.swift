// Writing at places, one update after another: ScatterElements and ScatterND with indices that depend on
// activations, or combined otherwise than by a sum, which with known indices is a sparse map.
internal import Diagnostics
internal import Tensors

final class Place: Operator {
  private let operands: [Operand]
  private let places: IndexedPlaces
  private let reduction: Reduction
  private let examples: Int

  /// How an update and what stands at its place become one.
  private enum Reduction: String {
    case last = "none"
    case sum = "add"
    case product = "mul"
    case largest = "max"
    case smallest = "min"

    func combined(_ present: Float, _ update: Float) -> Float {
      switch self {
      case .last: update
      case .sum: present + update
      case .product: present * update
      case .largest: max(present, update)
      case .smallest: min(present, update)
      }
    }

    /// Whether the derivative depends on the values.
    var isLinear: Bool { self == .last || self == .sum }
  }

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
    let named = try site.text("reduction", default: "none")
    guard let reduction = Reduction(rawValue: named) else {
      throw site.unsupported("reduction \"\(named)\" of the network's values")
    }
    self.reduction = reduction
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

  func rereads(_ input: Int) -> Rereads {
    reduction.isLinear ? Rereads(inputs: [1]) : Rereads(inputs: [0, 1, 2], output: true)
  }

  func forward(_ arrays: Arrays) {
    // data and y are [n, ·, inner], updates are [n, count, inner]
    let own = operands[0].count
    for n in 0..<examples {
      let target = arrays.output + n * own
      target.update(from: arrays.inputs[0] + n * operands[0].exampleStride, count: own)
      let updates = arrays.inputs[2] + n * operands[2].exampleStride
      forEachUpdate(arrays, n) { update, place in
        target[place] = reduction.combined(target[place], updates[update])
      }
    }
  }

  func pullBack(_ pull: PullBack) {
    let (own, slab) = (operands[pull.input].count, operands[0].count)
    pull.clearTarget(slab: own)
    for n in pull.examples {
      let slopes = pull.input == 0 ? slopesOfData(pull.arrays, n) : slopesOfUpdates(pull.arrays, n)
      for k in 0..<pull.count {
        let row = (n - pull.examples.lowerBound) * pull.count + k
        let delta = pull.deltas + row * slab
        let target = pull.target + row * own
        if pull.input == 0 {
          for place in 0..<slab { target[place] += slopes[place] * delta[place] }
        } else {
          forEachUpdate(pull.arrays, n) { update, place in
            target[update] += slopes[update] * delta[place]
          }
        }
      }
    }
  }

  /// Each element of an example's updates, and the one of the data that it is for.
  private func forEachUpdate(
    _ arrays: Arrays, _ example: Int, _ visit: (_ update: Int, _ place: Int) -> Void
  ) {
    let inner = places.inner
    let named = arrays.inputs[1] + example * operands[1].exampleStride
    for entry in 0..<places.count {
      guard let place = places.place(entry, named) else { continue }
      for i in 0..<inner { visit(entry * inner + i, place * inner + i) }
    }
  }

  /// dy/dx of each element of an example's data.
  private func slopesOfData(_ arrays: Arrays, _ example: Int) -> [Float] {
    let slab = operands[0].count
    let data = arrays.inputs[0] + example * operands[0].exampleStride
    switch reduction {
    case .sum: return [Float](repeating: 1, count: slab)
    case .last:
      var slopes = [Float](repeating: 1, count: slab)
      forEachUpdate(arrays, example) { _, place in slopes[place] = 0 }
      return slopes
    case .largest, .smallest:
      let shares = shares(arrays, example)
      let y = arrays.output + example * slab
      return (0..<slab).map { data[$0] == y[$0] ? shares[$0] : 0 }
    case .product:
      let factors = factors(arrays, example)
      return (0..<slab).map { factors[$0].without(data[$0]) }
    }
  }

  /// dy/du of each element of an example's updates, at its place.
  private func slopesOfUpdates(_ arrays: Arrays, _ example: Int) -> [Float] {
    let slab = operands[0].count
    let updates = arrays.inputs[2] + example * operands[2].exampleStride
    var slopes = [Float](repeating: reduction == .sum ? 1 : 0, count: operands[2].count)
    switch reduction {
    case .sum: break
    case .last:
      var writers = [Int](repeating: -1, count: slab)
      forEachUpdate(arrays, example) { update, place in writers[place] = update }
      for writer in writers where writer >= 0 { slopes[writer] = 1 }
    case .largest, .smallest:
      let shares = shares(arrays, example)
      let y = arrays.output + example * slab
      forEachUpdate(arrays, example) { update, place in
        if updates[update] == y[place] { slopes[update] = shares[place] }
      }
    case .product:
      let factors = factors(arrays, example)
      forEachUpdate(arrays, example) { update, place in
        slopes[update] = factors[place].without(updates[update])
      }
    }
    return slopes
  }

  /// By element of the data, the part of a cotangent for each of those that equal the extreme there: they
  /// share it evenly, as in PyTorch's scatter_reduce.
  private func shares(_ arrays: Arrays, _ example: Int) -> [Float] {
    let slab = operands[0].count
    let data = arrays.inputs[0] + example * operands[0].exampleStride
    let updates = arrays.inputs[2] + example * operands[2].exampleStride
    let y = arrays.output + example * slab
    var equals = (0..<slab).map { data[$0] == y[$0] ? 1 : 0 as Float }
    forEachUpdate(arrays, example) { update, place in
      if updates[update] == y[place] { equals[place] += 1 }
    }
    return equals.map { 1 / max($0, 1) }
  }

  /// What is multiplied at one place.
  private struct Factors {
    /// The product of those that are not zero.
    var product = 1.0
    var zeros = 0

    mutating func multiply(by factor: Float) {
      if factor == 0 { zeros += 1 } else { product *= Double(factor) }
    }

    /// The product of all but one of them.
    func without(_ factor: Float) -> Float {
      if factor == 0 { return zeros == 1 ? Float(product) : 0 }
      return zeros == 0 ? Float(product / Double(factor)) : 0
    }
  }

  private func factors(_ arrays: Arrays, _ example: Int) -> [Factors] {
    let slab = operands[0].count
    let data = arrays.inputs[0] + example * operands[0].exampleStride
    let updates = arrays.inputs[2] + example * operands[2].exampleStride
    var factors = [Factors](repeating: Factors(), count: slab)
    for place in 0..<slab { factors[place].multiply(by: data[place]) }
    forEachUpdate(arrays, example) { update, place in factors[place].multiply(by: updates[update]) }
    return factors
  }
}
