import CriticalPeriods
import Reports

extension AlertReport {
  /// The alert of a change of state.
  init(_ transition: Transition, run: String, runReport: String) {
    let judgement = transition.judgement
    self.init(
      id: ReportPaths.alertIdentity(
        run: run, segment: judgement.segment, state: transition.state.rawValue),
      run: run, state: transition.state.rawValue, step: judgement.step,
      summary: Self.sentence(transition), criticalPeriod: CriticalPeriodReport(judgement),
      runReport: runReport)
  }

  private static func sentence(_ transition: Transition) -> String {
    let judgement = transition.judgement
    switch transition.state {
    case .closed:
      let end = judgement.end.map {
        "ended at step \($0.step) (between \($0.interval.lowerBound) and "
          + "\($0.interval.upperBound), probability \($0.probability))"
      }
      return "the critical learning period \(end ?? "ended"): how information flows between the "
        + "layers is fixed; data changed from here on is learned poorly"
    case .reopened:
      return "the critical learning period is open again: shares move or information rises "
        + "after it had ended"
    default:
      let peak = judgement.peak.map { " at step \($0.step)" } ?? ""
      return "information in the weights peaked\(peak) and has fallen since; the critical "
        + "learning period may be about to end"
    }
  }
}
