// A msgpack document (msgpack specification) walked through in a file of any size: arrays' bytes are
// passed over and remembered by their place. Nothing in it is ever executed.
internal import Diagnostics

indirect enum MessagePackValue {
  case map([(key: String, value: MessagePackValue)])
  case list([MessagePackValue])
  case integer(Int)
  case real(Double)
  case text(String)
  case bytes(Range<Int>)
  case extended(Int, Range<Int>)
  case other

  subscript(key: String) -> MessagePackValue? {
    guard case .map(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }
}

struct MessagePackReader {
  private let file: InputFile
  private let complaint: Complaint
  private(set) var at: Int
  private let end: Int
  private var window: [UInt8] = []
  private var windowStart = 0
  private var nodes = 0
  private static let mostNodes = 4_000_000
  private static let deepest = 128
  private static let longestText = 1 << 20

  init(_ file: InputFile, range: Range<Int>, _ complaint: Complaint) {
    (self.file, self.complaint) = (file, complaint)
    (at, end) = (range.lowerBound, range.upperBound)
  }

  private mutating func take(_ count: Int) throws(Problem) -> Range<Int> {
    guard count <= end - at else { throw complaint.incomplete("it ends before its document does") }
    defer { at += count }
    return at..<(at + count)
  }

  private mutating func number(_ width: Int) throws(Problem) -> UInt64 {
    let range = try take(width)
    if range.lowerBound < windowStart || range.upperBound > windowStart + window.count {
      windowStart = range.lowerBound
      window = try file.bytes(at: windowStart, count: min(1 << 16, end - windowStart))
    }
    var value: UInt64 = 0
    for index in range { value = value << 8 | UInt64(window[index - windowStart]) }
    return value
  }

  private mutating func size(_ width: Int) throws(Problem) -> Int { Int(try number(width)) }

  private mutating func text(_ count: Int) throws(Problem) -> String {
    guard count <= Self.longestText else { throw complaint.bad("a text of \(count) bytes") }
    let range = try take(count)
    let bytes = try file.bytes(at: range.lowerBound, count: count)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw complaint.bad("a text is not UTF-8")
    }
    return text
  }

  mutating func value(depth: Int = 0) throws(Problem) -> MessagePackValue {
    nodes += 1
    guard depth <= Self.deepest, nodes <= Self.mostNodes else {
      throw complaint.tooLarge("its document is too deep or has too many values")
    }
    let head = UInt8(try number(1))
    switch head {
    case 0x00...0x7F: return .integer(Int(head))
    case 0xE0...0xFF: return .integer(Int(Int8(bitPattern: head)))
    case 0x80...0x8F: return try map(Int(head & 0x0F), depth)
    case 0x90...0x9F: return try list(Int(head & 0x0F), depth)
    case 0xA0...0xBF: return .text(try text(Int(head & 0x1F)))
    case 0xC4: return .bytes(try take(try size(1)))
    case 0xC5: return .bytes(try take(try size(2)))
    case 0xC6: return .bytes(try take(try size(4)))
    case 0xC7: return try extended(try size(1))
    case 0xC8: return try extended(try size(2))
    case 0xC9: return try extended(try size(4))
    case 0xCA: return .real(Double(Float(bitPattern: UInt32(try number(4)))))
    case 0xCB: return .real(Double(bitPattern: try number(8)))
    case 0xCC: return .integer(try size(1))
    case 0xCD: return .integer(try size(2))
    case 0xCE: return .integer(try size(4))
    case 0xCF: return Int(exactly: try number(8)).map(MessagePackValue.integer) ?? .other
    case 0xD0: return .integer(Int(Int8(truncatingIfNeeded: try number(1))))
    case 0xD1: return .integer(Int(Int16(truncatingIfNeeded: try number(2))))
    case 0xD2: return .integer(Int(Int32(truncatingIfNeeded: try number(4))))
    case 0xD3: return .integer(Int(Int64(bitPattern: try number(8))))
    case 0xD4...0xD8: return try extended(1 << Int(head - 0xD4))
    case 0xD9: return .text(try text(try size(1)))
    case 0xDA: return .text(try text(try size(2)))
    case 0xDB: return .text(try text(try size(4)))
    case 0xDC: return try list(try size(2), depth)
    case 0xDD: return try list(try size(4), depth)
    case 0xDE: return try map(try size(2), depth)
    case 0xDF: return try map(try size(4), depth)
    default: return .other
    }
  }

  private mutating func extended(_ count: Int) throws(Problem) -> MessagePackValue {
    let type = Int(try number(1))
    return .extended(type, try take(count))
  }

  private mutating func list(_ count: Int, _ depth: Int) throws(Problem) -> MessagePackValue {
    var values: [MessagePackValue] = []
    for _ in 0..<count { values.append(try value(depth: depth + 1)) }
    return .list(values)
  }

  private mutating func map(_ count: Int, _ depth: Int) throws(Problem) -> MessagePackValue {
    var members: [(key: String, value: MessagePackValue)] = []
    var keys: Set<[UInt8]> = []
    for _ in 0..<count {
      let key: String
      switch try value(depth: depth + 1) {
      case .text(let text): key = text
      case .integer(let number): key = "\(number)"
      default: throw complaint.bad("a key is neither text nor a number")
      }
      guard keys.insert(Array(key.utf8)).inserted else {
        throw complaint.bad("the key \"\(key)\" is there twice")
      }
      members.append((key, try value(depth: depth + 1)))
    }
    return .map(members)
  }
}
