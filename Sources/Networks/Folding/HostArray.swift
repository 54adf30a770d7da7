// A small array whose values are known when the network is bound: shapes, indices, masks, scalars.
// Integers and booleans are Int64, every real type is Double, so that folding loses nothing.
internal import Diagnostics
internal import Tensors

/// A known array, row-major.
struct HostArray: Sendable {
  enum Values: Sendable {
    case integers([Int64])
    case reals([Double])
  }

  let shape: Shape
  let type: ONNXType
  let values: Values

  init(shape: Shape, type: ONNXType, integers: [Int64]) {
    self.shape = shape
    self.type = type
    values = .integers(integers)
  }

  init(shape: Shape, type: ONNXType = .float, reals: [Double]) {
    self.shape = shape
    self.type = type
    values = .reals(reals)
  }

  /// The integers, or nil for real numbers.
  var integers: [Int64]? {
    guard case .integers(let values) = values else { return nil }
    return values
  }

  /// The values as real numbers.
  var reals: [Double] {
    switch values {
    case .integers(let values): values.map { Double($0) }
    case .reals(let values): values
    }
  }

  /// The same values in another shape of the same count.
  func reshaped(_ shape: Shape) -> HostArray {
    switch values {
    case .integers(let values): HostArray(shape: shape, type: type, integers: values)
    case .reals(let values): HostArray(shape: shape, type: type, reals: values)
    }
  }

  /// The elements at flat positions, in a new shape.
  func gathered(_ positions: [Int], shape: Shape) -> HostArray {
    switch values {
    case .integers(let values):
      HostArray(shape: shape, type: type, integers: positions.map { values[$0] })
    case .reals(let values):
      HostArray(shape: shape, type: type, reals: positions.map { values[$0] })
    }
  }

  /// The values as another element type; out-of-range conversions saturate.
  func cast(to type: ONNXType) -> HostArray {
    switch (values, type) {
    case (.integers(let values), .bool):
      HostArray(shape: shape, type: .bool, integers: values.map { $0 == 0 ? 0 : 1 })
    case (.reals(let values), .bool):
      HostArray(shape: shape, type: .bool, integers: values.map { $0 == 0 ? 0 : 1 })
    case (.integers(let values), _) where type.isFloatingPoint:
      HostArray(shape: shape, type: type, reals: values.map { Double($0) })
    case (.integers(let values), _): HostArray(shape: shape, type: type, integers: values)
    case (.reals(let values), _) where type.isFloatingPoint:
      HostArray(
        shape: shape, type: type,
        reals: type == .double ? values : values.map { Double(Float($0)) })
    case (.reals(let values), _):
      HostArray(
        shape: shape, type: type,
        integers: values.map { value in
          if value.isNaN { return 0 }
          return Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
        })
    }
  }
}

extension StoredTensor {
  /// The tensor's values, decoded from the graph's bytes.
  func decoded(in graph: Graph) throws(Problem) -> HostArray {
    switch storage {
    case .external(let data):
      throw Problem(
        "no-values", at: "\(graph.path): tensor \"\(name)\"",
        "its values are in \"\(data.location)\", and the checkpoint holds no tensor of that name",
        remedy: "put that file beside the graph, name the checkpoint's tensor under names.alias in "
          + "probe.yaml, or export again with probes/make_probe.py")
    case .floats(let values):
      return try array(reals: values.map { Double($0) }, in: graph)
    case .doubles(let values): return try array(reals: values, in: graph)
    case .integers(let values):
      // float16 and bfloat16 values travel as integers in int32_data.
      if type.isFloatingPoint {
        return try array(
          reals: values.map { real(bits: UInt64(truncatingIfNeeded: $0)) }, in: graph)
      }
      return try array(integers: values, in: graph)
    case .raw(let range):
      let width = type.byteWidth
      var bits = [UInt64](repeating: 0, count: shape.count)
      for index in 0..<shape.count {
        var value: UInt64 = 0
        let start = range.lowerBound + index * width
        for byte in 0..<width { value |= UInt64(graph.bytes[start + byte]) << UInt64(8 * byte) }
        bits[index] = value
      }
      if type.isFloatingPoint { return try array(reals: bits.map { real(bits: $0) }, in: graph) }
      return try array(integers: bits.map { integer(bits: $0) }, in: graph)
    }
  }

  private func array(reals: [Double], in graph: Graph) throws(Problem) -> HostArray {
    try check(reals.count, in: graph)
    return HostArray(shape: shape, type: type, reals: reals)
  }

  private func array(integers: [Int64], in graph: Graph) throws(Problem) -> HostArray {
    try check(integers.count, in: graph)
    return HostArray(shape: shape, type: type, integers: integers)
  }

  private func check(_ count: Int, in graph: Graph) throws(Problem) {
    guard count == shape.count else {
      throw Problem(
        "bad-onnx", at: "\(graph.path): tensor \"\(name)\"",
        "\(count) values for shape \(shape)", remedy: "the file is damaged, export it again")
    }
  }

  private func integer(bits: UInt64) -> Int64 {
    switch type {
    case .int8: Int64(Int8(truncatingIfNeeded: bits))
    case .int16: Int64(Int16(truncatingIfNeeded: bits))
    case .int32: Int64(Int32(truncatingIfNeeded: bits))
    default: Int64(bitPattern: bits)
    }
  }

  private func real(bits: UInt64) -> Double {
    switch type {
    case .double: return Double(bitPattern: bits)
    case .bfloat16: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16))
    case .float16:
      let half = UInt32(truncatingIfNeeded: bits)
      let sign: Double = half & 0x8000 == 0 ? 1 : -1
      let exponent = Int(half >> 10 & 0x1F)
      let fraction = Double(half & 0x3FF)
      if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
      if exponent == 0 { return sign * fraction * 0x1p-24 }
      return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
    default: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    }
  }
}
