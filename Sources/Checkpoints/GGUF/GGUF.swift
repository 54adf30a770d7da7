// GGUF files of llama.cpp, versions 2 and 3, either byte order: keys, then the tensors' names, then
// their elements (ggml/docs/gguf.md). Quantised tensors are read as the float32 that they stand for.
internal import Diagnostics
internal import Tensors

enum GGUF: CheckpointFormat {
  private static let mostKeys = 1_000_000
  private static let largestHeader = 128 << 20
  private static let longestName = 1 << 16

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(let file, let head) = source else { return false }
    return head.starts(with: "GGUF".utf8) || file.path.hasSuffix(".gguf")
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, _) = source else { throw UnknownFormat.problem(source) }
    let complaint = Complaint(format: "gguf", path: file.path)
    guard file.size >= 24, try file.bytes(at: 0, count: 4).elementsEqual("GGUF".utf8) else {
      throw complaint.incomplete("its first bytes are not there yet")
    }
    // How long the header is shows only at its end: read more until it fits.
    var count = min(file.size, 1 << 20)
    while true {
      try MemoryAllowance.check(count, at: file.path)
      do throws(Problem) {
        return try read(file, try file.bytes(at: 0, count: count), complaint)
      } catch {
        guard error.code == "bad-gguf", count < file.size, count < largestHeader else {
          // A header that runs out of the file may still be growing.
          throw error.what == shortHeader ? complaint.incomplete(shortHeader) : error
        }
        count = min(file.size, count * 8, largestHeader)
      }
    }
  }

  private static let shortHeader = "a structure ends before its fields do"

  private static func read(
    _ file: InputFile, _ bytes: [UInt8], _ complaint: Complaint
  ) throws(Problem) -> Checkpoint {
    var fields = ByteCursor(bytes, complaint)
    try fields.skip(4)
    // The version is small: in the other byte order it looks large.
    fields.isBigEndian = bytes[4] == 0 && bytes[5] == 0
    let version = try fields.number(4)
    guard version == 2 || version == 3 else {
      throw complaint.unsupported("its version is \(version)")
    }
    let tensorCount = try fields.size(8)
    let keyCount = try fields.size(8)
    guard tensorCount <= Checkpoint.mostTensors, keyCount <= mostKeys else {
      throw complaint.tooLarge("\(tensorCount) tensors and \(keyCount) keys")
    }
    var keys = GGUFKeys()
    for _ in 0..<keyCount { try keys.read(&fields) }
    var tensors: [(name: String, shape: Shape, kind: GGUFKind, offset: Int)] = []
    var names: Set<[UInt8]> = []
    var findings: [Finding] = []
    for _ in 0..<tensorCount {
      let length = try fields.size(8)
      guard length <= longestName else {
        throw complaint.bad("a tensor's name has \(length) bytes")
      }
      let name = try fields.text(length)
      guard names.insert(Array(name.utf8)).inserted else {
        throw complaint.bad("two tensors are named \"\(name)\"")
      }
      let rank = try fields.size(4)
      guard rank <= 8 else { throw complaint.bad("tensor \"\(name)\" has \(rank) axes") }
      var extents: [Int] = []
      for _ in 0..<rank { extents.append(try fields.size(8)) }
      let number = try fields.size(4)
      let offset = try fields.size(8)
      // The innermost axis stands first.
      guard let shape = Shape(checking: extents.reversed()) else {
        throw complaint.bad("tensor \"\(name)\" has too many elements")
      }
      guard let kind = GGUFKind.all[number] else {
        findings.append(
          Finding(
            "unsupported-tensor", at: name,
            "its type \(GGUFKind.unread[number] ?? "\(number)") is not read, and it is left out"))
        continue
      }
      tensors.append((name, shape, kind, offset))
    }
    let alignment = keys.alignment
    let (start, overflow) = fields.at.addingReportingOverflow(
      (alignment - fields.at % alignment) % alignment)
    guard !overflow else { throw complaint.bad("its alignment is \(alignment)") }
    var stored: [StoredTensor] = []
    for tensor in tensors {
      guard tensor.offset % alignment == 0 else {
        throw complaint.bad(
          "tensor \"\(tensor.name)\" does not begin at a multiple of \(alignment)")
      }
      stored.append(
        try tensor.kind.tensor(
          named: tensor.name, tensor.shape, at: start, offset: tensor.offset, file: file,
          isBigEndian: fields.isBigEndian, complaint))
    }
    try checkApart(stored, complaint)
    guard !stored.isEmpty else { throw complaint.unsupported("it holds no tensors that are read") }
    return checkpoint(file, stored, Set(tensors.compactMap(\.kind.quantised)), keys, findings)
  }

  /// ggml's own reader wants the tensors one behind the other; kinds that are not read leave gaps.
  private static func checkApart(
    _ tensors: [StoredTensor], _ complaint: Complaint
  ) throws(Problem) {
    let places = tensors.map { ($0.location.storageOffset, $0.location.storageBytes, $0.name) }
    var end = 0
    for (start, bytes, name) in places.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
      guard start >= end else {
        throw complaint.bad("tensor \"\(name)\" begins inside another one")
      }
      end = start + bytes
    }
  }

  private static func checkpoint(
    _ file: InputFile, _ tensors: [StoredTensor], _ quantised: Set<String>, _ keys: GGUFKeys,
    _ findings: [Finding]
  ) -> Checkpoint {
    var checkpoint = Checkpoint(
      path: file.path, format: "gguf", files: [Checkpoint.OpenFile(file: file, zip: nil)],
      tensors: tensors)
    checkpoint.writer = keys.architecture.map { "GGUF for \($0)" }
    checkpoint.findings = findings
    if !quantised.isEmpty {
      checkpoint.findings.append(
        Finding(
          "quantised", at: file.path,
          "tensors stored as \(quantised.sorted().joined(separator: ", ")) are read as the float32 "
            + "that they stand for"))
    }
    checkpoint.findings.append(
      Finding("no-moments", at: file.path, "the format keeps no optimizer"))
    var facts = TrainingFacts()
    facts.complete(optimizer: nil, path: file.path)
    checkpoint.take(facts)
    return checkpoint
  }
}

