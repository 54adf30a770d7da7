// The 256 values of each 8-bit float (OCP 8-bit Floating Point Specification 1.0; the `fnuz` kinds are
// of arXiv 2206.02915, and e8m0 is the scale of the OCP Microscaling formats).
internal import Tensors

/// How 8 bits are divided: a sign, `exponentBits`, and the rest a fraction.
struct Float8 {
  let exponentBits: Int
  let bias: Int
  let special: Special

  /// Which patterns are no finite numbers.
  enum Special {
    /// The largest exponent holds infinities and NaN, as in IEEE 754.
    case ieee
    /// Only the largest pattern of either sign is NaN.
    case finite
    /// Only the pattern of negative zero is NaN.
    case finiteUnsignedZero
  }

  /// The value of every pattern, for the kernel that looks them up.
  static func values(of type: ElementType) -> [Float] {
    switch type {
    case .float8E4M3FN: e4m3fn
    case .float8E5M2: e5m2
    case .float8E4M3FNUZ: e4m3fnuz
    case .float8E5M2FNUZ: e5m2fnuz
    case .float8E4M3: e4m3
    case .float8E3M4: e3m4
    case .float8E4M3B11FNUZ: e4m3b11fnuz
    case .float8E8M0FNU: e8m0fnu
    default: preconditionFailure("\(type) is no 8-bit float")
    }
  }

  private static let e4m3fn = Float8(exponentBits: 4, bias: 7, special: .finite).values
  private static let e5m2 = Float8(exponentBits: 5, bias: 15, special: .ieee).values
  private static let e4m3fnuz = Float8(exponentBits: 4, bias: 8, special: .finiteUnsignedZero)
    .values
  private static let e5m2fnuz = Float8(exponentBits: 5, bias: 16, special: .finiteUnsignedZero)
    .values
  private static let e4m3 = Float8(exponentBits: 4, bias: 7, special: .ieee).values
  private static let e3m4 = Float8(exponentBits: 3, bias: 3, special: .ieee).values
  private static let e4m3b11fnuz = Float8(exponentBits: 4, bias: 11, special: .finiteUnsignedZero)
    .values
  /// No sign, no fraction: powers of two from 2^-127 on.
  private static let e8m0fnu = (0..<256).map { $0 == 255 ? Float.nan : scale($0 - 127) }

  private var values: [Float] { (0..<256).map(value) }

  private func value(_ pattern: Int) -> Float {
    let fractionBits = 7 - exponentBits
    let fraction = pattern & (1 << fractionBits - 1)
    let exponent = pattern >> fractionBits & (1 << exponentBits - 1)
    let sign: Float = pattern & 0x80 == 0 ? 1 : -1
    switch special {
    case .ieee where exponent == 1 << exponentBits - 1:
      return fraction == 0 ? sign * .infinity : .nan
    case .finite where pattern & 0x7F == 0x7F: return .nan
    case .finiteUnsignedZero where pattern == 0x80: return .nan
    default: break
    }
    // Subnormal patterns have the smallest exponent and no leading one.
    let significand = exponent == 0 ? fraction : fraction + 1 << fractionBits
    return sign * Float(significand) * Self.scale(max(exponent, 1) - bias - fractionBits)
  }

  private static func scale(_ exponent: Int) -> Float {
    Float(sign: .plus, exponent: exponent, significand: 1)
  }
}
