/// A checkpoint of one matrix, for tests of what happens to checkpoints, not of what is in them.
enum MatrixFile {
  /// A safetensors file of `fc.weight`, two rows.
  static func safetensors(_ values: [Float], step: Int? = nil) -> [UInt8] {
    let metadata = step.map { "\"__metadata__\":{\"step\":\"\($0)\"}," } ?? ""
    let header =
      "{\(metadata)\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[2,\(values.count / 2)],"
      + "\"data_offsets\":[0,\(values.count * 4)]}}"
    return safetensors(header: header, values)
  }

  /// A safetensors file of float32.
  static func safetensors(header: String, _ values: [Float]) -> [UInt8] {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { bytes += $0 }
    bytes += Array(header.utf8)
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }
    return bytes
  }
}
