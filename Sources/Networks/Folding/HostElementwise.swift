// Folding of elementwise operators with broadcasting: integers wrap as C's do (a hostile graph must
// not trap), reals are computed in double precision.
internal import Diagnostics
internal import Glibc
internal import Tensors

enum HostElementwise {
  /// Operators whose every entry depends on entries of the same place alone.
  static let operations: Set<String> = [
    "Abs", "Add", "And", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Cast",
    "Ceil", "Clip", "Div", "Equal", "Expand", "Floor", "Greater", "GreaterOrEqual", "IsInf",
    "IsNaN",
    "Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pow", "Round", "Sign",
    "Sqrt", "Sub", "Sum", "Where", "Xor",
  ]

  static let add = binary({ $0 &+ $1 }, { $0 + $1 })
  static let subtract = binary({ $0 &- $1 }, { $0 - $1 })
  static let multiply = binary({ $0 &* $1 }, { $0 * $1 })
  static let divide = binary(
    { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }, { $0 / $1 })
  static let minimum = binary({ min($0, $1) }, { min($0, $1) }, isVariadic: true)
  static let maximum = binary({ max($0, $1) }, { max($0, $1) }, isVariadic: true)
  static let sum = binary({ $0 &+ $1 }, { $0 + $1 }, isVariadic: true)
  static let power: HostOperation = { call throws(Problem) in
    let type = try call.input(0).type
    return try powers(call).map { $0.cast(to: type) }
  }

  private static let powers = binary(
    { base, exponent in
      guard exponent >= 0 else { return base == 1 || (base == -1 && exponent % 2 == 0) ? 1 : 0 }
      return (0..<min(exponent, 64)).reduce(1) { product, _ in product &* base }
    }, { pow($0, $1) })
  static let bitwiseAnd = binary({ $0 & $1 }, { _, _ in .nan })
  static let bitwiseOr = binary({ $0 | $1 }, { _, _ in .nan })
  static let bitwiseXor = binary({ $0 ^ $1 }, { _, _ in .nan })

  static let modulo: HostOperation = { call throws(Problem) in
    if try call.site.integer("fmod", default: 0) == 1 { return try remainder(call) }
    return try floorModulo(call)
  }

  private static let remainder = binary(
    { $1 == 0 ? 0 : $0.remainderReportingOverflow(dividingBy: $1).partialValue },
    { $0.truncatingRemainder(dividingBy: $1) })

  private static let floorModulo = binary(
    { left, right in
      guard right != 0 else { return 0 }
      let rest = left.remainderReportingOverflow(dividingBy: right).partialValue
      return rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest
    },
    { left, right in
      let rest = left.truncatingRemainder(dividingBy: right)
      return rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest
    })

  static let bitShift: HostOperation = { call throws(Problem) in
    let isLeft = try call.site.text("direction", default: "") == "LEFT"
    let type = try call.input(0).type
    let width = Int64(8 * type.byteWidth)
    return try binary(
      { value, count in
        let isInside = count >= 0 && count < width
        if isLeft { return isInside ? type.wrapped(value << count) : 0 }
        // The widest unsigned type travels in the bits of a signed integer.
        if type == .uint64 {
          return isInside ? Int64(bitPattern: UInt64(bitPattern: value) >> UInt64(count)) : 0
        }
        return value >> (isInside ? count : 63)
      }, { _, _ in .nan })(call)
  }

