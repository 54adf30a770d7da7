public import Diagnostics
internal import Tensors

/// A training checkpoint: named tensors, and what else it says about the training.
///
/// Opening reads directories and headers only; tensors are read when asked for. Nothing in a
/// checkpoint is ever executed, and no file beside it is opened.
public struct Checkpoint: Sendable {
  /// The path it was opened at: a file, or a folder of them.
  public let path: String
  /// `pytorch-zip`, `lightning`, `safetensors`, `huggingface-trainer`, or `huggingface-model` for a
  /// folder without the trainer's own files; `keras`, `keras-weights`, `keras-legacy`, `hdf5`, `npz`,
  /// `npy`, `gguf`, `flax-msgpack`, `tensorflow-bundle`, `orbax`, `torch-distributed`, `deepspeed`,
  /// `deepspeed-universal`, `megatron`.
  public internal(set) var format: String
  /// The program that wrote it, with its version where the files say so: `lightning 2.5.0`,
  /// `deepspeed 0.19.8`, `nanogpt`; nil when nothing tells.
  public internal(set) var writer: String?
  /// What would speak for a writer that is not done, if the files had not settled.
  var doubts: [Problem] = []
  /// The bytes of all its files that were opened.
  public var bytes: Int64 { files.reduce(0) { $0 + Int64($1.file.size) } }
  /// When the youngest of its files was modified, in seconds since 1970.
  public var writtenSeconds: Int64 {
    files.map { Int64($0.file.identity.modified[0]) }.max() ?? 0
  }
  /// The optimizer steps made when it was written.
  public internal(set) var step: Int?
  /// Where the step was found: a key such as `global_step` or `iter_num`, `trainer_state.json`,
  /// `optimizer state`, `file name`, or `file name (epoch)` and `epoch`, where it is a number of epochs.
  public internal(set) var stepSource: String?
  /// Epochs made, possibly fractional.
  public internal(set) var epoch: Double?
  /// The learning rate in use.
  public internal(set) var learningRate: Double?
  /// Examples per optimizer step, where the checkpoint says so: per-device size × accumulation ×
  /// processes.
  public internal(set) var batchSize: Int?
  /// The largest gradient norm let through, where the checkpoint says so.
  public internal(set) var gradientClipping: Double?
  /// Finite numbers found beside the weights: `val_accuracy`, `loss`, `eval_loss` …
  public internal(set) var metrics: [String: Double] = [:]
  /// The model's tensors in the order of the file, under the checkpoint's own names; then the
  /// products of an adapter's factors, under the names of the modules that they adapt.
  public internal(set) var tensors: [StoredTensor]
  /// Whether the container sorts tensors by name.
  var sortsNames = false
  /// The indices of the model's tensors as its architecture registers them, where the container lost
  /// that order and the architecture is known.
  var architectureOrder: [Int]?
  /// The keys that lead to the weights, joined by dots; "" for the top level.
  public internal(set) var stateDictPath: String
  /// The optimizer's running means of gradients; nil with a finding that says why.
  public internal(set) var moments: Moments?
  /// Remarks that did not stop us.
  public internal(set) var findings: [Finding] = []

  /// One of the checkpoint's files, with the spans of it that have checksums of their own.
  struct OpenFile: Sendable {
    let file: InputFile
    var spans: [ChecksummedSpan] = []

    init(file: InputFile) { self.file = file }

    /// A zip archive; nil for a file that is none.
    init(file: InputFile, zip: ZipArchive?) {
      self.file = file
      if let zip { take(zip) }
    }

    /// Adds the records of an archive in the file; returns the index of its first one's span.
    @discardableResult
    mutating func take(_ zip: ZipArchive) -> Int {
      let first = spans.count
      let archive = (spans.last?.archive ?? -1) + 1
      spans += zip.records.map { ChecksummedSpan($0, archive: archive) }
      return first
    }
  }

  /// The files, as `TensorLocation.file` counts them.
  var files: [OpenFile]

  init(
    path: String, format: String, files: [OpenFile], tensors: [StoredTensor],
    stateDictPath: String = ""
  ) {
    self.path = path
    self.format = format
    self.files = files
    self.tensors = tensors.withPruningMasks()
    self.stateDictPath = stateDictPath
  }

