/// What to measure of a checkpoint, and how: the command line's choices.
public struct ProbeRequest: Sendable {
  /// The run's name in the report; the folder of the checkpoint by default.
  public var run: String?
  /// The probe; nil measures what the checkpoint alone tells.
  public var probe: ProbeDefinition?
  /// Overrides the probe's way of drawing labels.
  public var labels: ProbeSettings.Labels?
  /// Overrides the probe's number of labels per example.
  public var draws: Int?
  /// Overrides the probe's seed.
  public var seed: Int?
  /// Overrides the probe's tolerance, nats.
  public var toleranceNats: Double?
  /// Overrides the probe's draws of the weights at each tolerance; 0 draws none.
  public var weightDraws: Int?
  /// Examples of one training step, where the checkpoint does not say.
  public var batchSize: Int?
  /// An earlier checkpoint of the run to compare with.
  public var previous: String?
  /// Whether the report carries what later checkpoints are compared with.
  public var keepsEvidence = false
  /// Threads to compute on.
  public var threads = 2

  /// A request for what the checkpoint alone tells.
  public init() {}
}
