import CriticalPeriods
import Reports

extension AlertReport {
  /// The alert of a change of state.
  ///
  /// - Parameter layers: the run's layers, judged up to the same checkpoint or further.
  init(_ transition: Transition, layers: [LayerVerdict], run: String, runReport: String) {
    let judgement = transition.judgement
    self.init(
      id: ReportPaths.alertIdentity(
        run: run, segment: judgement.segment, state: transition.state.rawValue,
        occurrence: transition.occurrence),
      run: run, state: transition.state.rawValue, step: judgement.step,
      summary: Self.sentence(transition), criticalPeriod: CriticalPeriodReport(judgement),
      runReport: runReport)
    let advice = Advice(
      transition, fixedLayers: Self.fixed(layers, at: judgement))
    if !advice.items.isEmpty { self.advice = advice.items }
  }

  /// The layers that were fixed at the judgement's checkpoint, those fixed first in front.
  private static func fixed(_ layers: [LayerVerdict], at judgement: Judgement) -> [String] {
    layers.compactMap { layer -> (name: String, step: Int)? in
      let then = layer.trajectory.last {
        ($0.segment, $0.step) <= (judgement.segment, judgement.step)
      }
      guard let then, then.state == .closed, let end = then.end else { return nil }
      return (layer.name, end.step)
    }
    .sorted { ($0.step, $0.name) < ($1.step, $1.name) }
    .map(\.name)
  }

  private static func sentence(_ transition: Transition) -> String {
    let judgement = transition.judgement
    switch transition.state {
    case .closed:
      guard let end = judgement.end else { return "the critical learning period has ended" }
      let ground = judgement.evidence.first {
        $0.name == (end.basis == .progress ? .progress : .plasticity)
      }
      // What is said of progress ends with the probability.
      let isKnown = end.basis == .progress && ground != nil
      return "the critical learning period \(Advice.strength(end)) ended at step \(end.step) "
        + "(between \(end.interval.lowerBound) and \(end.interval.upperBound)), said at step "
        + "\(end.decidedAtStep)"
        + (isKnown ? "" : " with probability \((end.probability * 100).rounded() / 100)")
        + (ground.map { "; \($0.text)" } ?? "")
    case .reopened:
      let why = judgement.evidence.first { $0.name == .reopening }
      return "the critical learning period is open again: "
        + (why?.text ?? "shares move or information rises after it had ended")
    default:
      let peak = judgement.peak.map { " at step \($0.step)" } ?? ""
      return
        "information in the weights peaked\(peak) and has fallen since; that is not yet the end "
        + "of the critical learning period, but it may be near"
    }
  }
}
