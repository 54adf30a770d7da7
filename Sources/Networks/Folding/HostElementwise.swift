// Folding of elementwise operators with broadcasting: integers wrap as C's do (a hostile graph must
// not trap), reals are computed in double precision.
internal import Diagnostics
internal import Tensors

enum HostElementwise {
  static let add = binary({ $0 &+ $1 }, { $0 + $1 })
  static let subtract = binary({ $0 &- $1 }, { $0 - $1 })
  static let multiply = binary({ $0 &* $1 }, { $0 * $1 })
  static let divide = binary(
    { $1 == 0 ? 0 : $0.dividedReportingOverflow(by: $1).partialValue }, { $0 / $1 })
  static let minimum = binary({ min($0, $1) }, { min($0, $1) })
  static let maximum = binary({ max($0, $1) }, { max($0, $1) })
  static let modulo = binary(
    { left, right in
      guard right != 0 else { return 0 }
      let rest = left.remainderReportingOverflow(dividingBy: right).partialValue
      return rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest
    }, { $0.truncatingRemainder(dividingBy: $1) })

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
    _ real: @escaping @Sendable (Double, Double) -> Double
  ) -> HostOperation {
    { call throws(Problem) in
      // Minimum and maximum take any number of inputs; the others take two.
      var result = try call.input(0)
      for index in 1..<max(call.inputs.count, 2) {
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
