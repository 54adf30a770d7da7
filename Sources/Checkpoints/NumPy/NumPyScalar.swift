// NumPy scalars inside pickles: `multiarray.scalar(dtype, bytes)`, as metrics often are.

enum NumPyScalar {
  /// A finite float64, float32, int64 or int32 scalar in little-endian order; nil for all else.
  static func value(_ value: PickleValue) -> Double? {
    guard let (callee, arguments) = value.call, let name = callee.globalName,
      name == "numpy.core.multiarray scalar" || name == "numpy._core.multiarray scalar",
      arguments.count == 2, let type = arguments[0].call?.arguments.first?.text,
      let bytes = bytes(arguments[1])
    else { return nil }
    let number: Double
    switch (type, bytes.count) {
    case ("f8", 8): number = Double(bitPattern: bytes.littleEndian(at: 0, width: 8) ?? 0)
    case ("f4", 4):
      number = Double(
        Float(bitPattern: UInt32(truncatingIfNeeded: bytes.littleEndian(at: 0, width: 4) ?? 0)))
    case ("i8", 8):
      number = Double(Int64(bitPattern: bytes.littleEndian(at: 0, width: 8) ?? 0))
    case ("i4", 4):
      number = Double(Int32(truncatingIfNeeded: bytes.littleEndian(at: 0, width: 4) ?? 0))
    default: return nil
    }
    return number.isFinite ? number : nil
  }

  /// Bytes as protocol 3 writes them, or as protocol 2 does: text that encodes to Latin-1.
  private static func bytes(_ value: PickleValue) -> [UInt8]? {
    if case .span(_, _, isText: false) = value.node { return value.rawText }
    guard let (callee, arguments) = value.call, callee.globalName == "_codecs encode",
      let text = arguments.first?.text
    else { return nil }
    let scalars = text.unicodeScalars.map(\.value)
    return scalars.allSatisfy { $0 < 256 } ? scalars.map { UInt8(truncatingIfNeeded: $0) } : nil
  }
}
