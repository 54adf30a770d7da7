// The `.metadata` of torch.distributed.checkpoint (torch/distributed/checkpoint/metadata.py): a
// pickle that says which tensors there are, in which pieces, and where each piece lies. Read as data;
// the names of files in it are only taken when they are those of files beside it.
internal import Diagnostics
internal import Tensors

struct DistributedMetadata {
  /// A span of one of the data files: what `torch.save` wrote of one piece or object.
  struct Span {
    let file: String
    let offset: Int
    let length: Int
  }

  struct Chunk {
    let origin: [Int]
    let extents: [Int]
    let span: Span
  }

  struct Entry {
    /// The keys that lead to it in what was saved.
    let path: [String]
    /// Nil for an object that is no tensor.
    let shape: Shape?
    /// One without origin for such an object.
    let chunks: [Chunk]

    /// The name that the checkpoint itself uses.
    var name: String { path.joined(separator: ".") }
  }

  var entries: [Entry] = []
  private let path: String

  private static let mostChunks = 4_000_000

  /// Errors: `bad-metadata`, `incomplete-distributed` (try again), those of pickles.
  static func read(
    _ file: InputFile, names: Set<String>
  ) throws(Problem) -> DistributedMetadata {
    let bytes = try file.wholeFile(limit: PickleMachine.mostBytes)
    guard let (root, _, length) = try PickleMachine.runFirst(bytes, path: file.path) else {
      throw Problem(
        "incomplete-distributed", at: file.path, "its pickle does not end",
        remedy: "wait until its writer has finished", kind: .tryAgain)
    }
    var metadata = DistributedMetadata(path: file.path)
    guard length == bytes.count, let state = root.state,
      let described = state["state_dict_metadata"]?.entries,
      let stored = state["storage_data"]?.entries
    else { throw metadata.bad("it does not describe a state dictionary and its storage") }
    let spans = try metadata.spans(stored, names)
    var paths: [[UInt8]: [String]] = [:]
    for (key, value) in state["planner_data"]?.entries ?? [] {
      guard let key = key.rawText, let elements = value.elements else { continue }
      let parts = elements.compactMap { $0.text ?? $0.int.map(String.init) }
      if parts.count == elements.count, !parts.isEmpty { paths[key] = parts }
    }
    var known: Set<[UInt8]> = []
    for (key, value) in described {
      guard let name = key.rawText, let text = key.text else {
        throw metadata.bad("a key is no string")
      }
      guard known.insert(name).inserted else {
        throw metadata.bad("two entries are named \"\(text)\"")
      }
      let path = paths[name] ?? [text]
      metadata.entries.append(try metadata.entry(path, name, text, value, spans))
    }
    return metadata
  }

  private init(path: String) { self.path = path }

  private func bad(_ what: String) -> Problem {
    Problem(
      "bad-metadata", at: path, what,
      remedy: "save the checkpoint again; if it was not damaged, do not trust it")
  }

  /// A piece is known by its key and its origin; an object by its key alone.
  private struct Place: Hashable {
    let name: [UInt8]
    let origin: [Int]?
  }

  private func spans(
    _ stored: [(key: PickleValue, value: PickleValue)], _ names: Set<String>
  ) throws(Problem) -> [Place: Span] {
    guard stored.count <= Self.mostChunks else { throw bad("\(stored.count) pieces") }
    var spans: [Place: Span] = [:]
    for (key, value) in stored {
      guard let name = key.state?["fqn"]?.rawText, let info = value.state,
        let file = info["relative_path"]?.text, let offset = info["offset"]?.int,
        let length = info["length"]?.int, offset >= 0, length >= 0
      else { throw bad("a piece has no name, file, offset or length") }
      // One plain name: nothing beside the folder's own files is ever opened.
      guard !file.contains("/"), !file.hasPrefix("."), !file.isEmpty else {
        throw bad("it names \"\(file)\", which is no file beside it")
      }
      guard names.contains(file) else {
        throw Problem(
          "incomplete-distributed", at: path, "\(file) is missing",
          remedy: "wait until its writer has finished", kind: .tryAgain)
      }
      if let transforms = info["transform_descriptors"]?.elements, !transforms.isEmpty {
        throw Problem(
          "unsupported-transform", at: path,
          "its pieces are transformed: \(transforms.compactMap(\.text).joined(separator: ", "))",
          remedy: "save without stream transforms")
      }
      let place = Place(name: name, origin: try key.state?["offset"].flatMap(origin))
      guard
        spans.updateValue(Span(file: file, offset: offset, length: length), forKey: place) == nil
      else { throw bad("two pieces have the same place") }
    }
    return spans
  }

  private func origin(_ value: PickleValue) throws(Problem) -> [Int]? {
    if value.isNone { return nil }
    return try sizes(value)
  }

  private func sizes(_ value: PickleValue?) throws(Problem) -> [Int] {
    guard let elements = value?.elements else { throw bad("a size is missing") }
    let sizes = elements.compactMap(\.int)
    guard sizes.count == elements.count, sizes.count <= 64, sizes.allSatisfy({ $0 >= 0 }) else {
      throw bad("a size is no list of whole numbers")
    }
    return sizes
  }

  private func entry(
    _ path: [String], _ name: [UInt8], _ text: String, _ value: PickleValue,
    _ spans: [Place: Span]
  ) throws(Problem) -> Entry {
    guard let size = value.state?["size"] else {
      let span = spans[Place(name: name, origin: nil)] ?? spans[Place(name: name, origin: [])]
      let chunks = span.map { [Chunk(origin: [], extents: [], span: $0)] }
      return Entry(path: path, shape: nil, chunks: chunks ?? [])
    }
    let extents = try sizes(size)
    guard let shape = Shape(checking: extents) else { throw bad("\"\(text)\" is too large") }
    var chunks: [Chunk] = []
    for chunk in value.state?["chunks"]?.elements ?? [] {
      let origin = try sizes(chunk.state?["offsets"])
      let place = Place(name: name, origin: origin)
      guard
        let span = spans[place] ?? (origin.isEmpty ? spans[Place(name: name, origin: nil)] : nil)
      else { throw bad("a piece of \"\(text)\" lies nowhere") }
      chunks.append(
        Chunk(origin: origin, extents: try sizes(chunk.state?["sizes"]), span: span))
    }
    return Entry(path: path, shape: shape, chunks: chunks)
  }
}
