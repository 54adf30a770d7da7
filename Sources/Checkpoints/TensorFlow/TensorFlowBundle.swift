// TensorFlow's checkpoints (tensorflow/core/util/tensor_bundle): `<prefix>.index`, a sorted table of what
// there is, and the elements in `<prefix>.data-00000-of-00002` …; of TensorFlow 2 with the graph of
// objects that says what the variables are. The index is written last.
internal import Diagnostics
internal import Tensors

enum TensorFlowBundle: CheckpointFormat {
  static let suffix = ".index"
  private static let largestIndex = 128 << 20

  static func recognises(_ source: CheckpointSource) -> Bool {
    switch source {
    case .file(let file, _): file.path.hasSuffix(suffix)
    case .folder(_, let names): isSavedModel(names)
    }
  }

  /// A `SavedModel`, whose variables are a bundle in a folder of it.
  private static func isSavedModel(_ names: Set<String>) -> Bool {
    names.contains("saved_model.pb") && names.contains("variables")
  }

  static func open(_ source: CheckpointSource) throws(Problem) -> Checkpoint {
    switch source {
    case .file(let file, _): return try open(file, path: file.path)
    case .folder(let path, _):
      return try open(try InputFile.open("\(path)/variables/variables\(suffix)"), path: path)
    }
  }

  private static func open(_ index: InputFile, path: String) throws(Problem) -> Checkpoint {
    let complaint = Complaint(format: "tensorflow", path: index.path)
    let bundle = try Bundle.open(index, try index.wholeFile(limit: largestIndex), complaint)
    let graph = try bundle.graph()
    let contents = try BundleContents(bundle, graph)
    guard !contents.tensors.isEmpty else {
      throw complaint.unsupported("it holds no arrays of numbers")
    }
    var checkpoint = Checkpoint(
      path: path, format: "tensorflow-bundle", files: bundle.files, tensors: contents.tensors)
    checkpoint.writer = graph == nil ? "TensorFlow 1" : "TensorFlow 2"
    checkpoint.findings = contents.findings
    if let newer = bundle.files.first(where: {
      index.identity.modified.lexicographicallyPrecedes($0.file.identity.modified)
    }) {
      checkpoint.doubts.append(
        Problem(
          "stale-index", at: newer.file.path,
          "it is newer than the index: a save over an older one is not over, or this is a copy",
          remedy: "wait until its writer has finished", kind: .tryAgain))
    }
    try checkpoint.take(contents, bundle)
    return checkpoint
  }
}
