// Fields one after the other in a byte array, every step checked.
internal import Diagnostics

struct ByteCursor {
  let bytes: [UInt8]
  let complaint: Complaint
  var at: Int
  /// Where the bytes that may be read end.
  let end: Int
  var isBigEndian = false

  init(_ bytes: [UInt8], _ complaint: Complaint, range: Range<Int>? = nil) {
    self.bytes = bytes
    self.complaint = complaint
    at = range?.lowerBound ?? 0
    end = min(range?.upperBound ?? bytes.count, bytes.count)
  }

  /// How many bytes are left.
  var left: Int { end - at }

  /// The place of the next `count` bytes; moves behind them.
  mutating func take(_ count: Int) throws(Problem) -> Range<Int> {
    guard count >= 0, count <= left else {
      throw complaint.bad("a structure ends before its fields do")
    }
    defer { at += count }
    return at..<(at + count)
  }

  mutating func skip(_ count: Int) throws(Problem) { _ = try take(count) }

  /// An unsigned number of at most 8 bytes.
  mutating func number(_ width: Int) throws(Problem) -> UInt64 {
    let range = try take(width)
    var value: UInt64 = 0
    if isBigEndian {
      for index in range { value = value << 8 | UInt64(bytes[index]) }
    } else {
      for index in range.reversed() { value = value << 8 | UInt64(bytes[index]) }
    }
    return value
  }

  /// A number that counts something in a file.
  mutating func size(_ width: Int) throws(Problem) -> Int {
    guard let size = Int(exactly: try number(width)) else {
      throw complaint.bad("a size exceeds what a file can have")
    }
    return size
  }

  mutating func byte() throws(Problem) -> UInt8 { bytes[try take(1).lowerBound] }

  /// Consumes these very bytes.
  mutating func expect(_ text: String, _ what: String) throws(Problem) {
    guard bytes[try take(text.utf8.count)].elementsEqual(text.utf8) else {
      throw complaint.bad("\(what) does not begin with \(text)")
    }
  }

  /// Text of a known length, which must be UTF-8.
  mutating func text(_ count: Int) throws(Problem) -> String {
    guard let text = String(validating: bytes[try take(count)], as: UTF8.self) else {
      throw complaint.bad("a name is not UTF-8")
    }
    return text
  }

  /// A base-128 number, least significant group first.
  mutating func varint() throws(Problem) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 63 || shift == 63 && next <= 1 else {
        throw complaint.bad("a number has more than 64 bits")
      }
      value |= UInt64(next & 0x7F) << shift
      if next & 0x80 == 0 { return value }
      shift += 7
    }
  }

  /// A base-128 number that counts something.
  mutating func varsize() throws(Problem) -> Int {
    guard let size = Int(exactly: try varint()) else {
      throw complaint.bad("a size exceeds what a file can have")
    }
    return size
  }
}
