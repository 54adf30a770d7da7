public import Information
internal import Networks

/// What to measure of a checkpoint, and how: the command line's choices.
public struct ProbeRequest: Sendable {
  /// The run's name in the report; the folder of the checkpoint by default.
  public var run: String?
  /// The probe; nil measures what the checkpoint alone tells.
  public var probe: ProbeDefinition?
  /// Overrides the probe's way of drawing labels.
  public var labels: ProbeSettings.Labels?
  /// How a sampled plan draws scores.
  public var sampling = ScoreSampling.signs
  /// Overrides the probe's number of labels per example.
  public var draws: Int?
  /// Overrides the probe's seed.
  public var seed: Int?
  /// Overrides the probe's tolerance, nats.
  public var toleranceNats: Double?
  /// Overrides the probe's draws of the weights at each tolerance; 0 draws none.
  public var weightDraws: Int?
  /// Mean entropy of the prediction, bits, that the trace is tempered to; no tempered trace when nil.
  public var referenceEntropyBits: Double?
  /// Overrides the probe's limits of what an estimate may cost.
  public var budget: EstimationBudget?
  /// What is said of the training, where the checkpoint does not say.
  public var training = StatedTraining()
  /// An earlier checkpoint of the run to compare with.
  public var previous: String?
  /// Whether the report carries what later checkpoints are compared with.
  public var keepsEvidence = false
  /// What is measured.
  public var measures = Measures.everything
  /// How often the network is measured; more than once is for benchmarks.
  public var repeats = 1
  /// Examples that go through the network at once; nil lets the memory decide.
  public var blockExamples: Int?
  /// Bytes that the process may use; blocks of examples are cut to fit.
  public var memoryLimitBytes = 1 << 31
  /// Threads to compute on.
  public var threads = 2

  /// A request for what the checkpoint alone tells.
  public init() {}

  /// Whether fewer than all examples of the probe may be measured.
  var isLimited: Bool { (budget ?? probe?.settings.budget)?.isLimited ?? false }

  /// How much is measured.
  public enum Measures: String, Sendable, CaseIterable {
    /// All that the report has room for.
    case everything
    /// Loss and the trace of the Fisher information, per tensor and layer.
    case trace
  }

  /// How the batch is cut, for a network whose weights take so many bytes and whose examples have so
  /// many cotangents.
  func blockSize(isLimited: Bool, parameterBytes: Int, cotangents: Int) -> BlockSize {
    if let blockExamples { return .atMost(blockExamples) }
    // Under a budget the blocks are what it is counted in: the same on every machine.
    if isLimited { return .atMost(16) }
    // Beside the arrays there are the weights, sums as large as they, gradients of a layer, the code.
    let others = 3 * parameterBytes + (128 << 20)
    let rest = max(memoryLimitBytes - others, memoryLimitBytes / 8)
    let blocks = max(2, threads)
    return .fitting(bytes: rest / 2 / blocks, cotangents: cotangents, blocks: blocks)
  }
}
