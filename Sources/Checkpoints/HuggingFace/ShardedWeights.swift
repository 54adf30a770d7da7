// The weights of a Hugging Face folder: one file, or shards that an index names.
internal import Diagnostics
internal import Tensors

struct ShardedWeights {
  var files: [Checkpoint.OpenFile] = []
  var tensors: [StoredTensor] = []
  var findings: [Finding] = []
  var stateDictPath = ""
  /// Whether the container keeps the model's own order: pickles do, safetensors sort.
  private(set) var keepsOrder = false

  /// Opens the weights or the index called `name`. Errors: `incomplete-shards` (try again),
  /// `bad-index`, and those of the shards' formats.
  static func open(
    _ name: String, in path: String, _ names: Set<String>
  ) throws(Problem) -> ShardedWeights {
    var weights = ShardedWeights()
    guard name.hasSuffix(".index.json") else {
      let file = try InputFile.open("\(path)/\(name)")
      try weights.add(file)
      return weights
    }
    let index = try InputFile.open("\(path)/\(name)")
    let document = try JSONValue.parse(try index.wholeFile(limit: 64 << 20), path: index.path)
    guard let map = document["weight_map"]?.members, !map.isEmpty else {
      throw Problem(
        "bad-index", at: index.path, "it has no weight_map", remedy: "save the checkpoint again")
    }
    var shards: [String] = []
    var known: Set<String> = []
    var shardOf: [[UInt8]: String] = [:]
    for (tensor, value) in map {
      guard let shard = value.text, !shard.contains("/"), !shard.hasPrefix("."), !shard.isEmpty,
        !shard.utf8.contains(0)
      else {
        throw Problem(
          "bad-index", at: "\(index.path): tensor \"\(tensor)\"",
          "its shard is not the name of a file beside the index",
          remedy: "save the checkpoint again; if it was not damaged, do not trust it")
      }
      shardOf[Array(tensor.utf8)] = shard
      if known.insert(shard).inserted { shards.append(shard) }
      guard shards.count <= 10_000 else {
        throw Problem(
          "bad-index", at: index.path, "more than 10000 shards", remedy: "save fewer shards")
      }
    }
    if let missing = shards.first(where: { !names.contains($0) }) {
      throw Problem(
        "incomplete-shards", at: path, "shard \(missing) is missing",
        remedy: "wait until its writer has finished", kind: .tryAgain)
    }
    let opened = try shards.sorted().map { shard throws(Problem) in
      (name: shard, file: try InputFile.open("\(path)/\(shard)"))
    }
    for (shard, file) in opened {
      let before = weights.tensors.count
      try weights.add(file)
      for tensor in weights.tensors[before...] {
        guard shardOf.removeValue(forKey: Array(tensor.name.utf8)) == shard else {
          throw weights.stale(index, tensor.name)
        }
      }
    }
    let skipped = Set(weights.findings.map(\.place))
    if let missing = shardOf.keys.map({ String(decoding: $0, as: UTF8.self) })
      .filter({ !skipped.contains($0) }).min()
    {
      throw weights.stale(index, missing)
    }
    weights.files.append(Checkpoint.OpenFile(file: index, zip: nil))
    return weights
  }

  private func stale(_ index: InputFile, _ tensor: String) -> Problem {
    Problem(
      "incomplete-shards", at: "\(index.path): tensor \"\(tensor)\"",
      "the index and the shards do not agree on it",
      remedy: "wait until its writer has finished, or save the checkpoint again", kind: .tryAgain)
  }

  private mutating func add(_ file: InputFile) throws(Problem) {
    if file.path.hasSuffix(".safetensors") {
      let header = try SafetensorsHeader.read(file, index: files.count)
      tensors += header.tensors
      findings += header.findings
      files.append(Checkpoint.OpenFile(file: file, zip: nil))
      return
    }
    let head = try file.bytes(at: 0, count: min(file.size, 512))
    let source = CheckpointSource.file(file, head: head)
    guard PyTorchFile.recognises(source) else {
      if UnsupportedFormat.recognises(source) { _ = try UnsupportedFormat.open(source) }
      throw UnknownFormat.problem(source)
    }
    let archive = try TorchArchive.open(file, index: files.count)
    let weights = try StateDict.find(in: archive)
    tensors += weights.tensors
    findings += archive.findings + weights.findings
    stateDictPath = weights.path
    keepsOrder = files.isEmpty
    files.append(Checkpoint.OpenFile(file: file, zip: archive.zip))
  }

  /// The indices of the tensors in the model's own order, as far as it is known.
  func order(config: InputFile?) throws(Problem) -> [Int]? {
    if keepsOrder { return Array(tensors.indices) }
    guard let config else { return nil }
    let document = try JSONValue.parse(try config.wholeFile(limit: 64 << 20), path: config.path)
    guard let type = document["model_type"]?.text else { return nil }
    return ParameterOrder.indices(of: tensors.map(\.name), modelType: type)
  }
}
