/// Closing on the task's progress.
extension PeriodTracker {
  /// What the task's progress says: an end, a doubt, or nothing yet. Nil where progress does not
  /// decide: for a layer, and where neither loss nor accuracy is known.
  func settlesByProgress(_ findings: inout [Finding]) -> Settlement? {
    guard !observesLayer else { return nil }
    if let step = progress.awaitedStep {
      findings.append(
        Finding(
          .coverage,
          "neither the untrained network nor the entropy of the targets is known: what remains of the "
            + "task can be told from step \(step) on"))
      return .open
    }
    guard let now = progress.places.last else { return nil }
    // A period reopened by moving shares closes again when they hold.
    if let reopening, reopening.cause == .movement { return progress.isEarly ? .open : nil }
    let since = reopening?.index
    guard let end = progress.end(since: since) else { return unsettled(at: now, &findings) }
    // After the untrained network it is only the gap that is wide.
    if reopening == nil, !progress.beganUninformed, let first = progress.places.first,
      progress.firstIsPastTheEnd
    {
      findings.append(
        Finding(
          .coverage,
          "the task was as far taken in at the first checkpoint that tells, step \(first.step)"))
      return .ambiguous(.leftCensored)
    }
    if reopening == nil, evidence == .probe, startsPastTheRise {
      findings.append(riseFinding)
      return .ambiguous(.leftCensored)
    }
    if let reason = explainedStandstill(&findings) { return .ambiguous(reason) }
    if let width = progress.bracketDoublings(since: since),
      width > settings.widestBracketDoublings
    {
      findings.append(
        Finding(
          .coverage,
          "the checkpoints around the end are \(brief(width)) doublings of the step apart"))
      return .ambiguous(.sparse)
    }
    return .closed(end)
  }

  /// Why no end is said, where that needs words.
  private func unsettled(at now: TaskProgress.Place, _ findings: inout [Finding]) -> Settlement {
    if !progress.tellsPasses {
      findings.append(
        Finding(
          .coverage,
          "checkpoints name a loss, but no accuracy, and no epoch that goes up: whether any example has been seen "
            + "twice cannot be told"))
    }
    if let undone = progress.undone {
      findings.append(
        Finding(
          .coverage,
          "training would be past the end, but \(brief(100 * undone)) % of the task would be left "
            + "undone: the network is deprived of it, or "
            + (evidence == .probe
              ? "the probe's examples are none of those trained on"
              : "the loss is not that of the data trained on")))
    }
    guard let jump = progress.lastSetAside, progress.wouldEndWithSetAside(now) else {
      return .open
    }
    findings.append(
      Finding(
        .schedule,
        "what remains of the task fell \(brief(1 / jump.ratio))-fold with an abrupt change of the "
          + "learning rate between steps \(jump.from) and \(jump.to), which does not count"))
    return .ambiguous(.learningRate)
  }

  /// Where nothing is taken in any more and the trace falls for another reason, no end is in sight:
  /// the function stands still, and time alone does not end a period.
  private func explainedStandstill(_ findings: inout [Finding]) -> AmbiguityReason? {
    guard progress.standsStill, peak.peak != nil, let top = peak.maximum, let newest = history.last
    else { return nil }
    let (explanation, text) = FallExplanation.of(
      fallTo: newest, from: history[top], settings: settings)
    switch explanation {
    case .none, .untestable: return nil
    case .confidence, .weightScale: break
    }
    findings.append(
      Finding(.explanation, "nothing was taken in over the last doubling of the step, and " + text))
    return explanation == .confidence ? .confidence : .weightScale
  }

  /// Why a period closed on progress has to be opened again, or nil.
  func reopensByProgress() -> Reopening? {
    if progress.hasLost(since: closingIndex), let now = progress.places.last,
      let then = progress.places.last(where: { $0.index <= closingIndex })
    {
      return Reopening(
        text: "at step \(now.step) the network knew less than when the period ended: "
          + "\(brief(100 * now.remaining.part)) % of the task remained, and "
          + "\(brief(100 * then.remaining.part)) % before: other data, another task, or a collapse",
        index: history.count - 1, cause: .loss)
    }
    guard sharesMoveAgain, let text = raised(after: closingIndex) else { return nil }
    return Reopening(
      text: text + ", and shares move again", index: history.count - 1, cause: .movement)
  }

  /// Why a period that no end was said of is opened anew, or nil: nothing was taken in any more, though
  /// much remained, and with a raised learning rate shares move or something is taken in again. So a new
  /// task looks on a probe that holds it from the start.
  func resumes() -> Reopening? {
    guard reopening == nil, !observesLayer, let text = raised(after: 0),
      let change = schedule.changes.last, progress.stoodStill(before: change.to)
    else { return nil }
    let again: String
    if sharesMoveAgain {
      again = "shares move again"
    } else if progress.hasTakenIn(since: change.to) {
      again = "the task is taken in again"
    } else {
      return nil
    }
    return Reopening(
      text: "nothing was taken in over a doubling of the step, then \(text), and \(again)",
      index: history.count - 1, cause: .loss)
  }

  private var sharesMoveAgain: Bool {
    freeze.movesAgain(threshold: settings.fluidBitsPerDoubling * settings.reopeningFactor)
  }

  /// In words, that the last abrupt change of the learning rate raised it after a checkpoint.
  private func raised(after index: Int) -> String? {
    guard let restart = schedule.changes.last, restart.to > index,
      restart.after >= settings.restartFactor * restart.before
    else { return nil }
    return "the learning rate was raised from \(brief(restart.before)) to \(brief(restart.after)) "
      + "between steps \(history[restart.from].step) and \(history[restart.to].step)"
  }
}
