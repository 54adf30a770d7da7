// The largest or smallest entry along one axis, and where it is: ReduceMax, ReduceMin, ArgMax, ArgMin,
// GlobalMaxPool. A cotangent goes to the first of equal entries.
internal import CKernels
internal import Diagnostics
internal import Tensors

final class Extreme: Operator {
  /// What is asked for.
  enum Kind {
    case value
    /// The index, the first or the last of equals.
    case place(isLast: Bool)
  }

  private let span: AxisSpan
  private let examples: Int
  private let sign: Int32
  private let kind: Kind
  private var places: [Int32]
  private let values: FloatBuffer?

  private init(_ frame: Frame, axis: Int, isLargest: Bool, _ kind: Kind) throws(Problem) {
    span = try AxisSpan(frame, axis: axis)
    guard span.length > 0 else { throw frame.site.invalid("an extreme of nothing") }
    examples = frame.examples
    sign = isLargest ? 1 : -1
    self.kind = kind
    places = [Int32](repeating: 0, count: frame.output.count)
    if case .place = kind { values = FloatBuffer(count: frame.output.count) } else { values = nil }
  }

  static let largest = reduction(isLargest: true)
  static let smallest = reduction(isLargest: false)
  static let largestPlace = place(isLargest: true)
  static let smallestPlace = place(isLargest: false)

  /// The extreme over several axes is that over one after the other.
  private static func reduction(isLargest: Bool) -> OperatorBinding {
    Binder.lowered { lower throws(Problem) in
      try Reductions.alongAxes(lower) { name, axis throws(Problem) in
        try emit(lower, name, axis: axis, isLargest: isLargest, .value)
      }
    }
  }

  private static func place(isLargest: Bool) -> OperatorBinding {
    Binder.lowered { lower throws(Problem) in
      let site = lower.site
      let input = try lower.input(0)
      let axis = try site.axis(
        try site.integer("axis", default: 0), rank: try lower.shape(input).count)
      let isLast = try site.integer("select_last_index", default: 0) == 1
      let name = try emit(lower, input, axis: axis, isLargest: isLargest, .place(isLast: isLast))
      let keeps = try site.integer("keepdims", default: 1) == 1
      try lower.finish(keeps ? name : try lower("Squeeze", [name, lower.list([axis])]))
    }
  }

  static let globalMaximum = Binder.lowered { lower throws(Problem) in
    let input = try lower.input(0)
    let shape = try lower.shape(input)
    guard shape.count > 2 else { throw lower.site.invalid("its input has no places") }
    try lower.finish(
      try lower("ReduceMax", [input, lower.list(Array(2..<shape.count))]))
  }

  private static func emit(
    _ lower: Lowering, _ name: String, axis: Int, isLargest: Bool, _ kind: Kind
  ) throws(Problem) -> String {
    let term = try lower.placedTerm(name)
    var dimensions = term.shape.dimensions
    dimensions[axis] = 1
    let output = try lower.site.shape(dimensions)
    let value = try lower.binder.emit(
      lower.site, [term], output: output,
      outer: term.outer(in: output, examples: lower.binder.exampleCount)
    ) { frame throws(Problem) in
      try Extreme(frame, axis: axis, isLargest: isLargest, kind)
    }
    return lower.name(value)
  }

  func isDifferentiable(_ input: Int) -> Bool {
    if case .value = kind { return true }
    return false
  }

  func rereads(_ input: Int) -> Rereads { Rereads() }

  func forward(_ arrays: Arrays) {
    var isLast: Int32 = 0
    if case .place(true) = kind { isLast = 1 }
    ck_extreme_forward(
      arrays.inputs[0], values?.pointer ?? arrays.output, &places, examples * span.outer,
      span.length, span.inner, sign, isLast)
    if values != nil {
      for (index, place) in places.enumerated() { arrays.output[index] = Float(place) }
    }
  }

  func pullBack(_ pull: PullBack) {
    pull.clearTarget(slab: span.count)
    let own = span.outer * span.inner
    places.withUnsafeBufferPointer { places in
      guard let base = places.baseAddress else { return }
      for n in pull.examples {
        let row = (n - pull.examples.lowerBound) * pull.count
        ck_extreme_backward(
          base + n * own, pull.deltas + row * own, pull.target + row * span.count, pull.count,
          span.outer, span.length, span.inner)
      }
    }
  }
}
