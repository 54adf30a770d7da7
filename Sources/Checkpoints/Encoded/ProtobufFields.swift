// Fields of a protocol-buffer message (protobuf.dev/programming-guides/encoding), handed out one by one
// from a cursor over its bytes; nothing is copied or allocated by a length that is only claimed.
internal import Diagnostics

struct ProtobufFields {
  /// The wire types in use; groups are refused.
  enum Value {
    /// A base-128 number.
    case number(UInt64)
    /// Four or eight bytes.
    case fixed(UInt64)
    /// The place of a text, of bytes, or of a message.
    case bytes(Range<Int>)
  }

  private var cursor: ByteCursor

  init(_ cursor: ByteCursor) { self.cursor = cursor }

  /// The fields of a message inside this one.
  func nested(_ range: Range<Int>) -> ProtobufFields {
    ProtobufFields(ByteCursor(cursor.bytes, cursor.complaint, range: range))
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(Problem) -> (number: Int, value: Value)? {
    guard cursor.left > 0 else { return nil }
    let tag = try cursor.varint()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
      throw cursor.complaint.bad("a field has the number \(tag >> 3)")
    }
    let number = Int(tag >> 3)
    switch tag & 7 {
    case 0: return (number, .number(try cursor.varint()))
    case 1: return (number, .fixed(try cursor.number(8)))
    case 2: return (number, .bytes(try cursor.take(try cursor.varsize())))
    case 5: return (number, .fixed(try cursor.number(4)))
    default: throw cursor.complaint.bad("a field has the wire type \(tag & 7)")
    }
  }

  /// The text of a field.
  func text(_ range: Range<Int>) throws(Problem) -> String {
    guard let text = String(validating: cursor.bytes[range], as: UTF8.self) else {
      throw cursor.complaint.bad("a name is not UTF-8")
    }
    return text
  }

  /// A number that counts something; negative ones are refused.
  func size(_ value: UInt64) throws(Problem) -> Int {
    guard let size = Int(exactly: value) else {
      throw cursor.complaint.bad("a size exceeds what a file can have")
    }
    return size
  }
}
