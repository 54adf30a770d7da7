// Reductions that are made of others: norms, logarithms of sums, means of several arrays.
internal import Diagnostics
internal import Tensors

enum Reductions {
  static let absoluteSum = Binder.lowered { lower throws(Problem) in
    try lower.finish(try sum(lower, try lower("Abs", [try lower.input(0)])))
  }

  static let squareSum = Binder.lowered { lower throws(Problem) in
    let input = try lower.input(0)
    try lower.finish(try sum(lower, try lower("Mul", [input, input])))
  }

  static let euclidean = Binder.lowered { lower throws(Problem) in
    let input = try lower.input(0)
    try lower.finish(try lower("Sqrt", [try sum(lower, try lower("Mul", [input, input]))]))
  }

  static let logarithmOfSum = Binder.lowered { lower throws(Problem) in
    try lower.finish(try lower("Log", [try sum(lower, try lower.input(0))]))
  }

  /// log Σ eˣ = m + log Σ e^(x − m) with m the largest entry, through which nothing need be pulled
  /// back but may.
  static let logarithmOfExponentials = Binder.lowered { lower throws(Problem) in
    let input = try lower.input(0)
    let shape = try lower.shape(input)
    guard let axes = try axes(lower, rank: shape.count) else {
      try lower.finish(input)
      return
    }
    let list = lower.list(axes)
    guard axes.allSatisfy({ shape[$0] > 0 }) else {
      try lower.finish(try lower("Log", [try sum(lower, try lower("Exp", [input]))]))
      return
    }
    // Infinite entries must not be subtracted from themselves.
    let largest = try lower(
      "Clip",
      [
        try lower("ReduceMax", [input, list], ["keepdims": .integer(1)]),
        lower.scalar(-Double(Float.greatestFiniteMagnitude)),
        lower.scalar(Double(Float.greatestFiniteMagnitude)),
      ])
    let shifted = try lower("Exp", [try lower("Sub", [input, largest])])
    let total = try lower("ReduceSum", [shifted, list], ["keepdims": .integer(1)])
    let result = try lower("Add", [try lower("Log", [total]), largest])
    let keeps = try lower.site.integer("keepdims", default: 1) == 1
    try lower.finish(keeps || axes.isEmpty ? result : try lower("Squeeze", [result, list]))
  }

  /// The sum of any number of arrays.
  static let sumOfInputs = Binder.lowered { lower throws(Problem) in
    try lower.finish(try total(lower))
  }

  static let meanOfInputs = Binder.lowered { lower throws(Problem) in
    let factor = lower.scalar(1 / Double(max(1, lower.site.node.inputs.count)))
    try lower.finish(try lower("Mul", [try total(lower), factor]))
  }

  private static func total(_ lower: Lowering) throws(Problem) -> String {
    var result = try lower.input(0)
    for index in 1..<max(1, lower.site.node.inputs.count) {
      result = try lower("Add", [result, try lower.input(index)])
    }
    return result
  }

  /// The node's own reduction, as a sum of something else.
  private static func sum(_ lower: Lowering, _ name: String) throws(Problem) -> String {
    let rank = try lower.shape(name).count
    guard let axes = try axes(lower, rank: rank) else { return name }
    guard !axes.isEmpty else { return name }
    let keeps = Int64(try lower.site.integer("keepdims", default: 1))
    return try lower("ReduceSum", [name, lower.list(axes)], ["keepdims": .integer(keeps)])
  }

  /// The node's axes, all of them when it names none; nil when it then does nothing.
  static func axes(_ lower: Lowering, rank: Int) throws(Problem) -> [Int]? {
    let site = lower.site
    let named = try lower.binder.axes(site) ?? []
    if named.isEmpty {
      return try site.integer("noop_with_empty_axes", default: 0) == 1 ? nil : Array(0..<rank)
    }
    return try site.axes(named, rank: rank)
  }

  /// A reduction over several axes as one after the other, from the last one.
  static func alongAxes(
    _ lower: Lowering, _ reduce: (_ name: String, _ axis: Int) throws(Problem) -> String
  ) throws(Problem) {
    let input = try lower.input(0)
    guard let axes = try axes(lower, rank: try lower.shape(input).count), !axes.isEmpty else {
      try lower.finish(input)
      return
    }
    var name = input
    for axis in axes.reversed() { name = try reduce(name, axis) }
    let keeps = try lower.site.integer("keepdims", default: 1) == 1
    try lower.finish(keeps ? name : try lower("Squeeze", [name, lower.list(axes)]))
  }
}
