// What `plasticityd inspect` prints: what is in a checkpoint, before anything is computed.

/// The contents of a checkpoint.
public struct InspectionReport: Document {
  /// `plasticityd/inspection/v1`.
  public static var schema: String { "plasticityd/inspection/v1" }

  /// The path as given.
  public var path: String
  /// `pytorch-zip`, `lightning`, `safetensors`, `huggingface-trainer`, ….
  public var format: String
  /// The program that wrote it, where the files tell: `lightning 2.5.0`, `deepspeed 0.19.8`, ….
  public var writer: String?
  /// Bytes of all its files.
  public var bytes: Int
  /// SHA-256 over (name, type, shape, content) of all tensors, in hexadecimal.
  public var digest: String
  /// The optimizer step, if known.
  public var step: Int?
  /// Where the step was read.
  public var stepSource: String?
  /// The epoch, if known.
  public var epoch: Double?
  /// The learning rate, if known.
  public var learningRate: Double?
  /// Scalars that the training wrote beside the weights.
  public var metrics: [String: Quantity]
  /// Where the model's state was found; empty for the top level.
  public var stateDict: String
  /// The number of trainable scalars, as far as names and types tell.
  public var parameters: Int
  /// The optimizer's moments, if they could be matched.
  public var moments: MomentsInspection?
  /// The model's tensors in the order of the file.
  public var tensors: [InspectedTensor]
  /// What a low-rank adapter adds to the modules it adapts, B·A·scale, by their names.
  public var products: [InspectedTensor]?
  /// Remarks that a person may want to act on.
  public var findings: [FindingReport]

  /// Creates a report.
  public init(
    path: String, format: String, writer: String?, bytes: Int, digest: String, step: Int?,
    stepSource: String?,
    epoch: Double?, learningRate: Double?, metrics: [String: Quantity], stateDict: String,
    parameters: Int, moments: MomentsInspection?, tensors: [InspectedTensor],
    products: [InspectedTensor]?, findings: [FindingReport]
  ) {
    self.path = path
    self.format = format
    self.writer = writer
    self.bytes = bytes
    self.digest = digest
    self.step = step
    self.stepSource = stepSource
    self.epoch = epoch
    self.learningRate = learningRate
    self.metrics = metrics
    self.stateDict = stateDict
    self.parameters = parameters
    self.moments = moments
    self.tensors = tensors
    self.products = products
    self.findings = findings
  }
}

/// The optimizer's moments.
public struct MomentsInspection: Codable, Sendable, FlowStyled {
  /// `adam`, `rmsprop`, `adagrad`.
  public var kind: String
  /// Parameters whose second moment was found.
  public var matched: Int
  /// The decay of the second moment.
  public var beta2: Double?
  /// Optimizer steps that it has seen.
  public var step: Int?

  /// Creates a summary.
  public init(kind: String, matched: Int, beta2: Double?, step: Int?) {
    self.kind = kind
    self.matched = matched
    self.beta2 = beta2
    self.step = step
  }
}

/// One tensor.
public struct InspectedTensor: Codable, Sendable, FlowStyled {
  /// The checkpoint's own name.
  public var name: String
  /// Extents.
  public var shape: [Int]
  /// Stored element type.
  public var type: String
  /// ‖W‖_F over the finite elements.
  public var frobeniusNorm: Quantity
  /// Elements that are NaN or infinite, if any.
  public var nonfinite: Int?
  /// Another tensor with the same storage.
  public var sharedWith: String?

  /// Creates a tensor.
  public init(
    name: String, shape: [Int], type: String, frobeniusNorm: Quantity, nonfinite: Int?,
    sharedWith: String?
  ) {
    self.name = name
    self.shape = shape
    self.type = type
    self.frobeniusNorm = frobeniusNorm
    self.nonfinite = nonfinite
    self.sharedWith = sharedWith
  }
}
