/// Our rule (`PeriodTracker`) as an `EndDetector`.
public struct PeriodDetector: EndDetector {
  /// The kind of evidence in the series.
  public var evidence: EvidenceKind
  /// The thresholds.
  public var settings: PeriodSettings

  /// Our rule with these thresholds.
  public init(evidence: EvidenceKind = .probe, settings: PeriodSettings = PeriodSettings()) {
    self.evidence = evidence
    self.settings = settings
  }

  /// `ours`.
  public var name: String { "ours" }

  /// The first end that the rule says, whether or not it withdraws it later.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    judge(series, evidence: evidence, settings: settings).trajectory
      .first { $0.state == .closed }?.end
      .map {
        DetectedEnd(
          step: $0.step, decidedAtStep: $0.decidedAtStep, probability: $0.probability,
          interval: $0.interval)
      }
  }
}
