// NumPy's arrays as weights: `.npz` of numpy.savez and savez_compressed, and a single `.npy`
// (numpy/lib/format.py). Arrays are streamed; those of objects, structures or text are left out.
internal import Diagnostics
internal import Tensors

enum NumPyCheckpoint: CheckpointFormat {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(let file, let head) = source else { return false }
    if head.starts(with: magic) || file.path.hasSuffix(".npy") { return true }
    return head.starts(with: [0x50, 0x4B])
      && (file.path.hasSuffix(".npz") || ZipArchive.firstName(in: head).hasSuffix(".npy"))
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, let head) = source else { throw UnknownFormat.problem(source) }
    var checkpoint =
      head.starts(with: [0x50, 0x4B]) ? try archive(file) : try single(file)
    checkpoint.writer = "NumPy"
    checkpoint.findings.append(
      Finding(
        "no-moments", at: file.path, "the format does not say which arrays are an optimizer's"))
    var facts = TrainingFacts()
    for tensor in checkpoint.tensors where isCounter(tensor) {
      let summary = try checkpoint.summary(of: tensor)
      if summary.nanCount + summary.infiniteCount == 0 { facts.note(tensor.name, summary.sum) }
    }
    facts.complete(optimizer: nil, path: file.path)
    checkpoint.take(facts)
    return checkpoint
  }

  private static func single(_ file: InputFile) throws(Problem) -> Checkpoint {
    let complaint = Complaint(format: "npy", path: file.path)
    let head = try file.bytes(at: 0, count: min(file.size, NumPyHeader.longest))
    guard head.count >= 12, head.count >= NumPyHeader.claimed(by: head) else {
      throw complaint.incomplete("its header is not all there")
    }
    let header = try NumPyHeader.parse(head, place: file.path)
    let last = file.path.split(separator: "/").last.map(String.init) ?? file.path
    let name = last.hasSuffix(".npy") ? String(last.dropLast(4)) : last
    let tensor = try plain(
      name, header, at: 0, bytes: file.size, record: nil, complaint)
    return Checkpoint(
      path: file.path, format: "npy", files: [Checkpoint.OpenFile(file: file, zip: nil)],
      tensors: [tensor])
  }

  private static func archive(_ file: InputFile) throws(Problem) -> Checkpoint {
    let zip = try ZipArchive.open(file)
    var tensors: [StoredTensor] = []
    var findings: [Finding] = []
    for (index, record) in zip.records.enumerated() {
      let complaint = Complaint(format: "npz", path: "\(file.path): record \(record.name)")
      guard record.name.hasSuffix(".npy") else { throw complaint.bad("it is not a NumPy array") }
      let name = String(record.name.dropLast(4))
      let header: NumPyHeader
      do throws(Problem) {
        header = try NumPyHeader.parse(
          try head(of: record, in: file, complaint), place: complaint.path)
      } catch {
        guard error.code == "unsupported-npy" else { throw error }
        findings.append(
          Finding("unsupported-dtype", at: name, "\(error.what); the other arrays are"))
        continue
      }
      guard record.isDeflated else {
        tensors.append(
          try plain(
            name, header, at: record.dataOffset, bytes: record.bytes, record: index, complaint))
        continue
      }
      try check(header, record.bytes, complaint)
      guard record.bytes / 1_100 <= record.storedBytes else {
        throw Problem(
          "expansion", at: complaint.path,
          "\(record.storedBytes) bytes claim to inflate to \(record.bytes)",
          remedy: "do not trust this file")
      }
      let location = TensorLocation(
        file: 0, storageOffset: record.dataOffset, storageBytes: record.storedBytes,
        firstElement: 0, strides: nil, isBigEndian: header.isBigEndian, record: index)
      tensors.append(
        StoredTensor(
          name: name, shape: header.shape, type: header.type, location: location,
          encoding: DeflatedArray(file: file, record: record, header: header)))
    }
    guard !tensors.isEmpty else {
      throw findings.isEmpty
        ? Complaint(format: "npz", path: file.path).bad("it holds no arrays")
        : StateDict.unreadable(file, findings)
    }
    for index in tensors.indices where isCounter(tensors[index]) { tensors[index].isState = true }
    var checkpoint = Checkpoint(
      path: file.path, format: "npz", files: [Checkpoint.OpenFile(file: file, zip: zip)],
      tensors: tensors)
    checkpoint.findings = findings
    return checkpoint
  }

  /// As many bytes as hold the header of an array in an archive.
  private static func head(
    of record: ZipArchive.Record, in file: InputFile, _ complaint: Complaint
  ) throws(Problem) -> [UInt8] {
    let count = min(record.bytes, NumPyHeader.longest)
    guard record.isDeflated else { return try file.bytes(at: record.dataOffset, count: count) }
    let stored = try file.bytes(
      at: record.dataOffset, count: min(record.storedBytes, NumPyHeader.longest + 1024))
    return try Deflate.inflate(
      stored, bytes: min(count, stored.count * 1_000), isPrefix: true, place: complaint.path)
  }

  /// A scalar that a script saved beside its arrays: `global_step`, `epoch`, `lr`.
  private static func isCounter(_ tensor: StoredTensor) -> Bool {
    tensor.shape.rank == 0 && TrainingFacts.isKnown(tensor.name)
  }

  private static func check(
    _ header: NumPyHeader, _ bytes: Int, _ complaint: Complaint
  ) throws(Problem) {
    guard let wanted = Shape(checking: header.shape.dimensions + [header.type.byteWidth])?.count
    else { throw complaint.bad("its shape \(header.shape) has too many elements") }
    let there = bytes - header.byteCount
    guard wanted <= there else {
      throw complaint.incomplete("its elements need \(wanted) bytes, and \(there) are there")
    }
    guard wanted == there else {
      throw complaint.bad("\(there - wanted) bytes follow its elements")
    }
  }

  /// An array that lies in the file as it is, column-major ones by their strides.
  private static func plain(
    _ name: String, _ header: NumPyHeader, at start: Int, bytes: Int, record: Int?,
    _ complaint: Complaint
  ) throws(Problem) -> StoredTensor {
    try check(header, bytes, complaint)
    guard
      let location = TensorLocation.checking(
        file: 0, storageOffset: start + header.byteCount, storageBytes: bytes - header.byteCount,
        firstElement: 0, strides: header.strides, shape: header.shape, type: header.type,
        isBigEndian: header.isBigEndian, record: record)
    else { throw complaint.bad("its shape \(header.shape) does not fit its bytes") }
    return StoredTensor(
      name: name, shape: header.shape, type: header.type, location: location)
  }
}

