// The bytes of one value of a store: held in memory, or a span of a file.
internal import Diagnostics

enum StoredValue: Sendable {
  case inline([UInt8])
  /// Checked against the file's size by whoever made it.
  case span(InputFile, offset: Int, count: Int)

  var count: Int {
    switch self {
    case .inline(let bytes): bytes.count
    case .span(_, _, let count): count
    }
  }

  /// Whether it is all of a file.
  var isFile: Bool {
    if case .span(let file, _, let count) = self { count == file.size } else { false }
  }

  /// The bytes `start ..< start + count` of the value, which the caller has checked against its size.
  func bytes(at start: Int, count: Int) throws(Problem) -> [UInt8] {
    switch self {
    case .inline(let bytes): Array(bytes[start..<(start + count)])
    case .span(let file, let offset, _): try file.bytes(at: offset + start, count: count)
    }
  }

  /// The whole of a small value. Errors: `too-large` beyond `limit` bytes.
  func all(limit: Int, _ complaint: Complaint) throws(Problem) -> [UInt8] {
    guard count <= limit else {
      throw complaint.tooLarge("a value of \(count) bytes, of which at most \(limit) are read")
    }
    return try bytes(at: 0, count: count)
  }
}
