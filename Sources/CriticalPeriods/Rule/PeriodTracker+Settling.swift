import Glibc

/// Why a closed period was opened again.
struct Reopening: Sendable {
  enum Cause: Sendable {
    /// The network knows less than it did.
    case loss
    /// Shares move or information rises.
    case movement
  }

  let text: String
  /// Where it began: nothing before counts as quiet.
  let index: Int
  let cause: Cause
}

/// Closing and reopening.
extension PeriodTracker {
  enum Settlement {
    case open
    case ambiguous(AmbiguityReason)
    case closed(End)
  }

  /// Whether the period has ended: by the task's progress, or else by the shares.
  func settles(_ findings: inout [Finding]) -> Settlement {
    settlesByProgress(&findings) ?? settlesByShares(&findings)
  }

  /// Whether the shares, having moved, have frozen while information no longer rises. A layer's share
  /// can be fixed while all information still grows, once the task has been taken in by and large.
  private func settlesByShares(_ findings: inout [Finding]) -> Settlement {
    guard let growth else { return .open }
    if observesLayer, let isEarly {
      guard !isEarly else { return .open }
    } else {
      guard stopped(growth) else { return .open }
    }
    if isClipped {
      findings.append(
        Finding(.coverage, "the second moments stand still: gradient clipping hides their size"))
      return .open
    }
    let quiet = freeze.quiet
    guard let now = history.last?.doublings else { return .open }
    guard let last = freeze.lastFluid else { return settlesUnseen(&findings) }
    guard let since = history[last.to].doublings, quiet.count >= settings.quietTransitions,
      now - since >= settings.quietDoublings, let first = quiet.first
    else { return .open }
    if let reopening, last.to < reopening.index { return .open }
    let bracket = (history[first.to].doublings ?? now) - (history[last.from].doublings ?? 0)
    if bracket > settings.widestBracketDoublings {
      findings.append(
        Finding(
          .coverage,
          "shares stopped moving between steps \(history[last.from].step) and "
            + "\(history[first.to].step), \(brief(bracket)) doublings apart"))
      return .ambiguous(.sparse)
    }
    if let change = schedule.change(after: last.from, through: first.to) {
      findings.append(scheduleFinding(change, "just where the shares stopped moving"))
      return .ambiguous(.learningRate)
    }
    let probability = closingProbability(growth, since: last.to)
    guard probability >= settings.leastProbability else {
      findings.append(
        Finding(.plasticity, "quiet, but an end is still unlikely (\(brief(probability)))"))
      return .open
    }
    let frozen = history[last.from].step...history[first.to].step
    return .closed(
      End(
        step: history[last.to].step, interval: observesLayer ? frozen : widened(frozen),
        probability: probability, decidedAtStep: history[history.count - 1].step, basis: .shares))
  }

  /// Where a deficit stops doing harm, of a run whose shares froze in an interval: far less is known of that.
  private func widened(_ frozen: ClosedRange<Int>) -> ClosedRange<Int> {
    let factor = exp2(settings.intervalDeviations * settings.sharesEndDeviation)
    let upper = Double(frozen.upperBound) * factor
    let opened = reopening.map { history[$0.index].step } ?? 0
    let lower = max(Int(Double(frozen.lowerBound) / factor), min(opened, frozen.lowerBound))
    return lower...(upper < 1e18 ? Int(upper) : .max)
  }

  /// Shares were never seen to move, or never seen at all.
  private func settlesUnseen(_ findings: inout [Finding]) -> Settlement {
    if peak.peak != nil { return .open }
    let known = freeze.spans
    guard known.count >= max(settings.quietTransitions, 4), let first = known.first,
      let start = history[first.from].doublings, let now = history.last?.doublings,
      now - start >= 1
    else { return .open }
    findings.append(
      Finding(.coverage, "shares were already still at the first checkpoints, and so they stayed"))
    return .ambiguous(.leftCensored)
  }

  /// Information no longer rises: the exponent is below its threshold by its standard error.
  func stopped(_ growth: InformationGrowth) -> Bool {
    growth.exponent + growth.standardError < settings.growthExponent
  }

  /// Whether the optimizer's moments have been flattened by clipping (measurements.md §4): then neither
  /// their rise nor its end can be seen.
  var isClipped: Bool {
    guard evidence == .optimizer else { return false }
    let recent = history.suffix(3).compactMap(\.information)
    guard recent.count == 3, let low = recent.min(), let high = recent.max() else { return false }
    return high - low < settings.clippedSpread * high
  }

  /// The product of three plain probabilities; a statement of margin, not yet calibrated: that the
  /// next transition is quiet (log speeds taken as normal), that information has stopped rising,
  /// and that a quiet spell this long is not a pause (halved odds for each half doubling).
  ///
  /// - Parameter index: the checkpoint at which shares last moved.
  func closingProbability(_ growth: InformationGrowth, since index: Int) -> Double {
    let speeds = freeze.spans.filter { $0.from >= index }.map { log($0.speed + 1e-12) }
    let n = Double(max(speeds.count, 1))
    let mean = speeds.reduce(0, +) / n
    let variance = speeds.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(n - 1, 1)
    let still = normalProbability(
      below: (log(settings.fluidBitsPerDoubling) - mean) / max(sqrt(variance), 0.7))
    // A layer's share says nothing about growth, which is common to all.
    let level =
      observesLayer && isEarly != nil
      ? 1
      : normalProbability(
        below: (settings.growthExponent - growth.exponent) / max(growth.standardError, 0.1))
    var lasting = 0.0
    if let since = history[index].doublings, let now = history.last?.doublings {
      lasting = 1 - pow(0.5, 2 * (now - since))
    }
    let known = evidence == .optimizer ? 0.8 : 1
    return min(max(still * level * lasting * known, 0.05), 0.95)
  }

  /// Why a closed period has to be opened again, or nil.
  mutating func reopens() -> Reopening? {
    guard let newest = history.last, reopening == nil else { return nil }
    if end?.basis == .progress { return reopensByProgress() }
    let threshold = settings.fluidBitsPerDoubling * settings.reopeningFactor
    // A layer is fixed for as long as its share is, whatever its information does.
    if freeze.movesAgain(threshold: threshold), let growth, observesLayer || growth.exponent > 0 {
      return Reopening(
        text: (observesLayer ? "the share moves" : "information rises and shares move")
          + " again, faster than \(brief(threshold)) bits per doubling of the step",
        index: history.count - 1, cause: .movement)
    }
    if let top = closingMaximum, let information = newest.information,
      let level = history[top].information
    {
      aboveClosing = information > level / settings.deepFall ? aboveClosing + 1 : 0
      if aboveClosing >= settings.fallCheckpoints, !observesLayer || isEarly == nil {
        return Reopening(
          text: "information has risen to \(brief(information / level)) of its maximum at the end",
          index: history.count - 1, cause: .movement)
      }
    }
    return nil
  }

  /// Opens it again, and names a change of the learning rate beside the reason.
  mutating func reopen(_ found: Reopening) {
    var text = found.text
    if let change = schedule.change(after: max(history.count - 4, 0), through: history.count - 1),
      !text.contains("learning rate")
    {
      text += "; the learning rate went from \(brief(change.before)) to \(brief(change.after))"
    }
    reopening = Reopening(text: text, index: found.index, cause: found.cause)
    if found.cause == .loss { progress.restart() }
  }
}
