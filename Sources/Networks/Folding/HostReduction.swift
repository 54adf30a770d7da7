// Folding of reductions, and of the places of extremes. Integers stay integers.
internal import Diagnostics
internal import Tensors

enum HostReduction {
  static let sum = reduction({ $0.reduce(0, &+) }, { $0.reduce(0, +) })
  static let product = reduction({ $0.reduce(1, &*) }, { $0.reduce(1, *) })
  static let maximum = reduction(
    { $0.max() },
    { values in
      values.contains(where: \.isNaN) ? .nan : values.max() ?? -.infinity
    }, empty: (0, .min))
  static let minimum = reduction(
    { $0.min() },
    { values in
      values.contains(where: \.isNaN) ? .nan : values.min() ?? .infinity
    }, empty: (1, .max))
  static let mean = reduction(
    { $0.isEmpty ? 0 : $0.reduce(0, &+) / Int64($0.count) },
    { $0.reduce(0, +) / Double($0.count) })
  static let absoluteSum = reduction(
    { $0.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) } }, { $0.reduce(0) { $0 + $1.magnitude } })
  static let squareSum = reduction(
    { $0.reduce(0) { $0 &+ $1 &* $1 } }, { $0.reduce(0) { $0 + $1 * $1 } })

  /// `empty` is what booleans and integers give when there is nothing to reduce.
  private static func reduction(
    _ integer: @escaping @Sendable ([Int64]) -> Int64?,
    _ real: @escaping @Sendable ([Double]) -> Double, empty: (bool: Int64, integer: Int64) = (0, 0)
  ) -> HostOperation {
    { call throws(Problem) in
      let input = try call.input(0)
      let (shape, walk, result) = try call.site.reduction(of: input.shape, axes: try call.axes(1))
      guard let result else { return [input] }
      let groups = input.shape.count == 0 ? [] : walk.positions
      func grouped<Number>(_ values: [Number]) -> [[Number]] {
        var lists = [[Number]](repeating: [], count: shape.count)
        for (position, group) in groups.enumerated() { lists[group].append(values[position]) }
        return lists
      }
      switch input.values {
      case .integers(let values):
        let nothing = input.type == .bool ? empty.bool : empty.integer
        return [
          HostArray(
            shape: result, type: input.type,
            integers: grouped(values).map { integer($0) ?? nothing })
        ]
      case .reals(let values):
        return [HostArray(shape: result, type: input.type, reals: grouped(values).map(real))]
      }
    }
  }

  static let largestPlace = place { $0 > $1 }
  static let smallestPlace = place { $0 < $1 }

  private static func place(
    _ isBetter: @escaping @Sendable (Double, Double) -> Bool
  ) -> HostOperation {
    { call throws(Problem) in
      let input = try call.input(0)
      let axis = try call.site.axis(
        try call.site.integer("axis", default: 0), rank: input.shape.rank)
      let takesLast = try call.site.integer("select_last_index", default: 0) == 1
      let (length, inner) = (input.shape.dimensions[axis], input.shape.strides[axis])
      guard length > 0 else { throw call.site.invalid("an extreme of nothing") }
      let values = input.reals
      let outer = input.shape.count / max(length * inner, 1)
      var places: [Int64] = []
      for block in 0..<outer {
        for column in 0..<inner {
          var best = 0
          let start = block * length * inner + column
          for each in 1..<max(length, 1) {
            let (new, old) = (values[start + each * inner], values[start + best * inner])
            if isBetter(new, old) || (takesLast && new == old) { best = each }
          }
          places.append(Int64(best))
        }
      }
      var dimensions = input.shape.dimensions
      if try call.site.integer("keepdims", default: 1) == 1 {
        dimensions[axis] = 1
      } else {
        dimensions.remove(at: axis)
      }
      return [HostArray(shape: try call.site.shape(dimensions), type: .int64, integers: places)]
    }
  }
}

extension NodeSite {
  /// A reduction over axes (all of them when none are named): the shape with extents 1 kept, the
  /// walk over that shape in step with the input, and the shape of the result; the last is nil for
  /// a reduction that `noop_with_empty_axes` turns into nothing.
  func reduction(
    of shape: Shape, axes named: [Int]?
  ) throws(Problem) -> (inner: Shape, walk: StridedWalk, result: Shape?) {
    let isIdentity = try integer("noop_with_empty_axes", default: 0) == 1
    let list = named ?? []
    if list.isEmpty, isIdentity {
      return (shape, StridedWalk(extents: shape.dimensions, strides: shape.strides), nil)
    }
    let axes =
      list.isEmpty ? Array(0..<shape.rank) : try self.axes(list, rank: shape.rank)
    let inner = try self.shape(
      shape.dimensions.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
    var walk = StridedWalk.broadcasting(inner, to: shape)
    walk.extents = shape.dimensions
    let keeps = try integer("keepdims", default: 1) == 1
    let result =
      keeps
      ? inner
      : try self.shape(
        shape.dimensions.enumerated().filter { !axes.contains($0.offset) }.map(\.element))
    return (inner, walk, result)
  }
}
