// Keras 3 weights in several files: `<name>.weights.json` with a map from paths to files beside it, each
// an HDF5 file with a part of the tree (keras/src/saving/saving_lib.py, ShardedH5IOStore).
internal import Diagnostics
internal import Tensors

enum KerasShards: CheckpointFormat {
  static let suffix = ".weights.json"
  static let shardSuffix = ".weights.h5"
  private static let largestDocument = 64 << 20
  private static let mostShards = 10_000

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(let file, _) = source else { return false }
    return file.path.hasSuffix(suffix)
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let index, _) = source else { throw UnknownFormat.problem(source) }
    let complaint = Complaint(format: "keras", path: index.path)
    let bytes = try index.wholeFile(limit: largestDocument)
    let names = try names(bytes, path: index.path, complaint)
    let folder = index.path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
    // All are opened before any is read.
    var files = [Checkpoint.OpenFile(file: index)]
    for name in names {
      do throws(Problem) {
        files.append(
          Checkpoint.OpenFile(file: try InputFile.open(folder.isEmpty ? name : "\(folder)/\(name)"))
        )
      } catch {
        throw error.code == "not-found" ? complaint.incomplete("\(name) is missing") : error
      }
    }
    var tree = HDF5Tree()
    for position in names.indices {
      let part = try HDF5File.open(files[position + 1].file)
      try tree.merge(try HDF5Tree.read(part, index: position + 1), complaint)
    }
    let weights = KerasWeights(tree)
    guard !weights.tensors.isEmpty else { throw complaint.incomplete("it holds no weights") }
    var checkpoint = Checkpoint(
      path: index.path, format: "keras-weights", files: files, tensors: weights.tensors)
    checkpoint.writer = "Keras 3"
    try checkpoint.take(weights, config: nil)
    return checkpoint
  }

  /// The names of the files in the map, in order; each a plain name.
  static func names(
    _ bytes: [UInt8], path: String, _ complaint: Complaint
  ) throws(Problem) -> [String] {
    guard !JSONValue.isCut(bytes) else {
      throw complaint.incomplete("it ends before its object does")
    }
    let map = try JSONValue.parse(bytes, path: path)["weight_map"]?.members ?? []
    var names: Set<String> = []
    for (_, value) in map {
      for name in value.elements.isEmpty ? [value] : value.elements {
        guard let name = name.text, name.hasSuffix(shardSuffix), !name.contains("/"),
          !name.hasPrefix("."), !name.contains("\0")
        else { throw complaint.bad("its map names what is no file beside it") }
        names.insert(name)
      }
      guard names.count <= mostShards else { throw complaint.tooLarge("its map names many files") }
    }
    guard !names.isEmpty else { throw complaint.bad("it has no weight_map") }
    return names.sorted()
  }
}

extension HDF5Tree {
  /// Adds another part of the same tree.
  mutating func merge(_ other: HDF5Tree, _ complaint: Complaint) throws(Problem) {
    let known = Set(tensors.map(\.name))
    if let twice = other.tensors.first(where: { known.contains($0.name) }) {
      throw complaint.bad("variable \"\(twice.name)\" is in two of its files")
    }
    tensors += other.tensors
    findings += other.findings
    let seen = Set(groups)
    groups += other.groups.filter { !seen.contains($0) }
    attributes.merge(other.attributes) { own, more in own.merging(more) { first, _ in first } }
  }
}
