// One block compressed with Snappy, without frames
// (github.com/google/snappy/blob/main/format_description.txt): the length that it expands to, then
// literal bytes and copies of what has been expanded before.
internal import Diagnostics

enum SnappyBlock {
  /// A copy of 64 bytes, the longest, takes three.
  private static let mostPerByte = 22

  /// What the bytes of a range expand to. Errors: `bad-…`, and `too-large` beyond `limit` bytes.
  static func expand(
    _ bytes: [UInt8], _ range: Range<Int>, limit: Int, _ complaint: Complaint
  ) throws(Problem) -> [UInt8] {
    var fields = ByteCursor(bytes, complaint, range: range)
    let count = try fields.varsize()
    guard count <= limit else {
      throw complaint.tooLarge("its compressed blocks hold more than \(limit) bytes")
    }
    guard count <= range.count * mostPerByte else { throw damaged(complaint) }
    var expanded: [UInt8] = []
    expanded.reserveCapacity(count)
    while fields.left > 0 {
      let tag = Int(try fields.byte())
      if tag & 3 == 0 {
        let length = tag >> 2 < 60 ? tag >> 2 : try fields.size((tag >> 2) - 59)
        expanded += bytes[try fields.take(length + 1)]
      } else {
        try copy(tag, &fields, into: &expanded)
      }
      guard expanded.count <= count else { throw damaged(complaint) }
    }
    guard expanded.count == count else { throw damaged(complaint) }
    return expanded
  }

  private static func copy(
    _ tag: Int, _ fields: inout ByteCursor, into expanded: inout [UInt8]
  ) throws(Problem) {
    let back: Int
    let length: Int
    if tag & 3 == 1 {
      (back, length) = ((tag >> 5) << 8 | Int(try fields.byte()), ((tag >> 2) & 7) + 4)
    } else {
      (back, length) = (try fields.size(tag & 3 == 2 ? 2 : 4), (tag >> 2) + 1)
    }
    guard back > 0, back <= expanded.count else { throw damaged(fields.complaint) }
    // One by one: what is copied may reach into itself.
    for _ in 0..<length { expanded.append(expanded[expanded.count - back]) }
  }

  private static func damaged(_ complaint: Complaint) -> Problem {
    complaint.bad("a compressed block does not expand to the bytes that it promises")
  }
}
