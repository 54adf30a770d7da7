import Glibc

/// Our rule: follows one run, or one layer, from checkpoint to checkpoint, and says after each where
/// it stands (measurements.md §7). It never looks ahead, so a longer series begins with the same words.
///
/// A run is closed when the task has been taken in so far, after so many passes over the data, that a
/// deficit would do no lasting harm any more (`TaskProgress`). Where neither loss nor accuracy tells,
/// and for a layer, it is closed when the shares, having moved, hold still for long enough in log-step
/// time while information has stopped rising. The trace's fall alone never closes it: a deep one that
/// nothing else explains is `consolidating`.
struct PeriodTracker: Sendable {
  let evidence: EvidenceKind
  let settings: PeriodSettings
  var history: [Observation] = []
  var peak: PeakWatch
  var freeze: ShareFreeze
  var schedule: ScheduleWatch
  var progress: TaskProgress
  /// log2 of the information over the last doubling of the step, and at least three checkpoints.
  private var recentInformation = RecentLine(span: 1, least: 3)
  var growth: InformationGrowth?
  /// The standing decision.
  var end: End?
  /// The checkpoint at which it was taken.
  var closingIndex = 0
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
    progress = TaskProgress(evidence: evidence, settings: settings)
  }

  /// Takes the next checkpoint, later than all before, and says where the subject stands.
  ///
  /// - Parameter resamples: the draws of the paired bootstrap, one table for the run and its layers.
  mutating func judge(_ observation: Observation, resamples: PairedResamples?) -> Judgement {
    history.append(observation)
    peak.observe(&history, resamples: resamples)
    freeze.observe(history)
    let known = schedule.changes.count
    schedule.observe(history)
    if !observesLayer {
      progress.observe(
        history, change: schedule.changes.count > known ? schedule.changes.last : nil)
    }
    if let place = observation.doublings, let information = observation.information {
      recentInformation.append(x: place, y: log2(information))
      growth = InformationGrowth(recentInformation)
    }
    var findings: [Finding] = []
    let (state, reason) = decide(&findings)
    return Judgement(
      segment: observation.segment, step: observation.step, state: state, reason: reason,
      peak: evidence == .weights ? nil : peak.peak, end: end,
      endProbability: endProbability, shareSpeed: freeze.spans.last?.speed, evidence: findings)
  }

  /// Probability that the period has ended, from progress; nil for a layer, where it is unknown, and once
  /// moving shares have reopened the period: its new end is told by shares alone.
  var endProbability: Double? {
    guard let now = progress.places.last, !observesLayer, end?.basis != .shares,
      reopening?.cause != .movement
    else { return nil }
    return progress.probability(at: now)
  }

  /// Whether the task's progress rules out an end of the run as yet; nil where progress tells nothing.
  var isEarly: Bool? {
    observesLayer ? history.last?.runIsEarly : progress.isKnown ? progress.isEarly : nil
  }

  /// Whether the subject is a layer.
  var observesLayer: Bool { history.last?.isLayer ?? false }

  private mutating func decide(
    _ findings: inout [Finding]
  ) -> (PeriodState, AmbiguityReason?) {
    guard history.count >= 3 else {
      findings.append(Finding(.coverage, "\(history.count) of the 3 checkpoints needed"))
      return (.waiting, nil)
    }
    if evidence == .weights, observesLayer || !progress.isKnown {
      return decideFromWeights(&findings)
    }
    if let reason = end == nil ? resumes() : reopens() { reopen(reason) }
    if !observesLayer { describe(&findings) }
    if end != nil, reopening == nil { return (.closed, nil) }
    if let reopening { findings.append(Finding(.reopening, reopening.text)) }
    let settled = settles(&findings)
    if case .closed(let new) = settled {
      end = new
      reopening = nil
      closingIndex = history.count - 1
      closingMaximum = peak.maximum
      aboveClosing = 0
      return (.closed, nil)
    }
    if reopening != nil { return (.reopened, nil) }
    if case .ambiguous(let reason) = settled { return (.ambiguous, reason) }
    return decideFromPeak(&findings)
  }
}
