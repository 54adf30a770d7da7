// The values of a TensorProto, decoded from the file's bytes.
internal import Diagnostics
internal import Tensors

extension StoredTensor {
  /// The tensor's values, decoded from the graph's bytes.
  func decoded(in graph: Graph) throws(Problem) -> HostArray {
    try decoded(bytes: graph.bytes, path: graph.path)
  }

  /// The tensor's values, decoded from the bytes of the file that it was parsed from.
  func decoded(bytes: [UInt8], path: String) throws(Problem) -> HostArray {
    switch storage {
    case .external(let data):
      throw Problem(
        "no-values", at: "\(path): tensor \"\(name)\"",
        "its values are in \"\(data.location)\", and the checkpoint holds no tensor of that name",
        remedy: "put that file beside the graph, name the checkpoint's tensor under names.alias in "
          + "probe.yaml, or export again with probes/make_probe.py")
    case .floats(let values):
      return try array(reals: values.map { Double($0) }, path: path)
    case .doubles(let values): return try array(reals: values, path: path)
    case .integers(let values):
      // float16 and bfloat16 values travel as integers in int32_data.
      if type.isFloatingPoint {
        return try array(
          reals: values.map { real(bits: UInt64(truncatingIfNeeded: $0)) }, path: path)
      }
      return try array(integers: values, path: path)
    case .raw(let range):
      let width = type.byteWidth
      var bits = [UInt64](repeating: 0, count: shape.count)
      for index in 0..<shape.count {
        var value: UInt64 = 0
        let start = range.lowerBound + index * width
        for byte in 0..<width { value |= UInt64(bytes[start + byte]) << UInt64(8 * byte) }
        bits[index] = value
      }
      if type.isFloatingPoint { return try array(reals: bits.map { real(bits: $0) }, path: path) }
      return try array(integers: bits.map { integer(bits: $0) }, path: path)
    }
  }

  private func array(reals: [Double], path: String) throws(Problem) -> HostArray {
    try check(reals.count, path: path)
    return HostArray(shape: shape, type: type, reals: reals)
  }

  private func array(integers: [Int64], path: String) throws(Problem) -> HostArray {
    try check(integers.count, path: path)
    return HostArray(shape: shape, type: type, integers: integers)
  }

  private func check(_ count: Int, path: String) throws(Problem) {
    guard count == shape.count else {
      throw Problem(
        "bad-onnx", at: "\(path): tensor \"\(name)\"",
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
