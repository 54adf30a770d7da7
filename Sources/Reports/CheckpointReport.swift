// The report of one checkpoint: reports/<run>/step-<step>-<digest>.yaml, and what
// `plasticityd probe` prints. Field names are fixed: add, never rename.

/// What was measured of one checkpoint. Absent sections mean that the evidence for them was not
/// there; `skipped` and `findings` say why.
public struct CheckpointReport: Codable, Sendable {
  /// The run's name: its path under the watched root.
  public var run: String
  /// The file it was measured from.
  public var checkpoint: CheckpointIdentity
  /// Which kinds of evidence the numbers rest on: `weights`, `optimizer`, `probe`.
  public var evidence: [String]
  /// The probe that was used, if any.
  public var probe: ProbeIdentity?
  /// How well the network does on the probe.
  public var performance: Performance?
  /// Information of the whole network.
  public var information: NetworkInformation?
  /// Optimizer evidence of the whole network.
  public var optimizer: OptimizerSummary?
  /// The layers, in forward order.
  public var layers: [LayerReport]
  /// How information moves and is shared.
  public var flow: FlowReport?
  /// The critical period as it stood at this checkpoint.
  public var criticalPeriod: CriticalPeriodReport?
  /// What was left out, and why.
  public var skipped: [SkippedReport]
  /// Remarks that a person may want to act on.
  public var findings: [FindingReport]
  /// What the worker had taken from itself before it read the checkpoint.
  public var sandbox: SandboxReport?
  /// What it cost.
  public var took: CostReport
  /// What later checkpoints are compared with; for the daemon, never in a person's report.
  public var kept: KeptEvidence?

  /// Creates a report of the parts that always exist.
  public init(run: String, checkpoint: CheckpointIdentity, evidence: [String], took: CostReport) {
    self.run = run
    self.checkpoint = checkpoint
    self.evidence = evidence
    self.took = took
    self.layers = []
    self.skipped = []
    self.findings = []
  }
}

/// Which checkpoint, by content.
public struct CheckpointIdentity: Codable, Sendable {
  /// The path as given.
  public var path: String
  /// `pytorch-zip`, `lightning`, `safetensors`, `huggingface-trainer`, ….
  public var format: String
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
  /// The number of trainable scalars; a tied one counts once.
  public var parameters: Int
  /// Where in the file the model's state was found; empty for the top level.
  public var stateDict: String
  /// Modification time, UTC, `2026-01-01T00:00:00Z`.
  public var written: Moment
  /// Scalars that the training wrote beside the weights (validation accuracy, losses).
  public var metrics: [String: Quantity]
  /// Other paths with the same content.
  public var aliases: [String]

  /// Creates an identity.
  public init(
    path: String, format: String, bytes: Int, digest: String, step: Int?, stepSource: String?,
    epoch: Double?, learningRate: Double?, parameters: Int, stateDict: String, written: Moment,
    metrics: [String: Quantity]
  ) {
    self.path = path
    self.format = format
    self.bytes = bytes
    self.digest = digest
    self.step = step
    self.stepSource = stepSource
    self.epoch = epoch
    self.learningRate = learningRate
    self.parameters = parameters
    self.stateDict = stateDict
    self.written = written
    self.metrics = metrics
    self.aliases = []
  }
}

/// Which probe, by content, and how its labels were drawn.
public struct ProbeIdentity: Codable, Sendable, FlowStyled {
  /// The probe's name.
  public var name: String
  /// SHA-256 over graph, batch and what probe.yaml says of the measurement, in hexadecimal.
  public var digest: String
  /// Examples that were measured: the first of the batch.
  public var examples: Int
  /// Examples in the batch, where a budget may have left some out.
  public var of: Int?
  /// `exact`, or `sampled`.
  public var labels: String
  /// Labels drawn per example (or position) when sampled.
  public var draws: Int?
  /// What was drawn when sampled: `signs` (random-sign scores, measurements.md §1).
  public var sampling: String?
  /// The seed of the draws.
  public var seed: Int
  /// Standard error of the total Fisher trace by its value.
  public var relativeStandardError: Double?
  /// What ended the measurement under a budget: `precision`, `seconds` or `batch`.
  public var stoppedBy: String?
  /// What most of the error is from, `labels` or `examples`; nil when one draw does not tell.
  public var dominatedBy: String?
  /// What the outputs mean, in the words of probe.yaml.
  public var task: String?
  /// The graph's output that was taken for the prediction, where it has several.
  public var output: String?

  /// Creates an identity.
  public init(
    name: String, digest: String, examples: Int, labels: String, draws: Int?, sampling: String?,
    seed: Int, task: String? = nil, output: String? = nil
  ) {
    self.task = task
    self.output = output
    self.name = name
    self.digest = digest
    self.examples = examples
    self.labels = labels
    self.draws = draws
    self.sampling = sampling
    self.seed = seed
  }
}

/// Something left out of the report.
public struct SkippedReport: Codable, Sendable, Hashable {
  /// The tensor or section.
  public var name: String
  /// Why.
  public var reason: String

  /// Creates a note.
  public init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }
}

/// A remark with a stable code.
public struct FindingReport: Codable, Sendable, Hashable {
  /// A kebab-case word that scripts may rely on.
  public var code: String
  /// The place it concerns.
  public var `where`: String
  /// What was found.
  public var text: String

  /// Creates a remark.
  public init(code: String, where: String, text: String) {
    self.code = code
    self.`where` = `where`
    self.text = text
  }
}

/// What a report cost.
public struct CostReport: Codable, Sendable, FlowStyled {
  /// Wall-clock seconds.
  public var seconds: Double
  /// Of which forward and backward over the probe's batch.
  public var networkSeconds: Double?
  /// The largest resident set of the worker, in bytes.
  public var peakMemoryBytes: Int

  /// Creates a cost.
  public init(seconds: Double, peakMemoryBytes: Int) {
    self.seconds = seconds
    self.peakMemoryBytes = peakMemoryBytes
  }
}
