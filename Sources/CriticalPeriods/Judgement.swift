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
  /// What the judgement rests on, with the numbers.
  public var evidence: [Finding]

  /// Creates a judgement.
  public init(
    segment: Int, step: Int, state: PeriodState, reason: AmbiguityReason? = nil,
    peak: Peak? = nil, end: End? = nil, evidence: [Finding] = []
  ) {
    self.segment = segment
    self.step = step
    self.state = state
    self.reason = reason
    self.peak = peak
    self.end = end
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
  /// The steps between which it ended, as far as the spacing of checkpoints tells.
  public var interval: ClosedRange<Int>
  /// How sure the rule was when it decided, in 0.05 … 0.95. A statement of margin: not calibrated
  /// on labelled runs in this form.
  public var probability: Double
  /// The first step at which it could be said.
  public var decidedAtStep: Int

  /// Creates an end.
  public init(step: Int, interval: ClosedRange<Int>, probability: Double, decidedAtStep: Int) {
    self.step = step
    self.interval = interval
    self.probability = probability
    self.decidedAtStep = decidedAtStep
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
