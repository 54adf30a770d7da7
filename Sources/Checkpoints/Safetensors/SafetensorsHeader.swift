// The header of a safetensors file: a length, a JSON object, then tensors that tile the rest.
// Checks as the reference does (safetensors/src/tensor.rs), and refuses duplicate keys besides.
internal import Diagnostics
internal import Tensors

struct SafetensorsHeader {
  var tensors: [StoredTensor] = []
  var metadata: [(key: String, value: String)] = []
  var findings: [Finding] = []

  static let largestHeader = 100_000_000
  fileprivate static let mostMetadata = 100_000

  /// Reads and checks the header. Errors: `incomplete-file`, `incomplete-header`,
  /// `incomplete-data` (try again), `header-too-large`, `bad-header`, `bad-json`, `bad-shape`,
  /// `bad-offsets`, `too-many-tensors`.
  static func read(_ file: InputFile, index: Int) throws(Problem) -> SafetensorsHeader {
    guard file.size >= 8 else {
      throw incomplete("file", file.path, "\(file.size) bytes, and a header has at least 10")
    }
    let bytes = try file.bytes(at: 0, count: 8).littleEndian(at: 0, width: 8) ?? 0
    guard bytes <= UInt64(largestHeader) else {
      throw Problem(
        "header-too-large", at: "\(file.path): byte 0",
        "the header claims \(bytes) bytes, of which at most \(largestHeader) are allowed",
        remedy: "check that this is a safetensors file")
    }
    let length = Int(bytes)
    guard length > 0, length <= file.size - 8 else {
      throw incomplete(
        "header", file.path, "the header has \(length) bytes, and \(file.size - 8) are there")
    }
    try MemoryAllowance.check(length, at: file.path)
    let text = try file.bytes(at: 8, count: length)
    // Space that was reserved but not yet written reads as zeros.
    guard !text.contains(0) else {
      throw incomplete("header", file.path, "the header is partly zero: not written yet")
    }
    var parser = HeaderParser(path: file.path, header: SafetensorsHeader())
    var scanner = JSONScanner(text, origin: 8, path: file.path)
    guard try scanner.kind() == .object else { throw scanner.failure("expected {") }
    try scanner.object { (scanner, name) throws(Problem) in try parser.entry(name, &scanner) }
    try scanner.end()
    return try parser.finish(dataStart: 8 + length, fileSize: file.size, fileIndex: index)
  }

  fileprivate static func incomplete(_ part: String, _ path: String, _ what: String) -> Problem {
    Problem(
      "incomplete-\(part)", at: path, what,
      remedy: "wait until its writer has finished, or copy it again", kind: .tryAgain)
  }
}

private struct HeaderParser {
  /// An entry of the header before it is known where the data begins.
  private struct Entry {
    let name: String
    let type: String
    let dimensions: [Int]
    let begin: Int
    let end: Int
  }

  let path: String
  var header: SafetensorsHeader
  private var entries: [Entry] = []

  init(path: String, header: SafetensorsHeader) {
    self.path = path
    self.header = header
  }

  mutating func entry(_ name: String, _ scanner: inout JSONScanner) throws(Problem) {
    if name == "__metadata__" {
      var metadata: [(key: String, value: String)] = []
      try scanner.object { (scanner, key) throws(Problem) in
        guard try scanner.kind() == .string else {
          throw scanner.failure("the metadata \"\(key)\" is not a string")
        }
        guard metadata.count < SafetensorsHeader.mostMetadata else {
          throw scanner.failure("more than \(SafetensorsHeader.mostMetadata) entries of metadata")
        }
        metadata.append((key, try scanner.string()))
      }
      header.metadata = metadata
      return
    }
    var type: String?
    var dimensions: [Int]?
    var offsets: [Int]?
    try scanner.object { (scanner, key) throws(Problem) in
      switch key {
      case "dtype": type = try scanner.string()
      case "shape": dimensions = try Self.sizes(&scanner, atMost: 64)
      case "data_offsets": offsets = try Self.sizes(&scanner, atMost: 2)
      default: throw scanner.failure("tensor \"\(name)\" has an unknown field \"\(key)\"")
      }
    }
    guard let type, let dimensions, let offsets, offsets.count == 2 else {
      throw scanner.failure("tensor \"\(name)\" lacks dtype, shape or data_offsets")
    }
    try Checkpoint.check(tensors: entries.count + 1, at: path)
    guard name.utf8.count <= 4_096, !name.isEmpty else {
      throw scanner.failure("a tensor's name has \(name.utf8.count) bytes, of 1 to 4096")
    }
    entries.append(
      Entry(name: name, type: type, dimensions: dimensions, begin: offsets[0], end: offsets[1]))
  }

