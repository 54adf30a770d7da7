// HDF5 files, Keras' and others', and Keras 3's archives: a zip with config.json, metadata.json and
// model.weights.h5 (keras/src/saving/saving_lib.py).
internal import Diagnostics
internal import Tensors

enum HDF5Checkpoint: CheckpointFormat {
  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(let file, let head) = source else { return false }
    // The signature may stand behind a user block; before it is there, the name tells.
    return head.starts(with: HDF5File.signature) || file.path.hasSuffix(".h5")
      || file.path.hasSuffix(".hdf5")
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, _) = source else { throw UnknownFormat.problem(source) }
    let hdf5 = try HDF5File.open(file)
    let tree = try HDF5Tree.read(hdf5, index: 0)
    let files = [Checkpoint.OpenFile(file: file, zip: nil)]
    guard !tree.tensors.isEmpty else {
      throw tree.findings.isEmpty
        ? hdf5.complaint.incomplete("it holds no arrays")
        : hdf5.complaint.unsupported("it holds no arrays of numbers")
    }
    if KerasLegacy.isLaidOut(tree) {
      let legacy = try KerasLegacy(tree, hdf5.complaint)
      guard !legacy.tensors.isEmpty else { throw hdf5.complaint.incomplete("it holds no weights") }
      return try open(legacy, files)
    }
    if KerasWeights.isLaidOut(tree) {
      let weights = KerasWeights(tree)
      guard !weights.tensors.isEmpty else { throw hdf5.complaint.incomplete("it holds no weights") }
      var checkpoint = Checkpoint(
        path: file.path, format: "keras-weights", files: files, tensors: weights.tensors)
      checkpoint.writer = "Keras 3"
      try checkpoint.take(weights, config: nil)
      return checkpoint
    }
    var checkpoint = Checkpoint(
      path: file.path, format: "hdf5", files: files, tensors: tree.tensors)
    checkpoint.findings = tree.findings
    checkpoint.findings.append(
      Finding("no-moments", at: file.path, "it is not laid out as Keras lays out its models"))
    var facts = TrainingFacts()
    facts.complete(optimizer: nil, path: file.path)
    checkpoint.take(facts)
    return checkpoint
  }

  private static func open(
    _ legacy: KerasLegacy, _ files: [Checkpoint.OpenFile]
  ) throws(Problem) -> Checkpoint {
    var checkpoint = Checkpoint(
      path: files[0].file.path, format: "keras-legacy", files: files, tensors: legacy.tensors)
    checkpoint.findings = legacy.tree.findings
    let attributes = legacy.tree.attributes
    let version =
      (attributes[""] ?? [:])["keras_version"] ?? attributes["model_weights"]?["keras_version"]
    if let version = version?.first { checkpoint.writer = "Keras \(version)" }
    var facts = TrainingFacts()
    if let counter = legacy.counter, let step = try checkpoint.integer(counter), step >= 0 {
      (facts.step, facts.stepSource) = (step, counter.name)
    }
    facts.learningRate = legacy.configuredRate
    if let rate = legacy.rate { facts.learningRate = try checkpoint.real(rate) }
    facts.complete(optimizer: nil, path: checkpoint.path)
    checkpoint.take(facts)
    let (moments, how) = legacy.moments(step: checkpoint.step)
    checkpoint.moments = moments
    if moments == nil {
      checkpoint.findings.append(
        Finding("no-moments", at: checkpoint.path, "the optimizer's moments are not used: \(how)"))
    }
    return checkpoint
  }
}

enum KerasArchive: CheckpointFormat {
  private static let largestDocument = 64 << 20

  static func recognises(_ source: CheckpointSource) -> Bool {
    guard case .file(let file, let head) = source, head.starts(with: [0x50, 0x4B]) else {
      return false
    }
    let first = ZipArchive.firstName(in: head)
    return file.path.hasSuffix(".keras")
      || ["metadata.json", "config.json", "model.weights.h5"].contains(first)
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    guard case .file(let file, _) = source else { throw UnknownFormat.problem(source) }
    let complaint = Complaint(format: "keras", path: file.path)
    let zip = try ZipArchive.open(file)
    let config = try document("config.json", zip, file)
    let metadata = try document("metadata.json", zip, file)
    let weights = KerasWeights(try tree(zip, file, complaint))
    guard !weights.tensors.isEmpty else { throw complaint.incomplete("it holds no weights") }
    var checkpoint = Checkpoint(
      path: file.path, format: "keras", files: [Checkpoint.OpenFile(file: file, zip: zip)],
      tensors: weights.tensors)
    checkpoint.writer = "Keras"
    if let version = metadata?["keras_version"]?.text { checkpoint.writer = "Keras \(version)" }
    try checkpoint.take(weights, config: config)
    return checkpoint
  }

  /// The tree of variables, from one HDF5 file or several of them.
  private static func tree(
    _ zip: ZipArchive, _ file: InputFile, _ complaint: Complaint
  ) throws(Problem) -> HDF5Tree {
    var names = ["model\(KerasShards.shardSuffix)"]
    if let map = zip.index(of: "model\(KerasShards.suffix)") {
      let record = zip.records[map]
      guard record.bytes <= largestDocument, !record.isDeflated else {
        throw complaint.tooLarge("its map of weights is large or compressed")
      }
      let bytes = try file.bytes(at: record.dataOffset, count: record.bytes)
      names = try KerasShards.names(bytes, path: "\(file.path): record \(record.name)", complaint)
    }
    var tree = HDF5Tree()
    for name in names {
      guard let index = zip.index(of: name) else {
        throw complaint.incomplete("\(name) is missing")
      }
      let record = zip.records[index]
      guard !record.isDeflated else {
        throw complaint.unsupported("its weights are compressed, which Keras never does")
      }
      let hdf5 = try HDF5File.open(file, offset: record.dataOffset, size: record.bytes)
      try tree.merge(try HDF5Tree.read(hdf5, index: 0, record: index), complaint)
    }
    return tree
  }

  private static func document(
    _ name: String, _ zip: ZipArchive, _ file: InputFile
  ) throws(Problem) -> JSONValue? {
    guard let index = zip.index(of: name) else { return nil }
    let record = zip.records[index]
    let place = "\(file.path): record \(name)"
    guard record.bytes <= largestDocument, record.storedBytes <= largestDocument else {
      throw Problem(
        "too-large", at: place,
        "\(record.bytes) bytes, of which at most \(largestDocument) are read",
        remedy: "check that this is the file it is named after")
    }
    let stored = try file.bytes(at: record.dataOffset, count: record.storedBytes)
    let bytes =
      record.isDeflated
      ? try Deflate.inflate(stored, bytes: record.bytes, place: place) : stored
    return try JSONValue.parse(bytes, path: place)
  }
}