extension NumPyHeader {
  /// Strides in elements.
  var strides: [Int] {
    guard isColumnMajor else { return shape.strides }
    var strides: [Int] = []
    var next = 1
    for extent in shape.dimensions {
      strides.append(next)
      next *= max(extent, 1)
    }
    return strides
  }

  /// Bytes before the first element by the length field alone, of at least 12 bytes.
  static func claimed(by head: [UInt8]) -> Int {
    guard head.count >= 12, (1...3).contains(head[6]) else { return 0 }
    let width = head[6] == 1 ? 2 : 4
    return min(8 + width + (head.size(at: 8, width: width) ?? 0), longest)
  }
}

/// An array in a deflated zip record: streamed when row-major, otherwise inflated whole.
private struct DeflatedArray: TensorEncoding {
  let file: InputFile
  let record: ZipArchive.Record
  let header: NumPyHeader

  func stream(of tensor: StoredTensor) throws(Problem) -> any ElementStream {
    let place = "\(file.path): record \(record.name)"
    let stream = try InflateStream(
      file, at: record.dataOffset, count: record.storedBytes, place: place)
    try stream.skip(header.byteCount)
    let width = header.type.byteWidth
    guard header.isColumnMajor, header.shape.rank > 1 else {
      return InflatedElements(stream: stream, width: width)
    }
    let bytes = try stream.bytes(header.shape.count * width)
    return TurnedElements(bytes: bytes, width: width, header: header)
  }
}

private struct InflatedElements: ElementStream {
  let stream: InflateStream
  let width: Int

  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * width)]))
  }
}

/// Column-major elements in memory, read in row-major order.
private struct TurnedElements: ElementStream {
  private let bytes: [UInt8]
  private let width: Int
  private var walk: StridedWalk

  init(bytes: [UInt8], width: Int, header: NumPyHeader) {
    (self.bytes, self.width) = (bytes, width)
    walk = StridedWalk(extents: header.shape.dimensions, strides: header.strides)
  }

  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    for index in 0..<count {
      for byte in 0..<width { buffer[index * width + byte] = bytes[walk.place * width + byte] }
      walk.advance()
    }
  }
}