  private static func sizes(
    _ scanner: inout JSONScanner, atMost limit: Int
  ) throws(Problem) -> [Int] {
    var sizes: [Int] = []
    try scanner.array { scanner throws(Problem) in
      guard sizes.count < limit else { throw scanner.failure("more than \(limit) numbers") }
      sizes.append(try scanner.size())
    }
    return sizes
  }

  private func problem(
    _ code: String, _ entry: Entry, _ what: String, kind: Problem.Kind = .data
  ) -> Problem {
    Problem(
      code, at: "\(path): tensor \"\(entry.name)\"", what, remedy: "write the file again",
      kind: kind)
  }

  /// Checks that the tensors tile the bytes behind the header exactly.
  mutating func finish(
    dataStart: Int, fileSize: Int, fileIndex: Int
  ) throws(Problem) -> SafetensorsHeader {
    entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var end = 0
    for entry in entries {
      guard entry.end >= entry.begin else {
        throw problem("bad-offsets", entry, "it ends at \(entry.end), before it begins")
      }
      guard entry.begin == end else {
        throw problem(
          "bad-offsets", entry,
          "it begins at \(entry.begin), and the tensor before it ends at \(end)")
      }
      end = entry.end
      try place(entry, dataStart: dataStart, fileIndex: fileIndex)
    }
    let (total, overflow) = dataStart.addingReportingOverflow(end)
    guard !overflow, total <= fileSize else {
      throw SafetensorsHeader.incomplete(
        "data", path, "the tensors need \(end) bytes, and \(fileSize - dataStart) are there")
    }
    guard total == fileSize else {
      throw Problem(
        "trailing-bytes", at: "\(path): byte \(total)",
        "\(fileSize - total) bytes follow the last tensor", remedy: "write the file again")
    }
    return header
  }

  private mutating func place(
    _ entry: Entry, dataStart: Int, fileIndex: Int
  ) throws(Problem) {
    guard let shape = Shape(checking: entry.dimensions) else {
      throw problem("bad-shape", entry, "the shape \(entry.dimensions) has too many elements")
    }
    guard let bits = Self.bitWidths[entry.type] else {
      throw problem("bad-header", entry, "the type \(entry.type) is not one of the format's")
    }
    let (total, overflow) = shape.count.multipliedReportingOverflow(by: bits)
    guard !overflow, total % 8 == 0 else {
      throw problem("bad-shape", entry, "the shape \(shape) of \(entry.type) fills no whole bytes")
    }
    guard entry.end - entry.begin == total / 8 else {
      throw problem(
        "bad-offsets", entry,
        "\(entry.end - entry.begin) bytes, and the shape \(shape) of \(entry.type) needs \(total / 8)"
      )
    }
    guard let type = Self.elementTypes[entry.type] else {
      header.findings.append(
        Finding(
          "unsupported-dtype", at: entry.name,
          "its type \(entry.type) is not read; the other tensors are"))
      return
    }
    let (offset, tooFar) = dataStart.addingReportingOverflow(entry.begin)
    guard !tooFar else { throw problem("bad-offsets", entry, "it begins at \(entry.begin)") }
    header.tensors.append(
      StoredTensor(
        name: entry.name, shape: shape, type: type,
        location: TensorLocation(
          file: fileIndex, storageOffset: offset, storageBytes: total / 8, firstElement: 0,
          strides: nil, isBigEndian: false, record: nil)))
  }

  private static let elementTypes: [String: ElementType] = [
    "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64,
    "I32": .int32, "I16": .int16, "I8": .int8, "U64": .uint64, "U32": .uint32, "U16": .uint16,
    "U8": .uint8, "BOOL": .bool, "F8_E4M3": .float8E4M3FN, "F8_E5M2": .float8E5M2,
    "F8_E4M3FNUZ": .float8E4M3FNUZ, "F8_E5M2FNUZ": .float8E5M2FNUZ, "F8_E8M0": .float8E8M0FNU,
  ]

  private static let bitWidths: [String: Int] = [
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "C64": 64, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
  ]
}
