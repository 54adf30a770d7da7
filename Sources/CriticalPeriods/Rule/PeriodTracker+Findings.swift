/// The evidence in words.
extension PeriodTracker {
  /// What the run shows. Of a layer reports give the state only, and words for each of hundreds, at every
  /// checkpoint, would cost more than judging them.
  func describe(_ findings: inout [Finding]) {
    if evidence == .weights {
      findings.append(Finding(.coverage, "weights only: norms and update shares, no information"))
    }
    if evidence != .weights, let top = peak.maximum, let ratio = peak.ratio {
      findings.append(
        Finding(
          .fall,
          "information is \(brief(ratio.value)) (\(brief(ratio.interval.lowerBound)) to "
            + "\(brief(ratio.interval.upperBound)), \(ratio.basis.rawValue)) of its maximum at step "
            + "\(history[top].step)"))
    }
    if let now = progress.places.last {
      var passes =
        progress.passes(at: now).map {
          "after \(brief($0)) passes over the data"
            + (progress.start > 0 ? " since step \(progress.start)" : "")
        }
        ?? "after an unknown number of passes over the data"
      if let pace = progress.pacePasses {
        let first = brief(100 * (1 - settings.paceRemaining))
        passes += ", of which the first \(first) % of the task took \(brief(pace))"
      }
      let setAside =
        progress.lastSetAside == nil ? "" : ", without what abrupt changes of the rate brought"
      findings.append(
        Finding(
          .progress,
          "\(brief(100 * now.remaining.part)) % of the task remains to be taken in (by the "
            + "\(now.remaining.measure)\(setAside)), \(passes)"
            + (endProbability.map { ": " + inWords($0) } ?? "")
        ))
    }
    if let newest = freeze.spans.last {
      var text =
        "shares moved at \(brief(newest.speed)) bits per doubling of the step since step "
        + "\(history[newest.from].step)"
      let lasting = "there and back left out"
      if let last = freeze.lastFluid {
        text +=
          "; last at or above \(brief(settings.fluidBitsPerDoubling)), \(lasting), between steps "
          + "\(history[last.from].step) and \(history[last.to].step)"
      } else {
        text += "; never at or above \(brief(settings.fluidBitsPerDoubling)) so far, \(lasting)"
      }
      findings.append(Finding(.plasticity, text))
    }
    if let growth {
      findings.append(
        Finding(
          .growth,
          "information goes as step^\(brief(growth.exponent)) "
            + "(standard error \(brief(growth.standardError))) over the last "
            + "\(growth.checkpoints) checkpoints"))
    }
  }

  func scheduleFinding(_ change: ScheduleWatch.Change, _ place: String) -> Finding {
    Finding(
      .schedule,
      "the learning rate went from \(brief(change.before)) to \(brief(change.after)) between steps "
        + "\(history[change.from].step) and \(history[change.to].step), \(place)")
  }

  private func inWords(_ endProbability: Double) -> String {
    let text = "the period has ended with probability \(brief(endProbability))"
    guard end != nil, reopening == nil, endProbability < settings.leastProbability else {
      return text
    }
    return "seen from here " + text
      + "; the end that was said is withdrawn when at two checkpoints "
      + "in a row twice as much remains as then"
  }
}
