/// The element types that checkpoints store, by the name that reports print.
public enum ElementType: String, Sendable, CaseIterable {
  case float64, float32, float16, bfloat16
  /// Eight bits, by the names that PyTorch and ml_dtypes give them: exponent and fraction bits; `fn`
  /// without infinities, `uz` without a negative zero, whose pattern is the only NaN.
  case float8E4M3FN = "float8_e4m3fn"
  case float8E5M2 = "float8_e5m2"
  case float8E4M3FNUZ = "float8_e4m3fnuz"
  case float8E5M2FNUZ = "float8_e5m2fnuz"
  case float8E8M0FNU = "float8_e8m0fnu"
  case float8E4M3 = "float8_e4m3"
  case float8E3M4 = "float8_e3m4"
  case float8E4M3B11FNUZ = "float8_e4m3b11fnuz"
  case int64, int32, int16, int8
  case uint64, uint32, uint16, uint8
  case bool

  /// Bytes of one element.
  public var byteWidth: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    default: 1
    }
  }

  /// Whether values of this type are real numbers that a network can learn.
  public var isFloatingPoint: Bool {
    switch self {
    case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8, .bool: false
    default: true
    }
  }
}
