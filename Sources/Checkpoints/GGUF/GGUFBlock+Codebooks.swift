// The IQ kinds: blocks of 256 whose integers are rows of a codebook, with signs of their own or a shift
// (ggml/src/ggml-quants.c, dequantize_row_iq*).

extension GGUFBlock {
  private static let levels: [Float] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]

  /// Seven signs are stored; the eighth makes the number of negative ones even.
  private static func signs(_ bits: UInt32) -> UInt8 {
    let seven = UInt8(truncatingIfNeeded: bits & 0x7F)
    return seven.nonzeroBitCount % 2 == 0 ? seven : seven | 0x80
  }

  /// Appends a row of a codebook, scaled, with a sign a value.
  private func append(
    _ grid: GGUFGrid, _ row: Int, _ scale: Float, _ signs: UInt8, _ values: inout [Float]
  ) {
    for place in 0..<grid.width {
      let value = scale * grid[row, place]
      values.append(signs >> UInt8(place) & 1 == 1 ? -value : value)
    }
  }

  func valuesIQ2XXS(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 0)
    for group in 0..<8 {
      let word = self.word(b, 2 + 8 * group + 4)
      let scale = d * (0.5 + Float(word >> 28)) * 0.25
      for row in 0..<4 {
        append(
          .iq2XXS, Int(b[2 + 8 * group + row]), scale, Self.signs(word >> UInt32(7 * row)), &values)
      }
    }
  }

  func valuesIQ2XS(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 0)
    for row in 0..<32 {
      let q = short(b, 2 + 2 * row)
      let scale = d * (0.5 + Float(b[66 + row / 4] >> UInt8(row / 2 % 2 * 4) & 0x0F)) * 0.25
      append(.iq2XS, Int(q & 511), scale, Self.signs(UInt32(q >> 9)), &values)
    }
  }

  func valuesIQ2S(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 0)
    for row in 0..<32 {
      let high = Int(b[66 + row / 4] >> UInt8(row % 4 * 2) & 3)
      let scale = d * (0.5 + Float(b[74 + row / 4] >> UInt8(row / 2 % 2 * 4) & 0x0F)) * 0.25
      append(.iq2S, Int(b[2 + row]) | high << 8, scale, b[34 + row], &values)
    }
  }

  func valuesIQ3XXS(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 0)
    for group in 0..<8 {
      let word = self.word(b, 66 + 4 * group)
      let scale = d * (0.5 + Float(word >> 28)) * 0.5
      for row in 0..<8 {
        let signs = Self.signs(word >> UInt32(7 * (row / 2))) >> UInt8(row % 2 * 4)
        append(.iq3XXS, Int(b[2 + 8 * group + row]), scale, signs, &values)
      }
    }
  }

  func valuesIQ3S(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 0)
    for row in 0..<64 {
      let high = Int(b[66 + row / 8] >> UInt8(row % 8) & 1)
      let scale = d * (1 + 2 * Float(b[106 + row / 16] >> UInt8(row / 8 % 2 * 4) & 0x0F))
      append(
        .iq3S, Int(b[2 + row]) | high << 8, scale, b[74 + row / 2] >> UInt8(row % 2 * 4), &values)
    }
  }

  func valuesIQ1S(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 0)
    for row in 0..<32 {
      let q = short(b, 34 + row / 4 * 2)
      let scale = d * Float(2 * (q >> 12 & 7) + 1)
      let high = Int(q >> UInt16(row % 4 * 3) & 7)
      shifted(Int(b[2 + row]) | high << 8, scale, isDown: q & 0x8000 != 0, &values)
    }
  }

  /// The scale is spread over the high halves of the four words of scales.
  func valuesIQ1M(_ b: [UInt8], _ values: inout [Float]) {
    var bits: UInt16 = 0
    for index in 0..<4 { bits |= (short(b, 48 + 2 * index) >> 12) << UInt16(4 * index) }
    let d = GGUFHalf.value(bits)
    for row in 0..<32 {
      let word = short(b, 48 + row / 8 * 2)
      let scale = d * Float(2 * (word >> UInt16(row / 2 % 4 * 3) & 7) + 1)
      let high = b[32 + row / 2] >> UInt8(row % 2 * 4)
      shifted(Int(b[row]) | Int(high & 7) << 8, scale, isDown: high & 8 != 0, &values)
    }
  }

  private func shifted(_ row: Int, _ scale: Float, isDown: Bool, _ values: inout [Float]) {
    for place in 0..<8 {
      values.append(scale * (GGUFGrid.iq1[row, place] + (isDown ? -0.125 : 0.125)))
    }
  }

  func valuesIQ4NL(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 0)
    for i in 0..<32 {
      let byte = b[2 + i % 16]
      values.append(d * Self.levels[Int(i < 16 ? byte & 0x0F : byte >> 4)])
    }
  }

  func valuesIQ4XS(_ b: [UInt8], _ values: inout [Float]) {
    let d = half(b, 0)
    let high = short(b, 2)
    for i in 0..<256 {
      let group = i / 32
      let low = b[4 + group / 2] >> UInt8(group % 2 * 4) & 0x0F
      let scale = Int(low) | Int(high >> UInt16(2 * group) & 3) << 4
      let byte = b[8 + group * 16 + i % 16]
      let level = Self.levels[Int(i % 32 < 16 ? byte & 0x0F : byte >> 4)]
      values.append(d * Float(scale - 32) * level)
    }
  }
}
