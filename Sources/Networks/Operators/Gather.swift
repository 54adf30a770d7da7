// Gather with known indices: rows of an embedding table, or entries of an activation along one axis.
// The pullback adds each cotangent to the row that it was read from.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class Gather: Operator {
  private let data: Operand
  /// Flat positions in units of `inner`, for each example after the other.
  private let rows: [Int]
  /// Rows picked per example; the list repeats if all examples pick the same.
  private let rowsPerExample: Int
  private let isShared: Bool
  private let inner: Int
  /// Whether whole rows of a matrix are picked.
  private let picksRows: Bool
  private let examples: Int

  private init(
    _ frame: Frame, axis: Int, indices: HostArray, isBatched: Bool
  ) throws(Problem) {
    let site = frame.site
    examples = frame.examples
    data = try frame.leading(0)
    if frame.examples > 1 {
      let isApart = frame.terms[0].isBatched && axis != frame.exampleAxis(0)
      guard isBatched ? (axis == 0 && !frame.terms[0].isBatched) : isApart else {
        throw site.examplesMoved()
      }
    }
    let extent = data.shape[axis]
    let outer = data.shape[..<axis].reduce(1, *)
    inner = data.shape[(axis + 1)...].reduce(1, *)
    guard let integers = indices.integers else { throw site.invalid("its indices are no integers") }
    picksRows = axis == 0 && data.shape.count == 2
    var picked: [Int] = []
    picked.reserveCapacity(integers.count)
    for index in integers { picked.append(try site.index(Int(index), extent: extent)) }
    isShared = !isBatched || frame.examples == 1
    if isShared {
      rows = (0..<outer).flatMap { block in picked.map { block * extent + $0 } }
      rowsPerExample = rows.count
    } else {
      rows = picked
      rowsPerExample = picked.count / frame.examples
    }
  }

  static let bind: OperatorBinding = { binder, site throws(Problem) in
    guard case .known(let indices, let isBatched) = try binder.value(site, 1) else {
      try Pick.slices(binder, site)
      return
    }
    let term = try binder.placedTerm(site, 0)
    let axis = try site.axis(try site.integer("axis", default: 0), rank: term.shape.rank)
    let dimensions = term.shape.dimensions
    let output = try site.shape(
      dimensions[..<axis] + indices.shape.dimensions + dimensions[(axis + 1)...])
    // Examples behind the axis move with the axes that are put in its place.
    let isBehind = (term.place(examples: binder.exampleCount)?.axis ?? -1) > axis
    let outer = term.outer(
      in: output, examples: binder.exampleCount, shift: isBehind ? indices.shape.rank - 1 : 0)
    let value = try binder.emit(
      site, [term], output: output, outer: isBatched ? 1 : outer, isBatched: isBatched
    ) {
      frame throws(Problem) in
      try Gather(frame, axis: axis, indices: indices, isBatched: isBatched)
    }
    binder.set(site, value)
  }

  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    // data is [·, inner], y is [n·rows, inner]
    rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for n in 0..<examples {
        ck_gather_rows(
          base + (isShared ? 0 : n * rowsPerExample), rowsPerExample, inner,
          arrays.inputs[0] + n * data.exampleStride, arrays.output + n * rowsPerExample * inner)
      }
    }
  }

  func pullBack(_ pull: PullBack) {
    let own = data.count
    pull.clearTarget(slab: own)
    rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for n in pull.examples {
        for k in 0..<pull.count {
          let row = (n - pull.examples.lowerBound) * pull.count + k
          ck_scatter_rows(
            base + (isShared ? 0 : n * rowsPerExample), rowsPerExample, inner,
            pull.deltas + row * rowsPerExample * inner, pull.target + row * own)
        }
      }
    }
  }
}

extension Gather: FactoredOperator {
  func factors(_ input: Int) -> GradientFactors? {
    guard input == 0, picksRows else { return nil }
    return GradientFactors(
      places: rowsPerExample, first: data.shape[0], second: inner, cotangentSide: .second,
      picksRows: true)
  }

  func activationFactor(_ input: Int, example: Int, _ arrays: Arrays) -> GradientFactors.Factor {
    let start = isShared ? 0 : example * rowsPerExample
    return .rows(rows[start..<(start + rowsPerExample)])
  }

  func cotangentFactor(_ input: Int, _ delta: UnsafePointer<Float>) -> GradientFactors.Factor {
    .matrix(delta, isPlaceMajor: true)
  }
}
