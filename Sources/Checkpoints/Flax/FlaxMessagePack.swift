// Flax's checkpoints before Orbax (flax/serialization.py): a msgpack document of the train state. An
// array is extension 1: its shape, type and bytes; large ones come in flat chunks.
internal import Diagnostics
internal import Tensors

enum FlaxMessagePack: CheckpointFormat {
  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(let file, let head) = source else { return false }
    if file.path.hasSuffix(".msgpack") { return true }
    // A map whose first key is a short text, under Flax's own name.
    guard head.count > 4, (0x81...0x8F).contains(head[0]), (0xA1...0xBF).contains(head[1]),
      let name = file.path.split(separator: "/").last
    else { return false }
    return name.hasPrefix("checkpoint_")
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, _) = source else { throw UnknownFormat.problem(source) }
    let complaint = Complaint(format: "flax", path: file.path)
    guard file.size > 0 else { throw complaint.incomplete("it is empty") }
    var reader = MessagePackReader(file, range: 0..<file.size, complaint)
    let root = try reader.value()
    guard reader.at == file.size else { throw complaint.bad("bytes follow its document") }
    guard case .map(let members) = root else { throw complaint.bad("it is no dictionary") }
    var tree = FlaxTree(file: file, complaint: complaint)
    let isState = root["params"] != nil
    for (key, value) in members where !isState || !["opt_state", "step"].contains(key) {
      try tree.collect(value, path: key, depth: 0)
    }
    var tensors = tree.tensors
    guard !tensors.isEmpty else { throw complaint.unsupported("it holds no arrays of numbers") }
    for index in tensors.indices where isState && !tensors[index].name.hasPrefix("params/") {
      tensors[index].isState = true
    }
    var checkpoint = Checkpoint(
      path: file.path, format: "flax-msgpack",
      files: [Checkpoint.OpenFile(file: file, zip: nil)], tensors: tensors)
    checkpoint.writer = "Flax"
    checkpoint.findings = tree.findings
    var optimizer = FlaxTree(file: file, complaint: complaint)
    if let state = root["opt_state"] { try optimizer.collect(state, path: "opt_state", depth: 0) }
    var facts = TrainingFacts()
    if let step = try count(root["step"], file, complaint) {
      (facts.step, facts.stepSource) = (step, "step")
    }
    let counts = optimizer.tensors.filter { $0.name.hasSuffix("/count") && $0.shape.count == 1 }
    var steps = optimizer.integers.filter { $0.key.hasSuffix("/count") }.map(\.value)
    for tensor in counts {
      if let step = try checkpoint.integer(tensor) { steps.append(step) }
    }
    if facts.step == nil, let step = steps.max() {
      (facts.step, facts.stepSource) = (step, "optimizer state")
    }
    facts.complete(optimizer: nil, path: file.path)
    checkpoint.take(facts)
    func leaves(_ tensors: [StoredTensor]) -> [OptaxMoments.Leaf] {
      tensors.map { ($0.name.split(separator: "/").map(String.init), $0) }
    }
    let states = leaves(optimizer.tensors)
    let (moments, why) = OptaxMoments.match(
      states, to: leaves(tensors), step: steps.max() ?? checkpoint.step,
      settings: try checkpoint.numbers(OptaxMoments.settings(states)))
    checkpoint.moments = moments
    if moments == nil {
      checkpoint.findings.append(
        Finding("no-moments", at: file.path, "the optimizer's moments are not used: \(why)"))
    }
    return checkpoint
  }

  private static func count(
    _ value: MessagePackValue?, _ file: InputFile, _ complaint: Complaint
  ) throws(Problem) -> Int? {
    guard let value else { return nil }
    if case .integer(let step) = value, step >= 0 { return step }
    var tree = FlaxTree(file: file, complaint: complaint)
    try tree.collect(value, path: "step", depth: 0)
    guard let tensor = tree.tensors.first else { return nil }
    let scratch = Checkpoint(
      path: file.path, format: "", files: [Checkpoint.OpenFile(file: file, zip: nil)], tensors: [])
    return try scratch.integer(tensor).flatMap { $0 >= 0 ? $0 : nil }
  }
}

/// The arrays and integers of a part of the document by their paths.
private struct FlaxTree {
  let file: InputFile
  let complaint: Complaint
  var tensors: [StoredTensor] = []
  var integers: [String: Int] = [:]
  var findings: [Finding] = []

  private static let types: [String: ElementType] = [
    "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16,
    "int64": .int64, "int32": .int32, "int16": .int16, "int8": .int8, "uint64": .uint64,
    "uint32": .uint32, "uint16": .uint16, "uint8": .uint8, "bool": .bool,
  ]

  init(file: InputFile, complaint: Complaint) {
    (self.file, self.complaint) = (file, complaint)
  }