  static let bitwiseNot: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    guard let values = input.integers else { throw call.site.invalid("its input is real") }
    return [
      HostArray(
        shape: input.shape, type: input.type, integers: values.map { input.type.wrapped(~$0) })
    ]
  }

  static let clip: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let (low, high) = (call.optional(1), call.optional(2))
    if let values = input.integers {
      let floor = low?.integers?.first ?? .min
      let ceiling = high?.integers?.first ?? .max
      return [
        HostArray(
          shape: input.shape, type: input.type,
          integers: values.map { min(max($0, floor), ceiling) })
      ]
    }
    let floor = low?.reals.first ?? -.infinity
    let ceiling = high?.reals.first ?? .infinity
    return [
      HostArray(
        shape: input.shape, type: input.type,
        reals: input.reals.map { $0.isNaN ? $0 : min(max($0, floor), ceiling) })
    ]
  }

  static let round = unary({ $0 }, { $0.rounded(.toNearestOrEven) })

  static let isInfinite: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    let negative = try call.site.integer("detect_negative", default: 1) == 1
    let positive = try call.site.integer("detect_positive", default: 1) == 1
    return [
      HostArray(
        shape: input.shape, type: .bool,
        integers: input.reals.map { value in
          value.isInfinite && (value < 0 ? negative : positive) ? 1 : 0
        })
    ]
  }

  static let equal = comparison({ $0 == $1 }, { $0 == $1 })
  static let less = comparison({ $0 < $1 }, { $0 < $1 })
  static let lessOrEqual = comparison({ $0 <= $1 }, { $0 <= $1 })
  static let greater = comparison({ $0 > $1 }, { $0 > $1 })
  static let greaterOrEqual = comparison({ $0 >= $1 }, { $0 >= $1 })
  static let and = comparison({ $0 != 0 && $1 != 0 }, { $0 != 0 && $1 != 0 })
  static let or = comparison({ $0 != 0 || $1 != 0 }, { $0 != 0 || $1 != 0 })
  static let xor = comparison({ ($0 != 0) != ($1 != 0) }, { ($0 != 0) != ($1 != 0) })

  static let negate = unary({ 0 &- $0 }, { -$0 })
  static let abs = unary({ $0 < 0 ? 0 &- $0 : $0 }, { $0.magnitude })
  static let sign = unary({ $0.signum() }, { $0 > 0 ? 1 : ($0 < 0 ? -1 : 0) })
  static let floor = unary({ $0 }, { $0.rounded(.down) })
  static let ceil = unary({ $0 }, { $0.rounded(.up) })
  static let squareRoot = unary({ $0 }, { $0.squareRoot() })

  static let not: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    return [
      HostArray(shape: input.shape, type: .bool, integers: input.reals.map { $0 == 0 ? 1 : 0 })
    ]
  }

  static let isNaN: HostOperation = { call throws(Problem) in
    let input = try call.input(0)
    return [
      HostArray(shape: input.shape, type: .bool, integers: input.reals.map { $0.isNaN ? 1 : 0 })
    ]
  }

  static let cast: HostOperation = { call throws(Problem) in
    let code = try call.site.integer("to", default: 1)
    guard let type = ONNXType(rawValue: code) else {
      throw call.site.unsupported("a cast to element type \(code)")
    }
    return [try call.input(0).cast(to: type)]
  }

  static let castLike: HostOperation = { call throws(Problem) in
    [try call.input(0).cast(to: try call.input(1).type)]
  }

  static let select: HostOperation = { call throws(Problem) in
    let condition = try call.input(0)
    let a = try call.input(1)
    let b = try call.input(2)
    let shape = try call.site.broadcast([condition.shape, a.shape, b.shape])
    let pick = expanded(condition, shape).reals
    let left = expanded(a, shape)
    let right = expanded(b, shape)
    if let left = left.integers, let right = right.integers {
      let values = pick.indices.map { pick[$0] != 0 ? left[$0] : right[$0] }
      return [HostArray(shape: shape, type: a.type, integers: values)]
    }
    let (leftReals, rightReals) = (left.reals, right.reals)
    let values = pick.indices.map { pick[$0] != 0 ? leftReals[$0] : rightReals[$0] }
    return [HostArray(shape: shape, type: a.type, reals: values)]
  }

  /// The array broadcast to a larger shape.
  static func expanded(_ array: HostArray, _ shape: Shape) -> HostArray {
    if array.shape == shape { return array }
    return array.gathered(
      StridedWalk.broadcasting(array.shape, to: shape).positions, shape: shape)
  }

  private static func binary(
    _ integer: @escaping @Sendable (Int64, Int64) -> Int64,
    _ real: @escaping @Sendable (Double, Double) -> Double, isVariadic: Bool = false
  ) -> HostOperation {
    { call throws(Problem) in
      var result = try call.input(0)
      for index in 1..<(isVariadic ? max(call.inputs.count, 1) : 2) {
        let next = try call.input(index)
        let shape = try call.site.broadcast([result.shape, next.shape])
        let left = expanded(result, shape)
        let right = expanded(next, shape)
        if let a = left.integers, let b = right.integers {
          result = HostArray(
            shape: shape, type: left.type, integers: a.indices.map { integer(a[$0], b[$0]) })
        } else {
          let (a, b) = (left.reals, right.reals)
          result = HostArray(
            shape: shape, type: left.type.isFloatingPoint ? left.type : right.type,
            reals: a.indices.map { real(a[$0], b[$0]) })
        }
      }
      return [result]
    }
  }

  private static func comparison(
    _ integer: @escaping @Sendable (Int64, Int64) -> Bool,
    _ real: @escaping @Sendable (Double, Double) -> Bool
  ) -> HostOperation {
    { call throws(Problem) in
      let first = try call.input(0)
      let second = try call.input(1)
      let shape = try call.site.broadcast([first.shape, second.shape])
      let left = expanded(first, shape)
      let right = expanded(second, shape)
      let values: [Int64]
      if let a = left.integers, let b = right.integers {
        values = a.indices.map { integer(a[$0], b[$0]) ? 1 : 0 }
      } else {
        let (a, b) = (left.reals, right.reals)
        values = a.indices.map { real(a[$0], b[$0]) ? 1 : 0 }
      }
      return [HostArray(shape: shape, type: .bool, integers: values)]
    }
  }

  private static func unary(
    _ integer: @escaping @Sendable (Int64) -> Int64,
    _ real: @escaping @Sendable (Double) -> Double
  ) -> HostOperation {
    { call throws(Problem) in
      let input = try call.input(0)
      switch input.values {
      case .integers(let values):
        return [HostArray(shape: input.shape, type: input.type, integers: values.map(integer))]
      case .reals(let values):
        return [HostArray(shape: input.shape, type: input.type, reals: values.map(real))]
      }
    }
  }
}
