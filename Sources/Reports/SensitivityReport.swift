// What `plasticityd sensitivity` prints: what windows of spoilt data cost, beside the information of
// the clean run. Field names are fixed: add, never rename. Definitions: etc/doc/measurements.md §7.

/// A deficit experiment's result.
public struct SensitivityReport: Document {
  /// `plasticityd/sensitivity/v1`.
  public static var schema: String { "plasticityd/sensitivity/v1" }

  /// Which experiment.
  public var experiment: String
  /// The network, in words.
  public var network: String?
  /// The data, in words.
  public var data: String?
  /// The learning rate's course, in words.
  public var schedule: String?
  /// Epochs of the training.
  public var epochs: Int?
  /// Optimizer steps of one epoch.
  public var stepsPerEpoch: Double?
  /// The seeds of the runs.
  public var seeds: [Int]
  /// The clean runs.
  public var control: ControlScores
  /// One per deficit and length of window.
  public var curves: [SensitivityCurveReport]
  /// What the weights held meanwhile: of the clean runs, and of those whose deficit stays to the end.
  public var information: [RunInformation]
  /// Remarks that a person may want to act on.
  public var findings: [FindingReport]

  /// Creates a result without curves.
  public init(experiment: String, seeds: [Int], control: ControlScores) {
    self.experiment = experiment
    self.seeds = seeds
    self.control = control
    curves = []
    information = []
    findings = []
  }
}

/// How the clean runs ended.
public struct ControlScores: Codable, Sendable, FlowStyled {
  /// Mean final accuracy, 0…1.
  public var accuracy: Double?
  /// Its standard deviation over seeds.
  public var seedDeviation: Double?
  /// How many there are.
  public var runs: Int

  /// Creates scores.
  public init(accuracy: Double?, seedDeviation: Double?, runs: Int) {
    self.accuracy = accuracy
    self.seedDeviation = seedDeviation
    self.runs = runs
  }
}

/// The cost of one kind of deficit, by its place.
public struct SensitivityCurveReport: Codable, Sendable {
  /// What was done to the data.
  public var deficit: String
  /// How strongly.
  public var strength: Double?
  /// `windows` that start at different epochs, or `removals` of a deficit that was there from the start.
  public var kind: String
  /// Epochs of a window; nil for removals.
  public var windowEpochs: Double?
  /// By the window's first epoch; for removals by the epoch at which the deficit ended.
  public var points: [SensitivityPoint]
  /// The end of the critical period; nil when there is none, with the reason below.
  public var end: SensitivityEnd?
  /// Why there is no end: `code: sentence`.
  public var reason: String?

  /// Creates a curve without an end.
  public init(
    deficit: String, strength: Double?, kind: String, windowEpochs: Double?,
    points: [SensitivityPoint]
  ) {
    self.deficit = deficit
    self.strength = strength
    self.kind = kind
    self.windowEpochs = windowEpochs
    self.points = points
  }
}

/// One place on the curve.
public struct SensitivityPoint: Codable, Sendable, FlowStyled {
  /// The epoch.
  public var epoch: Double
  /// The step, if it is known how many an epoch has.
  public var step: Int?
  /// Mean loss of final accuracy against the clean run of the same seed, 0…1.
  public var accuracyLoss: Quantity
  /// How many runs it is the mean of.
  public var runs: Int
  /// tr F of the first clean run there.
  public var fisherTrace: Quantity?
  /// Its code length at the tolerance, bits.
  public var informationBits: Double?

  /// Creates a point without information.
  public init(epoch: Double, step: Int?, accuracyLoss: Quantity, runs: Int) {
    self.epoch = epoch
    self.step = step
    self.accuracyLoss = accuracyLoss
    self.runs = runs
  }
}

/// Where the curve last falls below a quarter of its maximum.
public struct SensitivityEnd: Codable, Sendable {
  /// In epochs, interpolated between windows.
  public var epoch: Double
  /// Central 90 % of a bootstrap over seeds.
  public var epochInterval: [Double]?
  /// In steps.
  public var step: Int?
  /// In steps.
  public var stepInterval: [Int]?
  /// The part of the maximum below which it has ended.
  public var fraction: Double
  /// The part of the resamples without an end.
  public var undeterminedFraction: Double?

  /// Creates an end.
  public init(epoch: Double, epochInterval: [Double]?, fraction: Double) {
    self.epoch = epoch
    self.epochInterval = epochInterval
    self.fraction = fraction
  }
}

/// A run's trajectory.
public struct RunInformation: Codable, Sendable {
  /// The run's folder.
  public var run: String
  /// What was done to its data all along; nil for a clean run.
  public var deficit: String?
  /// The step of its largest trace.
  public var peakStep: Int?
  /// Its last trace as a part of the largest.
  public var keptFraction: Double?
  /// One row per checkpoint.
  public var trajectory: [InformationRow]

  /// Creates a trajectory; peak and end are read off it.
  public init(run: String, deficit: String?, trajectory: [InformationRow]) {
    self.run = run
    self.deficit = deficit
    self.trajectory = trajectory
    let traces = trajectory.compactMap { row in row.fisherTrace?.value.map { (row.step, $0) } }
    if let peak = traces.max(by: { $0.1 < $1.1 }), peak.1 > 0, let last = traces.last {
      peakStep = peak.0
      keptFraction = last.1 / peak.1
    }
  }
}

/// One checkpoint.
public struct InformationRow: Codable, Sendable, FlowStyled {
  /// Steps trained.
  public var step: Int
  /// Epochs trained.
  public var epoch: Double?
  /// Accuracy: on test data where the run was trained, on the probe in the daemon's reports.
  public var accuracy: Double?
  /// tr F.
  public var fisherTrace: Quantity?
  /// Code length at the tolerance, bits.
  public var informationBits: Double?
  /// Mean Σ p(1−p).
  public var confidence: Double?

  /// Creates a row.
  public init(
    step: Int, epoch: Double?, accuracy: Double?, fisherTrace: Quantity?, informationBits: Double?,
    confidence: Double?
  ) {
    self.step = step
    self.epoch = epoch
    self.accuracy = accuracy
    self.fisherTrace = fisherTrace
    self.informationBits = informationBits
    self.confidence = confidence
  }
}
