// Protocol-buffer wire format (protobuf.dev/programming-guides/encoding), read in place: a cursor
// over a byte range that hands out fields and never copies, allocates by a claimed length, or traps.
internal import Diagnostics

/// A cursor over one message's bytes.
struct WireReader {
  /// One field: its number and what it holds.
  struct Field {
    let number: Int
    let value: Value
  }

  /// The four wire types in use; groups (3 and 4) are refused.
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes(Range<Int>)
    case fixed32(UInt32)
  }

  let bytes: [UInt8]
  let path: String
  private(set) var position: Int
  let end: Int

  init(_ bytes: [UInt8], range: Range<Int>, path: String) {
    self.bytes = bytes
    self.path = path
    position = range.lowerBound
    end = range.upperBound
  }

  /// A cursor over a nested message of this one's bytes.
  func nested(_ range: Range<Int>) -> WireReader { WireReader(bytes, range: range, path: path) }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(Problem) -> Field? {
    guard position < end else { return nil }
    let tag = try varint()
    guard let number = Int(exactly: tag >> 3), number > 0, number < 1 << 29 else {
      throw damaged("field number \(tag >> 3) is outside 1…2²⁹−1")
    }
    switch tag & 7 {
    case 0: return Field(number: number, value: .varint(try varint()))
    case 1: return Field(number: number, value: .fixed64(try fixed(8)))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw damaged("field \(number) claims \(length) bytes, \(end - position) are left")
      }
      let range = position..<(position + Int(length))
      position = range.upperBound
      return Field(number: number, value: .bytes(range))
    case 5: return Field(number: number, value: .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw damaged("field \(number) has wire type \(tag & 7), which ONNX never uses")
    }
  }

  /// A base-128 number of at most ten bytes.
  mutating func varint() throws(Problem) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      if shift == 63, byte > 1 { throw damaged("a number is longer than 64 bits") }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
      if shift > 63 { throw damaged("a number is longer than 64 bits") }
    }
    throw damaged("the file ends inside a number")
  }

  private mutating func fixed(_ width: Int) throws(Problem) -> UInt64 {
    guard end - position >= width else { throw damaged("the file ends inside a number") }
    var value: UInt64 = 0
    for byte in 0..<width { value |= UInt64(bytes[position + byte]) << UInt64(8 * byte) }
    position += width
    return value
  }

  /// The message's text in a byte range.
  func text(_ range: Range<Int>) throws(Problem) -> String {
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw damaged("a name at byte \(range.lowerBound) is not UTF-8")
    }
    return text
  }

  /// The problem of a malformed message, at the cursor.
  func damaged(_ what: String) -> Problem {
    Problem(
      "bad-onnx", at: "\(path) at byte \(position)", what,
      remedy: "the file is truncated or not ONNX, export it again")
  }
}

extension WireReader.Value {
  /// The number, of a varint field.
  func integer(in reader: WireReader) throws(Problem) -> Int64 {
    guard case .varint(let value) = self else { throw reader.damaged("a number was expected") }
    return Int64(bitPattern: value)
  }

  /// The byte range, of a length-delimited field.
  func range(in reader: WireReader) throws(Problem) -> Range<Int> {
    guard case .bytes(let range) = self else { throw reader.damaged("bytes were expected") }
    return range
  }

  /// The text, of a length-delimited field.
  func text(in reader: WireReader) throws(Problem) -> String {
    try reader.text(try range(in: reader))
  }

  /// Appends a repeated integer, packed or not.
  func appendIntegers(to list: inout [Int64], in reader: WireReader) throws(Problem) {
    switch self {
    case .varint(let value): list.append(Int64(bitPattern: value))
    case .bytes(let range):
      var packed = reader.nested(range)
      while packed.position < packed.end { list.append(Int64(bitPattern: try packed.varint())) }
    default: throw reader.damaged("integers were expected")
    }
  }

  /// Appends a repeated float, packed or not.
  func appendFloats(to list: inout [Float], in reader: WireReader) throws(Problem) {
    switch self {
    case .fixed32(let bits): list.append(Float(bitPattern: bits))
    case .bytes(let range):
      guard range.count % 4 == 0 else { throw reader.damaged("packed floats are cut") }
      list.reserveCapacity(list.count + range.count / 4)
      for offset in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
        var bits: UInt32 = 0
        for byte in 0..<4 { bits |= UInt32(reader.bytes[offset + byte]) << UInt32(8 * byte) }
        list.append(Float(bitPattern: bits))
      }
    default: throw reader.damaged("floats were expected")
    }
  }

  /// Appends a repeated double, packed or not.
  func appendDoubles(to list: inout [Double], in reader: WireReader) throws(Problem) {
    switch self {
    case .fixed64(let bits): list.append(Double(bitPattern: bits))
    case .bytes(let range):
      guard range.count % 8 == 0 else { throw reader.damaged("packed doubles are cut") }
      for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
        var bits: UInt64 = 0
        for byte in 0..<8 { bits |= UInt64(reader.bytes[offset + byte]) << UInt64(8 * byte) }
        list.append(Double(bitPattern: bits))
      }
    default: throw reader.damaged("doubles were expected")
    }
  }
}
