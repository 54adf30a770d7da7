// Kinds of one or two bits, and of four-bit floating point (ggml/src/ggml-quants.c; OCP Microscaling
// Formats 1.0 for MXFP4).

extension GGUFBlock {
  /// Twice the values of four-bit floats with two bits of exponent.
  private static let fourBitFloats: [Float] = [
    0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12,
  ]

  /// Five ternary digits to a byte, as the fraction that they make of 256.
  func valuesTQ1(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 52)
    let powers: [UInt8] = [1, 3, 9, 27, 81]
    func digits(_ bytes: Range<Int>, _ count: Int) {
      for power in powers.prefix(count) {
        for place in bytes {
          // Wraps by definition: the digits before are cut off.
          let fraction = UInt16(b[place] &* power)
          values.append(d * Float(Int((fraction * 3) >> 8) - 1))
        }
      }
    }
    digits(0..<32, 5)
    digits(32..<48, 5)
    digits(48..<52, 4)
  }

  func valuesTQ2(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 64)
    for i in 0..<256 {
      let q = b[i / 128 * 32 + i % 32] >> UInt8(i / 32 % 4 * 2) & 3
      values.append(d * Float(Int(q) - 1))
    }
  }

  /// A power of two scales 32 floats of four bits.
  func valuesMXFP4(_ b: [UInt8], _ values: inout [Float]) {
    let e = UInt32(b[0])
    let d = Float(bitPattern: e < 2 ? 0x0020_0000 << e : (e - 1) << 23)
    for i in 0..<32 {
      let byte = b[1 + i % 16]
      values.append(d * Self.fourBitFloats[Int(i < 16 ? byte & 0x0F : byte >> 4)])
    }
  }

  /// Four scales of eight bits for 16 floats of four bits each.
  func valuesNVFP4(_ b: [UInt8], _ values: inout [Float]) {
    for group in 0..<4 {
      let d = Self.scale(b[group])
      for i in 0..<16 {
        let byte = b[4 + 8 * group + i % 8]
        values.append(d * Self.fourBitFloats[Int(i < 8 ? byte & 0x0F : byte >> 4)])
      }
    }
  }

  /// Half of an unsigned float of four bits of exponent and three of fraction.
  private static func scale(_ byte: UInt8) -> Float {
    guard byte != 0, byte != 0x7F else { return 0 }
    let exponent = Int(byte >> 3 & 0x0F)
    let fraction = Float(byte & 7)
    return exponent == 0
      ? fraction * 0x1p-10
      : (1 + fraction / 8) * Float(sign: .plus, exponent: exponent - 8, significand: 1)
  }
}
