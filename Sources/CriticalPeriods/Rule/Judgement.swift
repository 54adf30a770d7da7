/// What can be said at one checkpoint, from it and those before it.
public struct Judgement: Sendable, Hashable {
  /// The segment of the checkpoint.
  public var segment: Int
  /// The step of the checkpoint.
  public var step: Int
  /// Where the run or layer stands.
  public var state: PeriodState
  /// Why, when `state` is `ambiguous`.
  public var reason: AmbiguityReason?
  /// The trace's maximum, once a fall from it is separated from noise; also beside other states
  /// than `peaked`, because the peak is an observation and not yet a decision.
  public var peak: Peak?
  /// The end of the period, while `state` is `closed`, and the withdrawn one while `reopened`.
  public var end: End?
  /// Probability that the period has ended by this checkpoint, in 0.05 … 0.95, whether or not it is
  /// decided; nil for a layer, where the task's progress is unknown, and once the period was reopened by
  /// moving shares.
  public var endProbability: Double?
  /// Speed of the subject's shares up to this checkpoint, bits per doubling of the step and, of a
  /// layer, per unit of its share; nil until it is known.
  public var shareSpeed: Double?
  /// What the judgement rests on, with the numbers.
  public var evidence: [Finding]

  /// Creates a judgement.
  public init(
    segment: Int, step: Int, state: PeriodState, reason: AmbiguityReason? = nil,
    peak: Peak? = nil, end: End? = nil, endProbability: Double? = nil,
    shareSpeed: Double? = nil, evidence: [Finding] = []
  ) {
    self.segment = segment
    self.step = step
    self.state = state
    self.reason = reason
    self.peak = peak
    self.end = end
    self.endProbability = endProbability
    self.shareSpeed = shareSpeed
    self.evidence = evidence
  }
}

/// The checkpoint with the largest information, once a fall from it is certain.
public struct Peak: Sendable, Hashable {
  /// The step of the largest value.
  public var step: Int
  /// The steps between which the maximum may lie.
  public var interval: ClosedRange<Int>
  /// The first step at which it could be said.
  public var decidedAtStep: Int

  /// Creates a peak.
  public init(step: Int, interval: ClosedRange<Int>, decidedAtStep: Int) {
    self.step = step
    self.interval = interval
    self.decidedAtStep = decidedAtStep
  }
}

/// The decided end of the critical period.
public struct End: Sendable, Hashable {
  /// The step at which the period ended, by our best estimate.
  public var step: Int
  /// The steps between which it ended. Of an end decided on the task's progress: the central 80 %, as
  /// labelled runs scatter. Of one decided on the shares: as far as the spacing of checkpoints tells.
  public var interval: ClosedRange<Int>
  /// Probability, when it was decided, that the period had ended by `decidedAtStep`, in 0.05 … 0.95.
  /// From the scatter of labelled runs when decided on the task's progress; otherwise a statement of
  /// margin only.
  public var probability: Double
  /// The first step at which it could be said.
  public var decidedAtStep: Int
  /// What the decision rests on.
  public var basis: Basis

  /// What a decision can rest on.
  public enum Basis: String, Sendable, Hashable {
    /// How far the task has been taken in: its probability and interval come from labelled runs.
    case progress
    /// The shares of the layers, which have frozen while information no longer rises.
    case shares
  }

  /// Creates an end.
  public init(
    step: Int, interval: ClosedRange<Int>, probability: Double, decidedAtStep: Int,
    basis: Basis = .progress
  ) {
    self.step = step
    self.interval = interval
    self.probability = probability
    self.decidedAtStep = decidedAtStep
    self.basis = basis
  }
}

/// One piece of evidence: a stable name, and a sentence with its numbers.
public struct Finding: Sendable, Hashable {
  /// What was looked at; the strings are stable.
  public enum Name: String, Sendable, Hashable, CaseIterable {
    /// Fall of the information from its maximum.
    case fall
    /// Whether confidence or weight scale explains the fall.
    case explanation
    /// How much of the task remains, after how many passes over the data.
    case progress
    /// Speed of the shares.
    case plasticity
    /// Whether information still rises.
    case growth
    /// Whether the learning rate changed abruptly.
    case schedule
    /// Spacing and reach of the checkpoints, kind of evidence.
    case coverage
    /// What reopened a closed period.
    case reopening
  }

  /// What was looked at.
  public var name: Name
  /// A sentence in plain words, with the numbers.
  public var text: String

  /// Creates a finding.
  public init(_ name: Name, _ text: String) {
    self.name = name
    self.text = text
  }
}
