/// What the trace alone says, while the shares have not settled.
extension PeriodTracker {
  /// `acquiring`, or what a certain fall from the maximum means.
  mutating func decideFromPeak(_ findings: inout [Finding]) -> (PeriodState, AmbiguityReason?) {
    guard let top = peak.maximum, peak.peak != nil, let newest = history.last,
      let firstFallen = peak.firstFallen
    else {
      consolidated = false
      return (.acquiring, nil)
    }
    if startsPastTheRise {
      findings.append(riseFinding)
      return (.ambiguous, .leftCensored)
    }
    if let change = schedule.change(after: top, through: firstFallen) {
      findings.append(scheduleFinding(change, "between the maximum and the fall"))
      return (.ambiguous, .learningRate)
    }
    let (explanation, text) = FallExplanation.of(
      fallTo: newest, from: history[top], settings: settings)
    findings.append(Finding(.explanation, text))
    // Where shares have been seen to move, the decision will rest on them; where they never moved,
    // nothing but the common factor has changed.
    let moved = freeze.lastFluid != nil
    if !moved, explanation == .confidence { return (.ambiguous, .confidence) }
    if !moved, explanation == .weightScale { return (.ambiguous, .weightScale) }
    if let width = bracket(around: top), width > 2 * settings.widestBracketDoublings {
      findings.append(
        Finding(
          .coverage, "the checkpoints beside the maximum are \(brief(width)) doublings apart"))
      return (.ambiguous, .sparse)
    }
    let holding = freeze.quiet.count >= 2
    guard !consolidated else { return (.consolidating, nil) }
    let deep = peak.deep >= settings.fallCheckpoints && explanation == .none
    consolidated = deep || (moved && holding)
    return (consolidated ? .consolidating : .peaked, nil)
  }

  /// Doublings of the step between the checkpoints beside one; a neighbour at step 0 counts as
  /// step 1.
  private func bracket(around index: Int) -> Double? {
    guard index > 0, index + 1 < history.count, let after = history[index + 1].doublings else {
      return nil
    }
    return after - (history[index - 1].doublings ?? 0)
  }

  /// Weights show no information: what settles there is named, and nothing is decided.
  func decideFromWeights(_ findings: inout [Finding]) -> (PeriodState, AmbiguityReason?) {
    if !observesLayer { describe(&findings) }
    guard let last = freeze.lastFluid, let since = history[last.to].doublings,
      let now = history.last?.doublings, freeze.quiet.count >= settings.quietTransitions,
      now - since >= settings.quietDoublings
    else { return (.acquiring, nil) }
    return (.ambiguous, .weightsOnly)
  }

  /// Whether information has hardly risen since the first checkpoint that tells: the network knew its
  /// trade when it was first seen, as in fine-tuning, and the rise lies before. Of second moments the
  /// first window is the largest often enough in training from scratch; only the trace tells.
  var startsPastTheRise: Bool {
    guard let top = peak.maximum, let largest = history[top].information,
      let first = history.first(where: { $0.information != nil })?.information
    else { return false }
    return evidence == .probe && !observesLayer
      ? largest < settings.leastRise * first : largest == first
  }

  /// That in words.
  var riseFinding: Finding {
    let first = history.first { $0.information != nil }
    let largest = peak.maximum.flatMap { history[$0].information }
    let ratio = largest.flatMap { top in first?.information.map { top / $0 } }
    return Finding(
      .coverage,
      "information has never been more than \(brief(ratio ?? 1)) times what it was at the first "
        + "checkpoint that tells, step \(first?.step ?? 0): its rise lies before, as in fine-tuning"
        + (progress.beganUninformed
          ? ", or there is none, since the network knew nothing of the task there" : "")
    )
  }
}
