// The elementwise functions of the C kernels, by names that Swift can read.
internal import CKernels

/// Codes of unary and binary functions.
enum CK {
  static let relu = code(CK_RELU)
  static let leakyRelu = code(CK_LEAKY_RELU)
  static let elu = code(CK_ELU)
  static let celu = code(CK_CELU)
  static let selu = code(CK_SELU)
  static let sigmoid = code(CK_SIGMOID)
  static let hardSigmoid = code(CK_HARD_SIGMOID)
  static let hardSwish = code(CK_HARD_SWISH)
  static let tanh = code(CK_TANH)
  static let erf = code(CK_ERF)
  static let gelu = code(CK_GELU)
  static let geluTanh = code(CK_GELU_TANH)
  static let softplus = code(CK_SOFTPLUS)
  static let softsign = code(CK_SOFTSIGN)
  static let mish = code(CK_MISH)
  static let swish = code(CK_SWISH)
  static let exp = code(CK_EXP)
  static let log = code(CK_LOG)
  static let squareRoot = code(CK_SQRT)
  static let reciprocal = code(CK_RECIPROCAL)
  static let negate = code(CK_NEG)
  static let abs = code(CK_ABS)
  static let sin = code(CK_SIN)
  static let cos = code(CK_COS)
  static let clip = code(CK_CLIP)
  static let floor = code(CK_FLOOR)
  static let ceil = code(CK_CEIL)
  static let round = code(CK_ROUND)
  static let sign = code(CK_SIGN)
  static let not = code(CK_NOT)
  static let isNaN = code(CK_IS_NAN)
  static let isInfinite = code(CK_IS_INF)
  static let truncate = code(CK_TRUNCATE)
  static let tan = code(CK_TAN)
  static let asin = code(CK_ASIN)
  static let acos = code(CK_ACOS)
  static let atan = code(CK_ATAN)
  static let sinh = code(CK_SINH)
  static let cosh = code(CK_COSH)
  static let asinh = code(CK_ASINH)
  static let acosh = code(CK_ACOSH)
  static let atanh = code(CK_ATANH)
  static let thresholdedRelu = code(CK_THRESHOLDED_RELU)
  static let shrink = code(CK_SHRINK)

  static let add = code(CK_ADD)
  static let subtract = code(CK_SUB)
  static let multiply = code(CK_MUL)
  static let divide = code(CK_DIV)
  static let power = code(CK_POW)
  static let minimum = code(CK_MIN)
  static let maximum = code(CK_MAX)
  static let equal = code(CK_EQUAL)
  static let less = code(CK_LESS)
  static let lessOrEqual = code(CK_LESS_EQUAL)
  static let greater = code(CK_GREATER)
  static let greaterOrEqual = code(CK_GREATER_EQUAL)
  static let and = code(CK_AND)
  static let or = code(CK_OR)
  static let xor = code(CK_XOR)
  static let prelu = code(CK_PRELU)
  static let modulo = code(CK_MOD)
  static let remainder = code(CK_FMOD)

  /// Functions that are constant almost everywhere: nothing is pulled back through them.
  static let stepwise: Set<Int32> = [
    floor, ceil, round, sign, not, isNaN, isInfinite, truncate,
  ]
  /// Comparisons and logic, likewise.
  static let logical: Set<Int32> = [
    equal, less, lessOrEqual, greater, greaterOrEqual, and, or, xor,
  ]

  private static func code(_ value: ck_unary) -> Int32 { Int32(value.rawValue) }
  private static func code(_ value: ck_binary) -> Int32 { Int32(value.rawValue) }
}
