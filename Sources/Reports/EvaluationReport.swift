// What `plasticityd evaluate` prints: detectors of the end against labelled runs. Field names are
// fixed: add, never rename.

/// Methods against labels.
public struct EvaluationReport: Document {
  /// `plasticityd/evaluation/v1`.
  public static var schema: String { "plasticityd/evaluation/v1" }

  /// Runs whose end is known.
  public var labelled: Int
  /// Runs that have no end.
  public var neverEnding: Int
  /// Runs of which nothing is known: an end named there is neither right nor wrong.
  public var unknown: Int
  /// Why runs are left out that cannot be read, a line each.
  public var unreadable: [String]
  /// One per method; `ours-left-out` has its constants fitted without the run that it is asked about.
  public var methods: [MethodReport]
  /// Stated probabilities at all checkpoints against the labels, every doubling of the step alike.
  public var reliability: [ReliabilityReport]
  /// One per run: what each method said of it.
  public var runs: [EvaluatedRun]

  /// Creates a report.
  public init(
    labelled: Int, neverEnding: Int, unknown: Int, unreadable: [String], methods: [MethodReport],
    reliability: [ReliabilityReport], runs: [EvaluatedRun]
  ) {
    self.labelled = labelled
    self.neverEnding = neverEnding
    self.unknown = unknown
    self.unreadable = unreadable
    self.methods = methods
    self.reliability = reliability
    self.runs = runs
  }
}

/// One method.
public struct MethodReport: Codable, Sendable, FlowStyled {
  /// Its name.
  public var method: String
  /// Ends named on runs whose end is labelled.
  public var decisions: Int
  /// Ends named on runs that never close.
  public var falseEnds: Int
  /// Ends named on runs of which neither is known.
  public var unjudged: Int
  /// Mean |log2(named/labelled)| over the decisions.
  public var errorLog2: Double?
  /// Mean distance in log2 to the label's interval.
  public var errorBeyondInterval: Double?
  /// Mean part of the end's step by which it was said after the label; early counts as 0.
  public var delay: Double?
  /// The same after the end that the method named.
  public var delayFromOwn: Double?
  /// Mean probability stated with the decisions.
  public var stated: Double?
  /// Mean probability, by the labels and their intervals, that the period had ended then.
  public var observed: Double?
  /// The part of the labels inside the stated intervals (80 % is meant).
  public var coverage: Double?

  /// Creates a row of counts.
  public init(method: String, decisions: Int, falseEnds: Int, unjudged: Int) {
    self.method = method
    self.decisions = decisions
    self.falseEnds = falseEnds
    self.unjudged = unjudged
  }
}

/// A class of stated probabilities.
public struct ReliabilityReport: Codable, Sendable, FlowStyled {
  /// Mean stated probability.
  public var stated: Double
  /// Mean probability by the labels.
  public var observed: Double
  /// Central 90 % of `observed` when runs are drawn anew.
  public var observedInterval: [Double]
  /// Checkpoints in the class.
  public var checkpoints: Int

  /// Creates a class.
  public init(stated: Double, observed: Double, observedInterval: [Double], checkpoints: Int) {
    self.stated = stated
    self.observed = observed
    self.observedInterval = observedInterval
    self.checkpoints = checkpoints
  }
}

/// One run.
public struct EvaluatedRun: Codable, Sendable {
  /// Its name.
  public var run: String
  /// `never`, `unknown`, or nothing where there is a step.
  public var label: String?
  /// The labelled end.
  public var step: Double?
  /// Its interval.
  public var interval: [Double]?
  /// What each method said.
  public var said: [MethodDecision]

  /// Creates a run.
  public init(
    run: String, label: String?, step: Double?, interval: [Double]?, said: [MethodDecision]
  ) {
    self.run = run
    self.label = label
    self.step = step
    self.interval = interval
    self.said = said
  }
}

/// What one method said of one run.
public struct MethodDecision: Codable, Sendable, FlowStyled {
  /// The method.
  public var method: String
  /// The end that it named.
  public var step: Int?
  /// The checkpoint at which it said so.
  public var decidedAtStep: Int?
  /// log2(named/labelled).
  public var errorLog2: Double?
  /// With which probability.
  public var probability: Double?

  /// Creates a decision, or none.
  public init(
    method: String, step: Int?, decidedAtStep: Int?, errorLog2: Double?, probability: Double?
  ) {
    self.method = method
    self.step = step
    self.decidedAtStep = decidedAtStep
    self.errorLog2 = errorLog2
    self.probability = probability
  }
}
