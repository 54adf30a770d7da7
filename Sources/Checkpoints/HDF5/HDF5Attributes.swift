// Attributes that are text (specification §IV.A.2.m): names of layers, and Keras' configurations as
// JSON, which is read as data. Text of variable length lies in global heaps (§III.E).
internal import Diagnostics
internal import Tensors

extension HDF5File {
  private static let mostTexts = 1_000_000
  private static let mostTextBytes = 64 << 20

  /// The text attributes of the object with these messages, each a list of strings.
  func attributes(of messages: [HDF5Message]) throws(Problem) -> [String: [String]] {
    var found: [String: [String]] = [:]
    var heaps: [Int: [Int: Range<Int>]] = [:]
    var heapBytes: [Int: [UInt8]] = [:]
    func add(_ fields: inout ByteCursor) throws(Problem) {
      if let (name, texts) = try attribute(&fields, &heaps, &heapBytes) { found[name] = texts }
    }
    for message in messages where message.type == 0x0C && !message.isShared {
      var fields = message.fields
      try add(&fields)
    }
    for message in messages where message.type == 0x15 {
      var info = message.fields
      try info.skip(1)
      let flags = try info.byte()
      if flags & 1 != 0 { try info.skip(2) }
      guard let heapAddress = try address(&info), let index = try address(&info) else { continue }
      let heap = try HDF5FractalHeap(self, at: heapAddress)
      for var record in try treeRecords(at: index, type: 8) {
        let identifier = record.bytes[try record.take(min(8, heap.identifierBytes))]
        // Huge attributes lie outside the heap; no text that we look for is that long.
        guard identifier.first.map({ $0 >> 4 & 3 != 1 }) ?? false else { continue }
        var fields = ByteCursor(try heap.object(identifier), complaint)
        try add(&fields)
      }
    }
    return found
  }

  private func attribute(
    _ fields: inout ByteCursor, _ heaps: inout [Int: [Int: Range<Int>]],
    _ heapBytes: inout [Int: [UInt8]]
  ) throws(Problem) -> (String, [String])? {
    let version = try fields.byte()
    guard (1...3).contains(version) else {
      throw complaint.bad("an attribute has version \(version)")
    }
    let flags = try fields.byte()
    let (nameBytes, typeBytes) = (try fields.size(2), try fields.size(2))
    let spaceBytes = try fields.size(2)
    if version == 3 { try fields.skip(1) }
    func padded(_ count: Int) -> Int { version == 1 ? (count + 7) / 8 * 8 : count }
    let nameRange = try fields.take(padded(nameBytes))
    let name = String(decoding: fields.bytes[nameRange].prefix { $0 != 0 }, as: UTF8.self)
    var typeFields = ByteCursor(fields.bytes, complaint, range: try fields.take(padded(typeBytes)))
    var spaceFields = ByteCursor(
      fields.bytes, complaint, range: try fields.take(padded(spaceBytes)))
    // A type that is named elsewhere is none of text that Keras writes.
    guard flags & 1 == 0 || version == 1 else { return nil }
    let type = try HDF5Datatype(&typeFields)
    guard let shape = try HDF5Dataspace(&spaceFields, lengthWidth)?.shape else { return nil }
    switch type {
    case .fixedText(let size):
      guard size > 0, shape.count <= Self.mostTexts else { return nil }
      var texts: [String] = []
      for _ in 0..<shape.count {
        let range = try fields.take(size)
        texts.append(String(decoding: fields.bytes[range].prefix { $0 != 0 }, as: UTF8.self))
      }
      return (name, texts)
    case .variableText:
      guard shape.count <= Self.mostTexts else { return nil }
      var texts: [String] = []
      for _ in 0..<shape.count {
        let count = try fields.size(4)
        let heap = try address(&fields)
        let index = try fields.size(4)
        guard let heap, index > 0 else {
          texts.append("")
          continue
        }
        texts.append(try text(heap, index, count, &heaps, &heapBytes))
      }
      return (name, texts)
    default: return nil
    }
  }

  private func text(
    _ heap: Int, _ index: Int, _ count: Int, _ heaps: inout [Int: [Int: Range<Int>]],
    _ heapBytes: inout [Int: [UInt8]]
  ) throws(Problem) -> String {
    if heaps[heap] == nil {
      guard heaps.count < 10_000,
        heapBytes.values.reduce(0, { $0 + $1.count }) <= Self.mostTextBytes
      else {
        throw complaint.tooLarge("its text lies in too many heaps")
      }
      (heaps[heap], heapBytes[heap]) = try globalHeap(heap)
    }
    guard let range = heaps[heap]?[index], let bytes = heapBytes[heap], count <= range.count else {
      throw complaint.bad("text is not in its heap")
    }
    return String(decoding: bytes[range].prefix(count), as: UTF8.self)
  }

  /// The objects of a global heap collection by their indices, as places in its bytes.
  private func globalHeap(_ address: Int) throws(Problem) -> ([Int: Range<Int>], [UInt8]) {
    var head = ByteCursor(try span.bytes(at: address, count: 8 + lengthWidth), complaint)
    try head.expect("GCOL", "a global heap")
    try head.skip(4)
    let size = try length(&head)
    guard size <= Self.mostTextBytes else {
      throw complaint.tooLarge("a global heap has \(size) bytes")
    }
    let bytes = try span.bytes(at: address, count: size)
    var objects: [Int: Range<Int>] = [:]
    var fields = ByteCursor(bytes, complaint)
    try fields.skip(min(8 + lengthWidth, size))
    while fields.left >= 8 + lengthWidth {
      let index = try fields.size(2)
      try fields.skip(6)
      let count = try length(&fields)
      // Object 0 is the free space at the end.
      guard index != 0 else { break }
      guard count <= fields.left else { throw complaint.bad("a global heap's object is too long") }
      objects[index] = try fields.take(count)
      try fields.skip(min((8 - count % 8) % 8, fields.left))
    }
    return (objects, bytes)
  }
}
