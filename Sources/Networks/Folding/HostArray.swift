// A small array whose values are known when the network is bound: shapes, indices, masks, scalars.
// Integers and booleans are Int64. Real types are held as Double and rounded to single precision unless they are
// double: what is folded is what runtimes compute, also where a rounding decides which index it becomes. (An
// operation on two singles in double precision, rounded once, is the operation in single precision.)
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
    values = .reals(type == .double ? reals : reals.map { Double(Float($0)) })
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
      HostArray(shape: shape, type: type, reals: values)
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

extension ONNXType {
  /// The low bits of an integer, as a value of this type.
  func wrapped(_ value: Int64) -> Int64 {
    switch self {
    case .int8: Int64(Int8(truncatingIfNeeded: value))
    case .int16: Int64(Int16(truncatingIfNeeded: value))
    case .int32: Int64(Int32(truncatingIfNeeded: value))
    case .uint8: Int64(UInt8(truncatingIfNeeded: value))
    case .uint16: Int64(UInt16(truncatingIfNeeded: value))
    case .uint32: Int64(UInt32(truncatingIfNeeded: value))
    default: value
    }
  }
}
