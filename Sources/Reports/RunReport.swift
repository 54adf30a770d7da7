// reports/<run>/run.yaml: the trajectory, the state, what was skipped and why. Replaced whole.

/// A run as it stands.
public struct RunReport: Codable, Sendable {
  /// The run's name: its path under the watched root.
  public var run: String
  /// What the state rests on: `probe`, `optimizer` or `weights`.
  public var evidence: String
  /// The critical period of the whole network.
  public var criticalPeriod: CriticalPeriodReport
  /// The state of each layer, in forward order.
  public var layers: [LayerState]
  /// How information is spread over the layers, and the order in which that becomes fixed.
  public var flow: RunFlow?
  /// One row per checkpoint, in order of the step.
  public var trajectory: [TrajectoryRow]
  /// Checkpoints that could not be reported, and why.
  public var rejected: [RejectedCheckpoint]
  /// Checkpoints that vanished before they could be read.
  public var missed: Int
  /// Remarks that concern the run.
  public var findings: [FindingReport]

  /// Creates a run's report.
  public init(
    run: String, evidence: String, criticalPeriod: CriticalPeriodReport, layers: [LayerState],
    trajectory: [TrajectoryRow], rejected: [RejectedCheckpoint], missed: Int,
    findings: [FindingReport]
  ) {
    self.run = run
    self.evidence = evidence
    self.criticalPeriod = criticalPeriod
    self.layers = layers
    self.trajectory = trajectory
    self.rejected = rejected
    self.missed = missed
    self.findings = findings
  }
}

/// The state of one layer.
public struct LayerState: Codable, Sendable, FlowStyled {
  /// The layer.
  public var name: String
  /// Its state.
  public var state: String
  /// Its share of the evidence at the last checkpoint.
  public var share: Double?
  /// The step of its largest information, once it has fallen from there.
  public var peakStep: Int?
  /// The step of its end, once decided.
  public var endStep: Int?
  /// How fast its share moves now, bits per doubling of the step and per unit of its share.
  public var shareSpeed: Double?
  /// Why its state is `ambiguous`, or why it is not measured.
  public var reason: String?

  /// Creates a state.
  public init(name: String, state: String, share: Double?, peakStep: Int?, endStep: Int?) {
    self.name = name
    self.state = state
    self.share = share
    self.peakStep = peakStep
    self.endStep = endStep
  }

  /// What a person reads: its state, or why a layer without a share has none.
  var told: String { share == nil ? reason ?? state : state }
}

/// The flow of information through a run, in numbers.
public struct RunFlow: Codable, Sendable {
  /// The speed of all shares together at the last checkpoint, bits per doubling of the step.
  public var plasticity: Double?
  /// Mean absolute change of the similarity (CKA) along the graph's connections, per doubling of the
  /// step, at the last checkpoint.
  public var connectionChange: Double?
  /// Layers whose share is fixed, in the order in which it became so.
  public var fixed: [FixedLayer]
  /// Layers whose share still moves, or has not been seen to hold.
  public var moving: [String]

  /// Creates a flow.
  public init(
    plasticity: Double?, connectionChange: Double?, fixed: [FixedLayer], moving: [String]
  ) {
    self.plasticity = plasticity
    self.connectionChange = connectionChange
    self.fixed = fixed
    self.moving = moving
  }
}

/// A layer whose share of the information no longer moves.
public struct FixedLayer: Codable, Sendable, FlowStyled {
  /// The layer.
  public var layer: String
  /// The step at which it last moved.
  public var step: Int
  /// The first step at which that could be said.
  public var decidedAtStep: Int

  /// Creates a layer.
  public init(layer: String, step: Int, decidedAtStep: Int) {
    self.layer = layer
    self.step = step
    self.decidedAtStep = decidedAtStep
  }
}

/// One checkpoint of the trajectory; plain scalars, so that it can be plotted as it is.
public struct TrajectoryRow: Codable, Sendable {
  /// Optimizer step.
  public var step: Int?
  /// Which life of the run: a resumed run that writes a step anew starts the next.
  public var segment: Int
  /// Epoch, if known.
  public var epoch: Double?
  /// Mean loss on the probe, nats; else what the training logged.
  public var loss: Double?
  /// Accuracy on the probe, 0…1.
  public var accuracy: Double?
  /// Learning rate.
  public var learningRate: Double?
  /// tr F and its standard error.
  public var fisherTrace: Quantity?
  /// Code length at the tolerance, bits.
  public var informationBits: Double?
  /// Optimizer evidence.
  public var windowedSecondMoment: Double?
  /// ‖ΔW‖/‖W‖ of the whole network since the previous row, from a random projection.
  public var relativeUpdate: Quantity?
  /// Speed of the shares, bits per doubling of the step.
  public var plasticity: Double?
  /// Central 95 % of it.
  public var plasticityInterval: [Double]?
  /// Mean Σ p(1−p).
  public var confidence: Double?
  /// Mean absolute change of the similarity (CKA) along the graph's connections since the previous
  /// row, per doubling of the step.
  public var connectionChange: Double?
  /// Probability that the critical period has ended by this row.
  public var endProbability: Double?
  /// Each layer's part of the evidence, 0…1, in the order of `layers`.
  public var shares: [Double]?
  /// The state after this row, from this row and earlier ones only.
  public var state: String
  /// The checkpoint's report, beside run.yaml.
  public var report: String
  /// Where the checkpoint was.
  public var path: String
  /// Other paths with the same content.
  public var aliases: [String]

  /// Creates a row of the parts that always exist.
  public init(step: Int?, segment: Int, state: String, report: String, path: String) {
    self.step = step
    self.segment = segment
    self.state = state
    self.report = report
    self.path = path
    self.aliases = []
  }
}

/// A checkpoint that could not be reported.
public struct RejectedCheckpoint: Codable, Sendable, FlowStyled {
  /// Where it is.
  public var path: String
  /// The stable code of the problem.
  public var code: String
  /// The line for the person who must act.
  public var reason: String

  /// Creates a rejection.
  public init(path: String, code: String, reason: String) {
    self.path = path
    self.code = code
    self.reason = reason
  }
}
