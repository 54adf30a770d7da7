import Glibc

/// Our rule: follows one run, or one layer, from checkpoint to checkpoint, and says after each where
/// it stands (measurements.md §7). It never looks ahead, so a longer series begins with the same words.
///
/// The period is closed when the shares of the layers, having moved, hold still for long enough in
/// log-step time, while information has stopped rising; the end is dated to the last movement. The
/// trace's fall alone never closes it: a deep one that nothing else explains is `consolidating`.
struct PeriodTracker: Sendable {
  let evidence: EvidenceKind
  let settings: PeriodSettings
  var history: [Observation] = []
  var peak: PeakWatch
  var freeze: ShareFreeze
  var schedule: ScheduleWatch
  var growth: InformationGrowth?
  /// The standing decision.
  var end: End?
  /// Set when the decision was withdrawn, until a new one is taken.
  var reopening: Reopening?
  /// The information level that a closed period must exceed to reopen: index of the maximum then.
  var closingMaximum: Int?
  /// The deepest word said since the maximum, so that noise does not take it back.
  var consolidated = false
  /// Consecutive checkpoints above that level.
  var aboveClosing = 0

  init(evidence: EvidenceKind, settings: PeriodSettings) {
    self.evidence = evidence
    self.settings = settings
    peak = PeakWatch(settings: settings)
    freeze = ShareFreeze(settings: settings)
    schedule = ScheduleWatch(settings: settings)
  }

  /// Takes the next checkpoint, later than all before, and says where the subject stands.
  mutating func judge(_ observation: Observation) -> Judgement {
    history.append(observation)
    peak.observe(history)
    freeze.observe(history)
    schedule.observe(history)
    if observation.information != nil { growth = InformationGrowth(history) }
    var findings: [Finding] = []
    let (state, reason) = decide(&findings)
    return Judgement(
      segment: observation.segment, step: observation.step, state: state, reason: reason,
      peak: evidence == .weights ? nil : peak.peak, end: end, evidence: findings)
  }

  private mutating func decide(
    _ findings: inout [Finding]
  ) -> (PeriodState, AmbiguityReason?) {
    guard history.count >= 3 else {
      findings.append(Finding(.coverage, "\(history.count) of the 3 checkpoints needed"))
      return (.waiting, nil)
    }
    if evidence == .weights { return decideFromWeights(&findings) }
    if end != nil, let reason = reopens() { reopen(reason) }
    describe(&findings)
    if end != nil, reopening == nil { return (.closed, nil) }
    if let reopening { findings.append(Finding(.reopening, reopening.text)) }
    let settled = settles(&findings)
    if case .closed(let new) = settled {
      end = new
      reopening = nil
      closingMaximum = peak.maximum
      aboveClosing = 0
      return (.closed, nil)
    }
    if reopening != nil { return (.reopened, nil) }
    if case .ambiguous(let reason) = settled { return (.ambiguous, reason) }
    return decideFromPeak(&findings)
  }
}