  mutating func collect(
    _ value: MessagePackValue, path: String, depth: Int
  ) throws(Problem) {
    switch value {
    case .map(let members):
      if value["__msgpack_chunked_array__"] != nil { return try addChunks(value, path) }
      for (key, member) in members {
        try collect(member, path: "\(path)/\(key)", depth: depth + 1)
      }
    case .extended(let kind, let range) where kind == 1 || kind == 3:
      let (shape, typeName, bytes) = try array(range, path)
      guard let type = Self.types[typeName] else {
        findings.append(
          Finding(
            "unsupported-tensor", at: path, "it has elements of type \(typeName), and is left out"))
        return
      }
      try add(path, shape, type, [bytes])
    case .integer(let number): integers[path] = number
    default: break
    }
  }

  /// Shape, type and the place of the bytes of an array.
  private func array(
    _ range: Range<Int>, _ path: String
  ) throws(Problem) -> ([Int], String, Range<Int>) {
    var reader = MessagePackReader(file, range: range, complaint)
    guard case .list(let parts) = try reader.value(), parts.count == 3,
      case .list(let extents) = parts[0], case .text(let type) = parts[1],
      case .bytes(let bytes) = parts[2]
    else { throw complaint.bad("array \"\(path)\" has no shape, type and bytes") }
    var shape: [Int] = []
    for case .integer(let extent) in extents { shape.append(extent) }
    guard shape.count == extents.count else {
      throw complaint.bad("array \"\(path)\" has no shape")
    }
    return (shape, type, bytes)
  }

  private mutating func addChunks(_ value: MessagePackValue, _ path: String) throws(Problem) {
    guard let extents = value["shape"], let chunks = value["chunks"],
      let shape = Self.ordered(extents), let parts = Self.ordered(chunks)
    else { throw complaint.bad("array \"\(path)\" has no shape and chunks") }
    var dimensions: [Int] = []
    for case .integer(let extent) in shape { dimensions.append(extent) }
    var pieces: [Range<Int>] = []
    var types: Set<String> = []
    for part in parts {
      guard case .extended(1, let range) = part else {
        throw complaint.bad("a chunk of \"\(path)\" is no array")
      }
      let (_, type, bytes) = try array(range, path)
      types.insert(type)
      pieces.append(bytes)
    }
    guard dimensions.count == shape.count, types.count == 1,
      let type = types.first.flatMap({ Self.types[$0] })
    else { throw complaint.bad("the chunks of \"\(path)\" do not fit together") }
    try add(path, dimensions, type, pieces)
  }

  /// The members of a dictionary that stands for a tuple.
  private static func ordered(_ value: MessagePackValue) -> [MessagePackValue]? {
    if case .list(let values) = value { return values }
    guard case .map(let members) = value else { return nil }
    let byKey = Dictionary(
      members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    let values = members.indices.compactMap { byKey["\($0)"] }
    return values.count == members.count ? values : nil
  }

  private mutating func add(
    _ path: String, _ extents: [Int], _ type: ElementType, _ pieces: [Range<Int>]
  ) throws(Problem) {
    try Checkpoint.check(tensors: tensors.count + 1, at: complaint.path)
    guard let shape = Shape(checking: extents),
      let bytes = Shape(checking: extents + [type.byteWidth])?.count,
      bytes == pieces.reduce(0, { $0 + $1.count }),
      pieces.allSatisfy({ $0.count % type.byteWidth == 0 })
    else { throw complaint.bad("array \"\(path)\" does not have the bytes of its shape") }
    let location = TensorLocation(
      file: 0, storageOffset: pieces.first?.lowerBound ?? 0, storageBytes: bytes, firstElement: 0,
      strides: nil, isBigEndian: false, record: nil)
    tensors.append(
      StoredTensor(
        name: path, shape: shape, type: type, location: location,
        encoding: pieces.count > 1 ? FlatChunks(file: file, pieces: pieces) : nil))
  }
}

/// Spans of a file one after the other.
private struct FlatChunks: TensorEncoding {
  let file: InputFile
  let pieces: [Range<Int>]

  func stream(of tensor: StoredTensor) throws(Problem) -> any ElementStream {
    Stream(file: file, pieces: pieces, width: tensor.type.byteWidth)
  }

  private struct Stream: ElementStream {
    let file: InputFile
    let pieces: [Range<Int>]
    let width: Int
    var piece = 0
    var used = 0

    mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
      var done = 0
      while done < count * width, piece < pieces.count {
        let run = min(count * width - done, pieces[piece].count - used)
        try file.read(
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<(done + run)]),
          at: pieces[piece].lowerBound + used)
        done += run
        used += run
        if used == pieces[piece].count { (piece, used) = (piece + 1, 0) }
      }
    }
  }
}
