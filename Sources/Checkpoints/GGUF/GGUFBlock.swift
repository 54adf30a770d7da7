// One block of quantised elements to float32 (ggml/src/ggml-quants.c, dequantize_row_*). d and m are a
// block's float16 scale and offset; q the integers; K kinds have scales of their own per 16 or 32.

enum GGUFBlock: String, Sendable {
  case q40 = "Q4_0", q41 = "Q4_1", q50 = "Q5_0", q51 = "Q5_1", q80 = "Q8_0"
  case q2K = "Q2_K", q3K = "Q3_K", q4K = "Q4_K", q5K = "Q5_K", q6K = "Q6_K"
  case iq2XXS = "IQ2_XXS", iq2XS = "IQ2_XS", iq2S = "IQ2_S", iq3XXS = "IQ3_XXS", iq3S = "IQ3_S"
  case iq1S = "IQ1_S", iq1M = "IQ1_M", iq4NL = "IQ4_NL", iq4XS = "IQ4_XS"
  case tq1 = "TQ1_0", tq2 = "TQ2_0", mxfp4 = "MXFP4", nvfp4 = "NVFP4"

  /// Elements of one block.
  var elements: Int {
    switch self {
    case .q40, .q41, .q50, .q51, .q80, .iq4NL, .mxfp4: 32
    case .nvfp4: 64
    default: 256
    }
  }

  /// Bytes of one block.
  var bytes: Int {
    switch self {
    case .q40, .iq4NL: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q80: 34
    case .q2K: 84
    case .q3K: 110
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    case .iq2XXS, .tq2: 66
    case .iq2XS: 74
    case .iq2S: 82
    case .iq3XXS: 98
    case .iq3S: 110
    case .iq1S: 50
    case .iq1M: 56
    case .iq4XS: 136
    case .tq1: 54
    case .mxfp4: 17
    case .nvfp4: 36
    }
  }

  /// Where a block has numbers of two bytes, which stand in the order of a big-endian file; nil for
  /// kinds of which no such file is known.
  var shorts: [Int]? {
    switch self {
    case .q40, .q80, .iq4NL, .iq2S, .iq3S: [0]
    case .q41, .q4K, .q5K: [0, 2]
    case .q2K: [80, 82]
    case .q3K: [108]
    case .q6K: [208]
    case .tq1: [52]
    case .tq2: [64]
    case .mxfp4, .nvfp4: []
    default: nil
    }
  }

  /// Appends the block's elements.
  func dequantise(_ block: ArraySlice<UInt8>, _ values: inout [Float]) {
    let b = Array(block)
    switch self {
    case .q40: nibbles(b, at: 2, high: nil, scale: half(b, 0), offset: nil, centre: 8, &values)
    case .q41:
      nibbles(b, at: 4, high: nil, scale: half(b, 0), offset: half(b, 2), centre: 0, &values)
    case .q50: nibbles(b, at: 6, high: 2, scale: half(b, 0), offset: nil, centre: 16, &values)
    case .q51:
      nibbles(b, at: 8, high: 4, scale: half(b, 0), offset: half(b, 2), centre: 0, &values)
    case .q80:
      let d = half(b, 0)
      for i in 0..<32 { values.append(d * Float(Int8(bitPattern: b[2 + i]))) }
    case .q2K: valuesQ2K(b, &values)
    case .q3K: valuesQ3K(b, &values)
    case .q4K, .q5K: valuesQ45K(b, &values)
    case .q6K: valuesQ6K(b, &values)
    case .iq2XXS: valuesIQ2XXS(b, &values)
    case .iq2XS: valuesIQ2XS(b, &values)
    case .iq2S: valuesIQ2S(b, &values)
    case .iq3XXS: valuesIQ3XXS(b, &values)
    case .iq3S: valuesIQ3S(b, &values)
    case .iq1S: valuesIQ1S(b, &values)
    case .iq1M: valuesIQ1M(b, &values)
    case .iq4NL: valuesIQ4NL(b, &values)
    case .iq4XS: valuesIQ4XS(b, &values)
    case .tq1: valuesTQ1(b, &values)
    case .tq2: valuesTQ2(b, &values)
    case .mxfp4: valuesMXFP4(b, &values)
    case .nvfp4: valuesNVFP4(b, &values)
    }
  }

