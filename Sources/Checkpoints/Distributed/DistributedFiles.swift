// The data files of a distributed checkpoint: each holds many small archives of `torch.save`.
internal import Diagnostics
internal import Tensors

struct DistributedFiles {
  private(set) var files: [Checkpoint.OpenFile]
  private var indices: [String: Int] = [:]
  private let folder: String

  /// - Parameter first: files that the checkpoint has already, which keep their indices.
  init(folder: String, first: [Checkpoint.OpenFile]) {
    self.folder = folder
    files = first
  }

  /// Opens the files that are named, before any is read. Errors: `unsupported-pieces`.
  mutating func open(_ names: Set<String>) throws(Problem) {
    for name in names.sorted() where indices[name] == nil {
      let file = try InputFile.open("\(folder)/\(name)")
      // Behind the length of a safetensors header its JSON begins; an archive has its own mark there.
      if file.size > 8, try file.bytes(at: 8, count: 1) == [UInt8(ascii: "{")] {
        throw Problem(
          "unsupported-pieces", at: file.path, "its pieces are stored as safetensors",
          remedy: "save with SerializationFormat.TORCH_SAVE, which is the default")
      }
      indices[name] = files.count
      files.append(Checkpoint.OpenFile(file: file, zip: nil))
    }
  }

  /// The archive at a span. Errors: `incomplete-distributed`, those of archives.
  func archive(_ span: DistributedMetadata.Span) throws(Problem) -> TorchArchive {
    guard let index = indices[span.file] else {
      throw Problem(
        "incomplete-distributed", at: folder, "\(span.file) is missing",
        remedy: "wait until its writer has finished", kind: .tryAgain)
    }
    let file = files[index].file
    guard let window = FileWindow(file, start: span.offset, size: span.length) else {
      throw Problem(
        "incomplete-distributed", at: file.path,
        "a piece ends at byte \(span.offset) + \(span.length), and the file has \(file.size)",
        remedy: "wait until its writer has finished, or save the checkpoint again",
        kind: .tryAgain)
    }
    return try TorchArchive.open(window, index: index)
  }

  /// A tensor from its pieces; nil, and why, when its type is not read.
  mutating func tensor(
    _ entry: DistributedMetadata.Entry, name: String
  ) throws(Problem) -> (tensor: StoredTensor?, why: String) {
    guard let shape = entry.shape else { return (nil, "it is no tensor") }
    var pieces: [TensorPiece] = []
    var type: ElementType?
    for chunk in entry.chunks where !chunk.extents.contains(0) || entry.chunks.count == 1 {
      let archive = try archive(chunk.span)
      switch try archive.tensor(archive.root, name: name) {
      case .tensor(let tensor):
        guard tensor.shape.dimensions == chunk.extents, type ?? tensor.type == tensor.type else {
          throw stale(name, "a piece has the shape \(tensor.shape), and not \(chunk.extents)")
        }
        type = tensor.type
        var location = tensor.location
        // A file holds many archives: their records count on.
        if let zip = archive.zip, let record = location.record {
          location.record = files[location.file].take(zip) + record
        }
        pieces.append(
          TensorPiece(origin: chunk.origin, extents: chunk.extents, location: location))
      case .unsupported(let reason): return (nil, reason)
      case .notATensor: throw stale(name, "a piece of it is no tensor")
      }
    }
    guard let type, let first = pieces.first else {
      throw stale(name, "it has no pieces")
    }
    let isWhole = first.extents == shape.dimensions && first.origin.allSatisfy { $0 == 0 }
    if shape.count == 0 || pieces.count == 1 && isWhole {
      return (StoredTensor(name: name, shape: shape, type: type, location: first.location), "")
    }
    guard let assembly = TensorAssembly(extents: shape.dimensions, pieces: pieces) else {
      throw stale(name, "its \(pieces.count) pieces do not tile the shape \(shape)")
    }
    return (StoredTensor(name: name, shape: shape, type: type, assembly: assembly), "")
  }

  private func stale(_ name: String, _ what: String) -> Problem {
    Problem(
      "bad-pieces", at: "\(folder): tensor \"\(name)\"", what,
      remedy: "save the checkpoint again; if it was not damaged, do not trust it")
  }

  /// What an entry that is no tensor holds; nil when nothing was stored for it.
  func object(_ entry: DistributedMetadata.Entry) throws(Problem) -> TorchArchive? {
    guard let chunk = entry.chunks.first else { return nil }
    return try archive(chunk.span)
  }
}
