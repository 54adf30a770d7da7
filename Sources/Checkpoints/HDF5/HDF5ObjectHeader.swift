// Object headers of versions 1 and 2 (specification §IV.A.1): the messages that say what an object is.
internal import Diagnostics

struct HDF5Message {
  let type: UInt16
  let isShared: Bool
  let fields: ByteCursor
}

extension HDF5File {
  private static let mostMessages = 100_000
  private static let mostBlocks = 1_000
  private static let largestHeader = 64 << 20

  /// All messages of the object at an address, with those of continuation blocks.
  func messages(at address: Int) throws(Problem) -> [HDF5Message] {
    let head = try span.prefix(at: address, count: 16)
    return head.starts(with: "OHDR".utf8) ? try newHeader(address) : try oldHeader(address)
  }

  private func tooLarge(_ address: Int) -> Problem {
    complaint.tooLarge(
      "the object header at byte \(address) has more than 64 MiB, or \(Self.mostBlocks) blocks")
  }

  private func oldHeader(_ address: Int) throws(Problem) -> [HDF5Message] {
    var head = ByteCursor(try span.bytes(at: address, count: 16), complaint)
    guard try head.byte() == 1 else {
      throw complaint.bad("there is no object header at byte \(address)")
    }
    try head.skip(7)
    var blocks = [(address + 16, try head.size(4))]
    var messages: [HDF5Message] = []
    var total = 0
    var next = 0
    while next < blocks.count {
      let (start, count) = blocks[next]
      next += 1
      total += min(count, Self.largestHeader + 1)
      guard total <= Self.largestHeader else { throw tooLarge(address) }
      var fields = ByteCursor(try span.bytes(at: start, count: count), complaint)
      while fields.left >= 8 {
        let type = UInt16(try fields.number(2))
        let size = try fields.size(2)
        let flags = try fields.byte()
        try fields.skip(3)
        try add(type, flags, try fields.take(size), of: fields, to: &messages, &blocks)
      }
    }
    return messages
  }

  private func newHeader(_ address: Int) throws(Problem) -> [HDF5Message] {
    var head = ByteCursor(try span.prefix(at: address, count: 64), complaint)
    try head.skip(4)
    guard try head.byte() == 2 else {
      throw complaint.unsupported("an object header has another version than 1 and 2")
    }
    let flags = try head.byte()
    try head.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
    let size = try head.size(1 << Int(flags & 3))
    guard size <= Self.largestHeader else {
      throw complaint.tooLarge("the object header at byte \(address) has \(size) bytes")
    }
    var blocks = [(address, head.at + size + 4)]
    var messages: [HDF5Message] = []
    var total = 0
    var next = 0
    while next < blocks.count {
      let (start, count) = blocks[next]
      total += min(count, Self.largestHeader + 1)
      guard total <= Self.largestHeader else { throw tooLarge(address) }
      var fields = try checked(at: start, count: count, "an object header")
      if next == 0 {
        try fields.skip(head.at)
      } else {
        try fields.expect("OCHK", "a continuation of an object header")
      }
      next += 1
      let messageHead = flags & 0x04 != 0 ? 6 : 4
      while fields.left >= messageHead {
        let type = UInt16(try fields.number(1))
        let size = try fields.size(2)
        let messageFlags = try fields.byte()
        try fields.skip(messageHead - 4)
        try add(type, messageFlags, try fields.take(size), of: fields, to: &messages, &blocks)
      }
    }
    return messages
  }

  private func add(
    _ type: UInt16, _ flags: UInt8, _ range: Range<Int>, of fields: ByteCursor,
    to messages: inout [HDF5Message], _ blocks: inout [(Int, Int)]
  ) throws(Problem) {
    var body = ByteCursor(fields.bytes, complaint, range: range)
    if type == 0x10 {
      guard let start = try address(&body) else { throw complaint.bad("a continuation is nowhere") }
      let count = try length(&body)
      guard !blocks.contains(where: { $0.0 == start }) else {
        throw complaint.bad("the object header at byte \(start) goes in a circle")
      }
      guard blocks.count < Self.mostBlocks else { throw tooLarge(blocks[0].0) }
      blocks.append((start, count))
      return
    }
    guard messages.count < Self.mostMessages else {
      throw complaint.tooLarge("an object header has more than \(Self.mostMessages) messages")
    }
    // Type 0 is a gap.
    if type != 0 {
      messages.append(HDF5Message(type: type, isShared: flags & 2 != 0, fields: body))
    }
  }
}