  func half(_ b: [UInt8], _ at: Int) -> Float { GGUFHalf.value(short(b, at)) }

  func short(_ b: [UInt8], _ at: Int) -> UInt16 { UInt16(b[at]) | UInt16(b[at + 1]) << 8 }

  func word(_ b: [UInt8], _ at: Int) -> UInt32 {
    UInt32(short(b, at)) | UInt32(short(b, at + 2)) << 16
  }

  /// 32 integers of 4 bits, low halves first, with a fifth bit each where `high` says so.
  private func nibbles(
    _ b: [UInt8], at start: Int, high: Int?, scale: Float, offset: Float?, centre: Int,
    _ values: inout [Float]
  ) {
    var bits: UInt32 = 0
    if let high { for i in (0..<4).reversed() { bits = bits << 8 | UInt32(b[high + i]) } }
    for i in 0..<32 {
      let byte = b[start + i % 16]
      var q = Int(i < 16 ? byte & 0x0F : byte >> 4)
      if high != nil { q |= Int(bits >> UInt32(i) & 1) << 4 }
      let value = scale * Float(q - centre)
      values.append(offset.map { value + $0 } ?? value)
    }
  }

  private func valuesQ2K(_ b: [UInt8], _ values: inout [Float]) {
    let (d, m) = (half(b, 80), half(b, 82))
    for i in 0..<256 {
      let scale = b[i / 16]
      let byte = b[16 + i / 128 * 32 + i % 32]
      let q = Float(byte >> UInt8(i / 32 % 4 * 2) & 3)
      values.append(d * Float(scale & 0x0F) * q - m * Float(scale >> 4))
    }
  }

  private func valuesQ3K(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 108)
    for i in 0..<256 {
      let group = i / 16
      let low = b[96 + group % 8] >> UInt8(group / 8 * 4) & 0x0F
      let high = b[104 + group % 4] >> UInt8(group / 4 * 2) & 3
      let scale = Float(Int(low | high << 4) - 32)
      let q = Int(b[32 + i / 128 * 32 + i % 32] >> UInt8(i / 32 % 4 * 2) & 3)
      let isSet = b[i % 32] >> UInt8(i / 32) & 1 == 1
      values.append(d * scale * Float(isSet ? q : q - 4))
    }
  }

  /// Q4_K and Q5_K: eight scales and offsets of 6 bits, packed into 12 bytes.
  private func valuesQ45K(_ b: [UInt8], _ values: inout [Float]) {
    let (d, m) = (half(b, 0), half(b, 2))
    let hasHigh = self == .q5K
    let quants = hasHigh ? 48 : 16
    for i in 0..<256 {
      let group = i / 32
      let (scale, offset): (UInt8, UInt8)
      if group < 4 {
        (scale, offset) = (b[4 + group] & 0x3F, b[8 + group] & 0x3F)
      } else {
        let packed = b[8 + group]
        scale = packed & 0x0F | b[group] >> 2 & 0x30
        offset = packed >> 4 | b[4 + group] >> 2 & 0x30
      }
      let byte = b[quants + i / 64 * 32 + i % 32]
      var q = group % 2 == 0 ? byte & 0x0F : byte >> 4
      if hasHigh { q |= (b[16 + i % 32] >> UInt8(group) & 1) << 4 }
      values.append(d * Float(scale) * Float(q) - m * Float(offset))
    }
  }

  private func valuesQ6K(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 208)
    for i in 0..<256 {
      let (part, inside) = (i / 128, i % 128)
      let byte = b[part * 64 + inside % 64]
      let low = inside < 64 ? byte & 0x0F : byte >> 4
      let high = b[128 + part * 32 + inside % 32] >> UInt8(inside / 32 * 2) & 3
      let scale = Float(Int8(bitPattern: b[192 + i / 16]))
      values.append(d * scale * Float(Int(low | high << 4) - 32))
    }
  }
}

/// float16 to float32.
enum GGUFHalf {
  static func value(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 != 0 ? -1 : 1
    let exponent = Int(bits >> 10 & 0x1F)
    let mantissa = Float(bits & 0x3FF)
    switch exponent {
    case 0: return sign * mantissa * 0x1p-24
    case 31: return mantissa == 0 ? sign * .infinity : .nan
    default:
      return sign * (1 + mantissa * 0x1p-10)
        * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
