// Element types and extents (specification §IV.A.2.b and d).
internal import Diagnostics
internal import Tensors

/// What the elements of a dataset or an attribute are.
enum HDF5Datatype {
  case number(ElementType, isBigEndian: Bool)
  /// Text of so many bytes, padded.
  case fixedText(Int)
  /// Text in a global heap.
  case variableText
  /// Bytes without meaning, as bfloat16 is stored.
  case opaque(Int)
  /// Anything else, and what.
  case other(String)

  init(_ fields: inout ByteCursor) throws(Problem) {
    let classAndVersion = try fields.byte()
    let bits = try fields.number(3)
    let size = try fields.size(4)
    guard (1...5).contains(classAndVersion >> 4) else {
      throw fields.complaint.bad("an element type has version \(classAndVersion >> 4)")
    }
    switch classAndVersion & 0x0F {
    case 0: self = try Self.integer(bits, size, &fields)
    case 1: self = try Self.real(bits, size, &fields)
    case 3: self = .fixedText(size)
    case 4: self = .other("bit fields")
    case 5: self = .opaque(size)
    case 6: self = .other("structures, as complex numbers are")
    case 7: self = .other("references")
    case 8:
      // An enumeration of bytes is how h5py stores booleans.
      if case .number(let type, _) = try HDF5Datatype(&fields), type.byteWidth == 1, size == 1 {
        self = .number(.bool, isBigEndian: false)
      } else {
        self = .other("enumerations")
      }
    case 9: self = bits & 0x0F == 1 ? .variableText : .other("lists")
    case 10: self = .other("arrays")
    case 11: self = .other("complex numbers")
    default: self = .other("elements of class \(classAndVersion & 0x0F)")
    }
  }

  private static func integer(
    _ bits: UInt64, _ size: Int, _ fields: inout ByteCursor
  ) throws(Problem) -> HDF5Datatype {
    let (offset, precision) = (try fields.number(2), try fields.size(2))
    guard offset == 0, precision == size &* 8 else { return .other("integers with unused bits") }
    let types: [Int: (ElementType, ElementType)] = [
      1: (.int8, .uint8), 2: (.int16, .uint16), 4: (.int32, .uint32), 8: (.int64, .uint64),
    ]
    guard let (signed, unsigned) = types[size] else { return .other("integers of \(size) bytes") }
    return .number(bits & 8 != 0 ? signed : unsigned, isBigEndian: bits & 1 != 0)
  }

  private static func real(
    _ bits: UInt64, _ size: Int, _ fields: inout ByteCursor
  ) throws(Problem) -> HDF5Datatype {
    let (offset, precision) = (try fields.number(2), try fields.size(2))
    let exponent = (try fields.byte(), try fields.byte())
    let mantissa = (try fields.byte(), try fields.byte())
    let bias = try fields.number(4)
    let sign = UInt8(truncatingIfNeeded: bits >> 8)
    // IEEE 754's layouts, and bfloat16's; the mantissa's leading bit is implied (2).
    guard offset == 0, precision == size &* 8, bits & 0x40 == 0, bits >> 4 & 3 == 2, mantissa.0 == 0
    else { return .other("real numbers of an unusual layout") }
    let type: ElementType
    switch (size, exponent.0, exponent.1, mantissa.1, bias, sign) {
    case (2, 10, 5, 10, 15, 15): type = .float16
    case (2, 7, 8, 7, 127, 15): type = .bfloat16
    case (4, 23, 8, 23, 127, 31): type = .float32
    case (8, 52, 11, 52, 1023, 63): type = .float64
    default: return .other("real numbers of \(size) bytes in an unusual layout")
    }
    return .number(type, isBigEndian: bits & 1 != 0)
  }

  /// Bytes of one element; nil where they are not fixed by the type alone.
  var width: Int? {
    switch self {
    case .number(let type, _): type.byteWidth
    case .fixedText(let size), .opaque(let size): size
    case .variableText, .other: nil
    }
  }
}

struct HDF5Dataspace {
  let shape: Shape
  /// The largest extents that the dataset may take; nil along an unlimited axis.
  let limits: [Int?]

  /// Nil for a space without elements (null).
  init?(_ fields: inout ByteCursor, _ lengthWidth: Int) throws(Problem) {
    let version = try fields.byte()
    let rank = Int(try fields.byte())
    let hasLimits = try fields.byte() & 1 != 0
    switch version {
    case 1: try fields.skip(5)
    case 2: if try fields.byte() == 2 { return nil }
    default: throw fields.complaint.bad("extents have version \(version)")
    }
    var extents: [Int] = []
    for _ in 0..<rank { extents.append(try fields.size(lengthWidth)) }
    guard let shape = Shape(checking: extents) else {
      throw fields.complaint.bad("the shape \(extents) has too many elements")
    }
    self.shape = shape
    var limits: [Int?] = extents
    if hasLimits {
      for axis in limits.indices {
        let limit = try fields.number(lengthWidth)
        // All bits set: unlimited.
        limits[axis] = limit == .max >> (64 - 8 * UInt64(lengthWidth)) ? nil : Int(exactly: limit)
      }
    }
    self.limits = limits
  }
}
