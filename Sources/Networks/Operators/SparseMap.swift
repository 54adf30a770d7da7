// A sparse linear map with known entries, y[to] = Σ weight · x[from]: everything that picks, places or
// interpolates elements. The pullback is its transpose.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class SparseMap: Operator {
  /// The map of one input, in blocks of `inner` elements.
  struct Entries: Equatable {
    var to: [Int] = []
    var from: [Int] = []
    /// Empty when all are 1.
    var weights: [Float] = []

    mutating func append(to place: Int, from source: Int, weight: Float) {
      to.append(place)
      from.append(source)
      weights.append(weight)
    }
  }

  private let operands: [Operand]
  /// By input: one map that all examples share, or one per example.
  private let entries: [[Entries]]
  /// How often an example repeats the map.
  private let outer: Int
  private let inner: Int
  private let slab: Int
  private let examples: Int

  init(_ frame: Frame, _ operands: [Operand], _ entries: [[Entries]], outer: Int, inner: Int) {
    self.operands = operands
    self.entries = entries
    self.outer = outer
    self.inner = inner
    examples = frame.examples
    slab = frame.output.count / frame.examples
  }

  func exampleStride(_ input: Int) -> Int { operands[input].exampleStride }
  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    arrays.output.update(repeating: 0, count: examples * slab)
    for (input, operand) in operands.enumerated() {
      for n in 0..<examples {
        apply(
          map(input, n), from: arrays.inputs[input] + n * operand.exampleStride, operand.count,
          to: arrays.output + n * slab, slab, copies: 1, isTransposed: false)
      }
    }
  }

  func pullBack(_ pull: PullBack) {
    let own = operands[pull.input].count
    pull.clearTarget(slab: own)
    for n in pull.examples {
      let row = (n - pull.examples.lowerBound) * pull.count
      apply(
        map(pull.input, n), from: pull.deltas + row * slab, slab, to: pull.target + row * own, own,
        copies: pull.count, isTransposed: true)
    }
  }

  private func map(_ input: Int, _ example: Int) -> Entries {
    entries[input].count == 1 ? entries[input][0] : entries[input][example]
  }

  private func apply(
    _ map: Entries, from x: UnsafeMutablePointer<Float>, _ xCount: Int,
    to y: UnsafeMutablePointer<Float>, _ yCount: Int, copies: Int, isTransposed: Bool
  ) {
    // x is [copies, outer, xCount / outer], y is [copies, outer, yCount / outer]
    guard outer > 0 else { return }
    ck_sparse_apply(
      isTransposed ? map.from : map.to, isTransposed ? map.to : map.from,
      map.weights.isEmpty ? nil : map.weights, map.to.count, x, y, copies * outer,
      xCount / outer, yCount / outer, inner)
  }
}

extension SparseMap {
  /// Emits a map along one axis, the same for every line of it.
  static func emit(
    _ lower: Lowering, _ name: String, axis: Int, length: Int, _ entries: Entries
  ) throws(Problem) -> String {
    if case .known(let array, let isBatched) = try lower.value(name),
      let known = try known(lower.site, array, axis: axis, length: length, entries)
    {
      guard !isBatched || axis > 0 || lower.binder.exampleCount == 1 else {
        throw lower.site.examplesMoved()
      }
      return lower.constant(known, isBatched: isBatched)
    }
    let term = try lower.placedTerm(name)
    var dimensions = term.shape.dimensions
    dimensions[axis] = length
    let output = try lower.site.shape(dimensions)
    let value = try lower.binder.emit(
      lower.site, [term], output: output,
      outer: term.outer(in: output, examples: lower.binder.exampleCount)
    ) { frame throws(Problem) in
      let span = try AxisSpan(frame, axis: axis)
      return SparseMap(
        frame, [try frame.leading(0)], [[entries]], outer: span.outer, inner: span.inner)
    }
    return lower.name(value)
  }

  /// The map of known integers along one axis, which must not become real numbers on the way; nil for
  /// anything else.
  private static func known(
    _ site: NodeSite, _ array: HostArray, axis: Int, length: Int, _ entries: Entries
  ) throws(Problem) -> HostArray? {
    guard let values = array.integers, entries.weights.isEmpty else { return nil }
    var dimensions = array.shape.dimensions
    let own = dimensions[axis]
    dimensions[axis] = length
    let shape = try site.shape(dimensions)
    let inner = array.shape.strides[axis]
    var result = [Int64](repeating: 0, count: shape.count)
    for block in 0..<(own * inner == 0 ? 0 : array.shape.count / (own * inner)) {
      for (to, from) in zip(entries.to, entries.from) {
        for i in 0..<inner {
          result[(block * length + to) * inner + i] = values[(block * own + from) * inner + i]
        }
      }
    }
    return HostArray(shape: shape, type: array.type, integers: result)
  }

  /// Emits a map between whole arrays, after proving that no example reads from another one: the
  /// entries are flat positions.
  static func emit(
    _ lower: Lowering, _ names: [String], output: Shape, isBatched: Bool = false,
    _ entries: [Entries]
  ) throws(Problem) -> String {
    var terms: [Term] = []
    for name in names { terms.append(try lower.term(name)) }
    let value = try lower.binder.emit(lower.site, terms, output: output, isBatched: isBatched) {
      frame throws(Problem) in
      var operands: [Operand] = []
      var maps: [[Entries]] = []
      for input in terms.indices {
        let whole = Operand(shape: terms[input].shape.dimensions, exampleStride: 0)
        let operand = terms[input].isBatched ? try frame.leading(input) : whole
        operands.append(operand)
        maps.append(
          try split(
            entries[input], frame, from: operand.count, isBatched: terms[input].isBatched))
      }
      return SparseMap(frame, operands, maps, outer: 1, inner: 1)
    }
    return lower.name(value)
  }

  /// Whole-array entries by example, each in its own part.
  private static func split(
    _ entries: Entries, _ frame: Frame, from own: Int, isBatched: Bool
  ) throws(Problem) -> [Entries] {
    guard frame.examples > 1 else { return [entries] }
    let slab = frame.output.count / frame.examples
    var result = [Entries](repeating: Entries(), count: frame.examples)
    for index in entries.to.indices {
      let n = entries.to[index] / slab
      var from = entries.from[index]
      if isBatched {
        guard from / own == n else { throw frame.site.examplesMoved() }
        from -= n * own
      }
      result[n].to.append(entries.to[index] - n * slab)
      result[n].from.append(from)
      if !entries.weights.isEmpty { result[n].weights.append(entries.weights[index]) }
    }
    return result.allSatisfy { $0 == result[0] } ? [result[0]] : result
  }
}