/// The keys that matter here; all others are passed over.
private struct GGUFKeys {
  var alignment = 32
  var architecture: String?
  private var seen: Set<[UInt8]> = []

  /// Bytes of the values of fixed width, by their type's number.
  private static let widths: [Int: Int] = [
    0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8,
  ]

  mutating func read(_ fields: inout ByteCursor) throws(Problem) {
    let key = try fields.text(try length(&fields, "key"))
    guard seen.insert(Array(key.utf8)).inserted else {
      throw fields.complaint.bad("two keys are named \"\(key)\"")
    }
    let type = try fields.size(4)
    if key == "general.alignment" {
      guard type == 4 else { throw fields.complaint.bad("its alignment is no whole number") }
      alignment = try fields.size(4)
      guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 20 else {
        throw fields.complaint.bad("its alignment is \(alignment)")
      }
    } else if key == "general.architecture", type == 8 {
      architecture = try fields.text(try length(&fields, "architecture"))
    } else {
      try skip(type, &fields, depth: 0)
    }
  }

  private func length(_ fields: inout ByteCursor, _ what: String) throws(Problem) -> Int {
    let length = try fields.size(8)
    guard length <= 1 << 16 else { throw fields.complaint.bad("a \(what) has \(length) bytes") }
    return length
  }

  private func skip(_ type: Int, _ fields: inout ByteCursor, depth: Int) throws(Problem) {
    if let width = Self.widths[type] { return try fields.skip(width) }
    switch type {
    case 8: try fields.skip(try fields.size(8))
    case 9:
      guard depth < 8 else { throw fields.complaint.bad("lists in lists, eight deep") }
      let element = try fields.size(4)
      let count = try fields.size(8)
      if let width = Self.widths[element] {
        let (bytes, overflow) = width.multipliedReportingOverflow(by: count)
        guard !overflow else { throw fields.complaint.bad("a list of \(count) values") }
        return try fields.skip(bytes)
      }
      // Every value takes at least 8 bytes.
      guard count <= fields.left / 8 else {
        throw fields.complaint.bad("a structure ends before its fields do")
      }
      for _ in 0..<count { try skip(element, &fields, depth: depth + 1) }
    default: throw fields.complaint.unsupported("a key has type \(type)")
    }
  }
}
