// TensorProto (onnx.proto3): an array whose values stay bytes of the file until somebody asks.
internal import Diagnostics
internal import Tensors

extension Graph {
  static func parseTensor(_ source: WireReader) throws(Problem) -> StoredTensor {
    var reader = source
    var dimensions: [Int64] = []
    var code: Int64 = 0
    var name = ""
    var floats: [Float] = []
    var integers: [Int64] = []
    var doubles: [Double] = []
    var raw: Range<Int>?
    var external: [String: String] = [:]
    var isExternal = false
    while let field = try reader.next() {
      switch field.number {
      case 1: try field.value.appendIntegers(to: &dimensions, in: reader)
      case 2: code = try field.value.integer(in: reader)
      case 4: try field.value.appendFloats(to: &floats, in: reader)
      case 5, 7, 11: try field.value.appendIntegers(to: &integers, in: reader)
      case 8: name = try field.value.text(in: reader)
      case 9: raw = try field.value.range(in: reader)
      case 10: try field.value.appendDoubles(to: &doubles, in: reader)
      case 13:
        let (key, value) = try parseEntry(reader.nested(try field.value.range(in: reader)))
        external[key] = value
      case 14: isExternal = try field.value.integer(in: reader) == 1
      default: break
      }
    }
    guard let type = Int(exactly: code).flatMap(ONNXType.init(rawValue:)) else {
      throw reader.damaged("tensor \"\(name)\" has element type \(code), which is not supported")
    }
    guard let shape = Shape(checking: dimensions.map { Int($0) }) else {
      throw reader.damaged("tensor \"\(name)\" has impossible extents \(dimensions)")
    }
    let storage: StoredTensor.Storage
    if isExternal {
      storage = .external(ExternalData(external))
    } else if let raw, !raw.isEmpty || shape.count == 0 {
      let (size, overflow) = shape.count.multipliedReportingOverflow(by: type.byteWidth)
      guard !overflow, size == raw.count else {
        throw reader.damaged(
          "tensor \"\(name)\" of shape \(shape) has \(raw.count) bytes of values")
      }
      storage = .raw(raw)
    } else if !floats.isEmpty {
      storage = .floats(floats)
    } else if !doubles.isEmpty {
      storage = .doubles(doubles)
    } else {
      storage = .integers(integers)
    }
    return StoredTensor(name: name, shape: shape, type: type, storage: storage)
  }

  /// StringStringEntryProto.
  static func parseEntry(_ source: WireReader) throws(Problem) -> (String, String) {
    var reader = source
    var key = ""
    var value = ""
    while let field = try reader.next() {
      switch field.number {
      case 1: key = try field.value.text(in: reader)
      case 2: value = try field.value.text(in: reader)
      default: break
      }
    }
    return (key, value)
  }
}
