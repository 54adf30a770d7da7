// The members of a group: old-style symbol tables (specification §III.A.1, §III.B, §III.D), and the
// links of new-style groups, in the header or in a fractal heap.
internal import Diagnostics

struct HDF5Link {
  let name: String
  let header: Int
}

extension HDF5File {
  private static let mostLinks = 1_000_000
  private static let longestName = 4_096

  /// The members of the group with these messages; nil when it is no group. Links that do not lead
  /// to an object of this very file are refused.
  func links(of messages: [HDF5Message]) throws(Problem) -> [HDF5Link]? {
    if let table = messages.first(where: { $0.type == 0x11 }) {
      var fields = table.fields
      guard let tree = try address(&fields), let heap = try address(&fields) else { return [] }
      return try symbolTable(tree: tree, heap: heap)
    }
    guard let info = messages.first(where: { $0.type == 0x02 }) else { return nil }
    var links: [HDF5Link] = []
    for message in messages where message.type == 0x06 {
      var fields = message.fields
      links.append(try link(&fields))
    }
    var fields = info.fields
    try fields.skip(1)
    let flags = try fields.byte()
    if flags & 1 != 0 { try fields.skip(8) }
    guard let heapAddress = try address(&fields), let index = try address(&fields) else {
      return links
    }
    let heap = try HDF5FractalHeap(self, at: heapAddress)
    for record in try treeRecords(at: index, type: 5) {
      var record = record
      try record.skip(4)
      let object = try heap.object(record.bytes[try record.take(heap.identifierBytes)])
      var fields = ByteCursor(object, complaint)
      links.append(try link(&fields))
    }
    return links
  }

  /// A link message (§IV.A.2.g).
  private func link(_ fields: inout ByteCursor) throws(Problem) -> HDF5Link {
    guard try fields.byte() == 1 else { throw complaint.unsupported("a link of another version") }
    let flags = try fields.byte()
    let kind = flags & 0x08 != 0 ? try fields.byte() : 0
    if flags & 0x04 != 0 { try fields.skip(8) }
    if flags & 0x10 != 0 { try fields.skip(1) }
    let name = try checkedName(try fields.text(try fields.size(1 << Int(flags & 3))))
    guard kind == 0 else { throw foreign(name, kind == 64 ? "an external link" : "a soft link") }
    guard let header = try address(&fields) else {
      throw complaint.bad("link \"\(name)\" leads nowhere")
    }
    return HDF5Link(name: name, header: header)
  }

  private func foreign(_ name: String, _ what: String) -> Problem {
    complaint.unsupported("\"\(name)\" is \(what), which is not followed")
  }

  private func checkedName(_ name: String) throws(Problem) -> String {
    guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), !name.utf8.contains(0) else {
      throw complaint.bad("a link is named \"\(name)\"")
    }
    return name
  }

  private func symbolTable(tree: Int, heap: Int) throws(Problem) -> [HDF5Link] {
    var head = ByteCursor(
      try span.bytes(at: heap, count: 8 + 2 * lengthWidth + addressWidth), complaint)
    try head.expect("HEAP", "a group's heap of names")
    try head.skip(4)
    let count = try length(&head)
    try head.skip(lengthWidth)
    guard count <= 256 << 20, let start = try address(&head) else {
      throw complaint.bad("a group's heap of names has \(count) bytes")
    }
    let names = try span.bytes(at: start, count: count)
    var links: [HDF5Link] = []
    for leaf in try leaves(ofTree: tree, type: 0, keyBytes: lengthWidth) {
      var start = ByteCursor(try span.bytes(at: leaf.child, count: 8), complaint)
      try start.expect("SNOD", "a symbol table node")
      try start.skip(2)
      let symbols = try start.size(2)
      let bytes = try span.bytes(
        at: leaf.child + 8, count: symbols * (2 * addressWidth + 4 + 4 + 16))
      var fields = ByteCursor(bytes, complaint)
      for _ in 0..<symbols {
        let offset = try fields.size(addressWidth)
        let header = try address(&fields)
        let kind = try fields.number(4)
        try fields.skip(4 + 16)
        guard offset < names.count,
          let end = names[offset...].prefix(Self.longestName).firstIndex(of: 0),
          let text = String(validating: names[offset..<end], as: UTF8.self)
        else { throw complaint.bad("a link's name is not in its heap") }
        let name = try checkedName(text)
        guard kind != 2 else { throw foreign(name, "a soft link") }
        guard let header else { throw complaint.bad("link \"\(name)\" leads nowhere") }
        guard links.count < Self.mostLinks else {
          throw complaint.tooLarge("a group has more than \(Self.mostLinks) members")
        }
        links.append(HDF5Link(name: name, header: header))
      }
    }
    return links
  }
}
