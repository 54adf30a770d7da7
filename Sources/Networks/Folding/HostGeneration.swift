// Folding of operators that make arrays from nothing, and of running and total reductions.
internal import Diagnostics
internal import Tensors

enum HostGeneration {
  static let constantOfShape: HostOperation = { call throws(Problem) in
    let shape = try call.site.shape(try call.integers(0))
    guard case .tensor(let stored)? = call.site.node.attributes["value"] else {
      return [HostArray(shape: shape, reals: [Double](repeating: 0, count: shape.count))]
    }
    // The value is inline in every exporter's output: one element, whose bytes the binder decoded.
    guard let value = call.optional(call.inputs.count - 1), call.inputs.count > 1 else {
      throw call.site.unsupported("a value of type \(stored.type)")
    }
    guard value.shape.count == 1 else { throw call.site.invalid("its value is no single element") }
    return [
      value.gathered([Int](repeating: 0, count: shape.count), shape: shape)
    ]
  }

  static let range: HostOperation = { call throws(Problem) in
    let (start, limit, step) = (try call.input(0), try call.input(1), try call.input(2))
    guard start.shape.count == 1, limit.shape.count == 1, step.shape.count == 1 else {
      throw call.site.invalid("its bounds are no scalars")
    }
    if let first = start.integers?.first, let end = limit.integers?.first,
      let by = step.integers?.first
    {
      let span = end.subtractingReportingOverflow(first)
      guard by != 0, by != .min, !span.overflow, span.partialValue != .min else {
        throw call.site.invalid("a range from \(first) to \(end) by \(by)")
      }
      let exact = span.partialValue / by + (span.partialValue % by == 0 ? 0 : 1)
      let goesThere = (span.partialValue > 0) == (by > 0) && span.partialValue != 0
      let shape = try call.site.shape([goesThere ? Int(exact) : 0])
      return [
        HostArray(
          shape: shape, type: start.type, integers: (0..<shape.count).map { first + Int64($0) * by }
        )
      ]
    }
    guard let first = start.reals.first, let end = limit.reals.first, let by = step.reals.first,
      by != 0, let count = Int(exactly: max(0, ((end - first) / by).rounded(.up)))
    else { throw call.site.invalid("a range without a finite length") }
    let shape = try call.site.shape([count])
    return [
      HostArray(
        shape: shape, type: start.type, reals: (0..<count).map { first + Double($0) * by })
    ]
  }

  static let eyeLike: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    guard input.shape.rank == 2 else { throw call.site.invalid("its input is no matrix") }
    let offset = try call.site.integer("k", default: 0)
    let columns = input.shape.dimensions[1]
    let type = ONNXType(rawValue: try call.site.integer("dtype", default: input.type.rawValue))
    let ones = HostArray(
      shape: input.shape, type: .int64,
      integers: (0..<input.shape.count).map {
        ($0 % columns).subtractingReportingOverflow($0 / columns).partialValue == offset ? 1 : 0
      })
    return [ones.cast(to: type ?? input.type)]
  }

  static let triangle: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    guard input.shape.rank >= 2 else { throw call.site.invalid("its input is no matrix") }
    let offset = try call.optionalIntegers(1)?.first ?? 0
    let keepsUpper = try call.site.integer("upper", default: 1) == 1
    let rows = input.shape.dimensions[input.shape.rank - 2]
    let columns = input.shape.dimensions[input.shape.rank - 1]
    let keeps: [Bool] = (0..<input.shape.count).map { position in
      let distance = position % columns - position / columns % rows
      return keepsUpper ? distance >= offset : distance <= offset
    }
    switch input.values {
    case .integers(let values):
      return [
        HostArray(
          shape: input.shape, type: input.type,
          integers: values.indices.map { keeps[$0] ? values[$0] : 0 })
      ]
    case .reals(let values):
      return [
        HostArray(
          shape: input.shape, type: input.type,
          reals: values.indices.map { keeps[$0] ? values[$0] : 0 })
      ]
    }
  }

  static let cumulativeSum: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    guard let named = try call.integers(1).first else {
      throw call.site.invalid("it names no axis")
    }
    let axis = try call.site.axis(named, rank: input.shape.rank)
    let isExclusive = try call.site.integer("exclusive", default: 0) == 1
    let isReversed = try call.site.integer("reverse", default: 0) == 1
    let extent = input.shape.dimensions[axis]
    let inner = input.shape.strides[axis]
    let starts = StridedWalk(
      extents: input.shape.dimensions.enumerated().map { $0.offset == axis ? 1 : $0.element },
      strides: input.shape.strides
    ).positions
    func accumulate<Number: AdditiveArithmetic>(
      _ values: [Number], _ add: (Number, Number) -> Number
    ) -> [Number] {
      var result = values
      for start in starts where extent > 0 {
        var sum = Number.zero
        for step in 0..<extent {
          let position = start + (isReversed ? extent - 1 - step : step) * inner
          let next = add(sum, values[position])
          result[position] = isExclusive ? sum : next
          sum = next
        }
      }
      return result
    }
    switch input.values {
    case .integers(let values):
      return [
        HostArray(
          shape: input.shape, type: input.type, integers: accumulate(values) { $0 &+ $1 })
      ]
    case .reals(let values):
      return [
        HostArray(shape: input.shape, type: input.type, reals: accumulate(values) { $0 + $1 })
      ]
    }
  }
}
