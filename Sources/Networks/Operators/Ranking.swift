// TopK: the places of the largest or smallest entries along one axis, in order; the entries are then
// read there, which is where cotangents go. And Hardmax and OneHot, which make of a place a one.
internal import Diagnostics
internal import Tensors

final class Ranking: Operator {
  private let span: AxisSpan
  private let count: Int
  private let isLargest: Bool
  private let examples: Int

  private init(_ frame: Frame, axis: Int, count: Int, isLargest: Bool) throws(Problem) {
    span = try AxisSpan(frame, axis: axis)
    self.count = count
    self.isLargest = isLargest
    examples = frame.examples
  }

  static let bind = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let term = try lower.placedTerm(input)
    var dimensions = term.shape.dimensions
    let axis = try site.axis(try site.integer("axis", default: -1), rank: dimensions.count)
    guard let count = try lower.binder.integers(site, 1)?.first, count >= 0,
      count <= dimensions[axis]
    else { throw site.invalid("its count for \(dimensions[axis]) entries") }
    let isLargest = try site.integer("largest", default: 1) == 1
    dimensions[axis] = count
    let output = try site.shape(dimensions)
    let outer = term.outer(in: output, examples: lower.binder.exampleCount)
    let places = lower.name(
      try lower.binder.emit(site, [term], output: output, outer: outer) { frame throws(Problem) in
        try Ranking(frame, axis: axis, count: count, isLargest: isLargest)
      })
    try lower.finish(try Pick.elements(lower, input, places, axis: axis))
    try lower.finish(places, output: 1)
  }

  /// A one where the largest entry is: a constant as far as small changes go.
  static let hardmax = Binder.lowered { lower throws(Problem) in
    let input = try lower.input(0)
    let shape = try lower.shape(input)
    let axis = try lower.site.axis(
      try lower.site.integer("axis", default: -1), rank: shape.count)
    let place = try lower("ArgMax", [input], ["axis": .integer(Int64(axis))])
    let range = lower.range(shape[axis], axis: axis, rank: shape.count)
    try lower.finish(try lower("Equal", [place, range]))
  }

  /// A one along a new axis where a computed index points; two values stand for zero and one.
  static let oneHot = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let indices = try lower.input(0)
    let rank = try lower.shape(indices).count + 1
    let axis = try site.axis(try site.integer("axis", default: -1), rank: rank)
    guard let depth = try lower.binder.reals(site, 1)?.first, depth >= 1,
      depth < Double(NodeSite.largestArray)
    else { throw site.invalid("its depth") }
    let wrapped = try lower(
      "Where",
      [
        try lower("Less", [indices, lower.scalar(0)]),
        try lower("Add", [indices, lower.scalar(depth.rounded(.down))]), indices,
      ])
    let column = try lower("Unsqueeze", [wrapped, lower.list([axis])])
    let isHot = try lower("Equal", [column, lower.range(Int(depth), axis: axis, rank: rank)])
    let values = try lower.input(2)
    let on = try lower.reshape(try lower.slice(values, axis: 0, 1..<2), [])
    let off = try lower.reshape(try lower.slice(values, axis: 0, 0..<1), [])
    try lower.finish(try lower("Where", [isHot, on, off]))
  }

  func isDifferentiable(_ input: Int) -> Bool { false }
  func rereads(_ input: Int) -> Rereads { Rereads() }
  func pullBack(_ pull: PullBack) {}

  func forward(_ arrays: Arrays) {
    // x is [n·outer, length, inner], the places are [n·outer, count, inner]
    let inner = span.inner
    var order = [Int](repeating: 0, count: span.length)
    for block in 0..<(examples * span.outer) {
      for column in 0..<inner {
        let x = arrays.inputs[0] + block * span.length * inner + column
        for index in order.indices { order[index] = index }
        order.sort { a, b in
          let (left, right) = (x[a * inner], x[b * inner])
          // What is no number is larger than any; of equals the first.
          if left.isNaN || right.isNaN {
            return left.isNaN == right.isNaN ? a < b : left.isNaN == isLargest
          }
          return left == right ? a < b : (isLargest ? left > right : left < right)
        }
        for rank in 0..<count {
          arrays.output[(block * count + rank) * inner + column] = Float(order[rank])
        }
      }
    }
  }
}

extension Lowering {
  /// 0, 1, … along one axis of an array that has extent 1 elsewhere.
  fileprivate func range(_ count: Int, axis: Int, rank: Int) -> String {
    var dimensions = [Int](repeating: 1, count: rank)
    dimensions[axis] = count
    return constant(HostArray(shape: Shape(dimensions), reals: (0..<count).map { Double($0) }))
  }
}