  /// Opens a checkpoint file, or the folder of one (`checkpoint-300/`).
  ///
  /// Links are not followed, and nothing waits for a writer. Files with unwritten (sparse) parts and
  /// folders with nothing but a model are taken with a finding when `isSettled`, that is when nothing
  /// changed for long, and are incomplete otherwise.
  ///
  /// Errors: `not-found`, `permission`, `not-a-regular-file`, `unsupported-…`; of kind `tryAgain`
  /// `incomplete-…` when its writer has not finished; and of kind `data` what contradicts its
  /// format.
  public static func open(
    _ path: String, isSettled: Bool = true
  ) throws(Problem) -> Checkpoint {
    let source = try source(at: path)
    for format in CheckpointFormats.all where format.recognises(source) {
      var checkpoint = try format.open(source)
      if let doubt = checkpoint.doubts.first, !isSettled { throw doubt }
      checkpoint.findings += checkpoint.doubts.filter { $0.code != "incomplete-folder" }
        .map(Finding.init)
      try checkpoint.noteHoles(refusing: !isSettled)
      noteSharing(&checkpoint.tensors)
      try checkpoint.checkLimits()
      return checkpoint
    }
    throw Problem(
      "unsupported-format", at: path, "no format recognises it", remedy: "see the list of formats")
  }

  private static func source(at path: String) throws(Problem) -> CheckpointSource {
    if try InputFile.isFolder(path) {
      return .folder(path: path, names: try Folder.names(in: path))
    }
    let file = try InputFile.open(path)
    return .file(file, head: try file.bytes(at: 0, count: min(file.size, 512)))
  }

  /// The parameters that a gradient reaches: no buffers, and shared ones once.
  public var parameters: [StoredTensor] {
    tensors.filter { !$0.isBuffer && !$0.isTied && !$0.isComputed }
  }

  /// Whether the writer's kernels have their output units on the last axis: Keras, TensorFlow and JAX write
  /// `[k…, in, out]`, PyTorch `[out, in, k…]`.
  public var hasUnitsLast: Bool {
    ["keras", "tensorflow", "flax", "orbax"].contains { format.hasPrefix($0) }
  }

  private mutating func noteHoles(refusing: Bool) throws(Problem) {
    for open in files {
      guard let hole = open.file.firstHole else { continue }
      let what = "nothing was ever written from byte \(hole) on"
      if refusing {
        throw Problem(
          "incomplete-sparse", at: open.file.path, what,
          remedy: "wait until its writer has finished", kind: .tryAgain)
      }
      findings.append(Finding("sparse-file", at: open.file.path, what))
    }
  }

  /// Tensors that begin at the same element of the same storage and have as many share it.
  static func noteSharing(_ tensors: inout [StoredTensor]) {
    struct Place: Hashable {
      let file: Int
      let storage: Int
      let element: Int
      let count: Int
      let type: ElementType
      let pieces: [TensorPiece]
    }
    var first: [Place: Int] = [:]
    for index in tensors.indices
    where tensors[index].shape.count > 0 && tensors[index].encoding == nil
      && !tensors[index].isComputed
    {
      let location = tensors[index].location
      let place = Place(
        file: location.file, storage: location.storageOffset, element: location.firstElement,
        count: tensors[index].shape.count, type: tensors[index].type,
        pieces: tensors[index].assembly?.pieces ?? [])
      if let twin = first[place] {
        tensors[index].sharedWith = tensors[twin].name
        let strides = tensors[twin].location.strides
        tensors[index].isTied =
          strides == location.strides
          && (strides == nil || tensors[twin].shape == tensors[index].shape)
      } else {
        first[place] = index
      }
    }
  }

  mutating func take(_ facts: TrainingFacts) {
    step = facts.step
    stepSource = facts.stepSource
    epoch = facts.epoch
    learningRate = facts.learningRate
    batchSize = facts.batchSize
    gradientClipping = facts.gradientClipping
    metrics = facts.metrics
  }
}
