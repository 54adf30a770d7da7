// The critical-period state as documents show it: in a checkpoint's report, in run.yaml, and in
// an alert.

/// Where a run or a layer stands in its critical period.
public struct CriticalPeriodReport: Codable, Sendable {
  /// `waiting`, `acquiring`, `peaked`, `consolidating`, `closed`, `reopened` or `ambiguous`.
  public var state: String
  /// Where information was largest.
  public var peak: PeakReport?
  /// Where the period ended.
  public var end: EndReport?
  /// Probability that it has ended by this checkpoint, 0.05…0.95, decided or not.
  public var endProbability: Double?
  /// Why the state is `ambiguous` or `reopened`, or what it rests on.
  public var reason: String?
  /// What the state rests on, in plain words with numbers.
  public var evidence: [String]

  /// Creates a state.
  public init(
    state: String, peak: PeakReport?, end: EndReport?, reason: String?, evidence: [String]
  ) {
    self.state = state
    self.peak = peak
    self.end = end
    self.reason = reason
    self.evidence = evidence
  }
}

/// The peak of the information.
public struct PeakReport: Codable, Sendable, FlowStyled {
  /// Optimizer step.
  public var step: Int
  /// Steps between which it lies.
  public var interval: [Int]

  /// Creates a peak.
  public init(step: Int, interval: [Int]) {
    self.step = step
    self.interval = interval
  }
}

/// The end of the critical period.
public struct EndReport: Codable, Sendable, FlowStyled {
  /// Optimizer step.
  public var step: Int
  /// Steps between which it lies.
  public var interval: [Int]
  /// Probability, when it was decided, that the period had ended by then, 0…1.
  public var probability: Double
  /// The first step at which it could have been said.
  public var decidedAtStep: Int
  /// What the decision rests on: `progress` (of the task; calibrated on labelled runs) or `shares`.
  public var basis: String?

  /// Creates an end.
  public init(step: Int, interval: [Int], probability: Double, decidedAtStep: Int) {
    self.step = step
    self.interval = interval
    self.probability = probability
    self.decidedAtStep = decidedAtStep
  }
}

extension CriticalPeriodReport {
  /// What is said of its end, before "at step": once it is open again that no longer holds.
  var endInWords: String { state == "reopened" ? "was said to have ended" : "ended" }
}
