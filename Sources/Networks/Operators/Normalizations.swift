// Normalisations that are made of layer normalisation or of elementwise operators: over groups of
// channels, over single channels, over neighbouring channels, over given axes.
internal import Diagnostics
internal import Tensors

enum Normalizations {
  /// Every group of channels of an image is one row (Wu and He 2018); scale and shift are one per
  /// channel, or one per group in operator set 18.
  static let group = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let shape = try lower.binder.shape(site, 0).dimensions
    let groups = try site.integer("num_groups", default: 0)
    guard shape.count >= 2, groups > 0, shape[1] % groups == 0 else {
      throw site.invalid("\(groups) groups of the channels of \(shape)")
    }
    try normalise(lower, shape, groups: groups)
  }

  /// Every channel of an image is one row (Ulyanov et al. 2016).
  static let instance = Binder.lowered { lower throws(Problem) in
    let shape = try lower.binder.shape(lower.site, 0).dimensions
    guard shape.count >= 2 else { throw lower.site.invalid("its input has no channels") }
    try normalise(lower, shape, groups: shape[1])
  }

  private static func normalise(
    _ lower: Lowering, _ shape: [Int], groups: Int
  ) throws(Problem) {
    let site = lower.site
    let channels = shape[1]
    let rest = groups == 0 ? 0 : shape.dropFirst().reduce(1, *) / groups
    let rows = try lower.reshape(try lower.input(0), [shape[0], groups, rest])
    let normal = try LayerNormalization.emit(
      lower, [rows], axis: 2, epsilon: try site.float("epsilon", default: 1e-5), isCentred: true)
    var name = try lower.reshape(normal, shape)
    let places = [Int](repeating: 1, count: shape.count - 2)
    for (input, operation) in [(1, "Mul"), (2, "Add")] {
      var factor = try lower.input(input)
      let count = try lower.shape(factor).reduce(1, *)
      if count == groups, groups != channels {
        factor = try lower(
          "Expand",
          [
            try lower.reshape(factor, [groups, 1]), lower.list([groups, channels / groups]),
          ])
      } else if count != channels {
        throw site.invalid("\(count) factors for \(channels) channels")
      }
      name = try lower(operation, [name, try lower.reshape(factor, [channels] + places)])
    }
    try lower.finish(name)
  }

  /// (x − mean) / deviation over given axes.
  static let meanVariance = Binder.lowered { lower throws(Problem) in
    let input = try lower.input(0)
    let axes = lower.list(try lower.site.integers("axes") ?? [0, 2, 3])
    let rest = try lower("Sub", [input, try lower("ReduceMean", [input, axes])])
    let variance = try lower("ReduceMean", [try lower("Mul", [rest, rest]), axes])
    let deviation = try lower("Add", [try lower("Sqrt", [variance]), lower.scalar(1e-9)])
    try lower.finish(try lower("Div", [rest, deviation]))
  }

  /// x / ‖x‖ along one axis; lines of zeros stay.
  static let unit = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let axes = lower.list([try site.integer("axis", default: -1)])
    let order = try site.integer("p", default: 2)
    guard order == 1 || order == 2 else { throw site.unsupported("a norm of order \(order)") }
    let norm = try lower(order == 1 ? "ReduceL1" : "ReduceL2", [input, axes])
    let isZero = try lower("Equal", [norm, lower.scalar(0)])
    try lower.finish(
      try lower("Div", [input, try lower("Where", [isZero, lower.scalar(1), norm])]))
  }

  /// Local response normalisation over neighbouring channels (Krizhevsky et al. 2012, §3.3).
  static let localResponse = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let input = try lower.input(0)
    let shape = try lower.shape(input)
    let size = try site.integer("size", default: 0)
    guard shape.count >= 2, size > 0 else { throw site.invalid("\(size) channels of \(shape)") }
    let alpha = Double(try site.float("alpha", default: 0.0001))
    let beta = Double(try site.float("beta", default: 0.75))
    let bias = Double(try site.float("bias", default: 1))
    var entries = SparseMap.Entries()
    for c in 0..<shape[1] {
      let first = max(0, c - (size - 1) / 2)
      let last = min(shape[1] - 1, c + size / 2)
      for other in first...max(first, last) {
        entries.append(to: c, from: other, weight: Float(alpha / Double(size)))
      }
    }
    let sums = try SparseMap.emit(
      lower, try lower("Mul", [input, input]), axis: 1, length: shape[1], entries)
    let base = try lower("Add", [sums, lower.scalar(bias)])
    try lower.finish(try lower("Div", [input, try lower("Pow", [base, lower.scalar(beta)])]))
  }
}
