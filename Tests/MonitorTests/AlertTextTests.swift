// What a person reads when a decision was taken: every sentence only as strong as its evidence.

import CriticalPeriods
import Foundation
import Reports
import Testing

@testable import Monitor

@Suite struct AlertTextTests {
  private func closing(
    _ probability: Double, basis: End.Basis = .progress, layers: [LayerVerdict] = []
  ) -> AlertReport {
    let progress = "21 % of the task remains: the period has ended with probability \(probability)"
    let end = End(
      step: 400, interval: 250...700, probability: probability, decidedAtStep: 448, basis: basis)
    return alert(
      Judgement(
        segment: 0, step: 448, state: .closed, end: end,
        evidence: [
          Finding(.progress, progress),
          Finding(.plasticity, "shares moved at 0.001 bits per doubling of the step"),
        ]), layers: layers)
  }

  private func alert(_ judgement: Judgement, layers: [LayerVerdict] = []) -> AlertReport {
    AlertReport(
      Transition(state: judgement.state, judgement: judgement), layers: layers, run: "night",
      runReport: "night/run.yaml")
  }

  private func layer(_ name: String, fixedAt step: Int?, saidAt said: Int) -> LayerVerdict {
    let end = step.map {
      End(step: $0, interval: $0...$0, probability: 0.8, decidedAtStep: said, basis: .shares)
    }
    return LayerVerdict(
      name: name,
      trajectory: [
        Judgement(segment: 0, step: 0, state: .acquiring),
        Judgement(segment: 0, step: said, state: end == nil ? .acquiring : .closed, end: end),
      ])
  }

  @Test(arguments: [
    (0.5, "has more likely than not ended"), (0.69, "has more likely than not ended"),
    (0.7, "has probably ended"), (0.89, "has probably ended"), (0.95, "has ended"),
  ])
  func anEndIsSaidAsSurelyAsItIsKnown(probability: Double, words: String) {
    let summary = closing(probability).summary
    #expect(summary.hasPrefix("the critical learning period \(words) at step 400"), "\(summary)")
    #expect(summary.contains("between 250 and 700"))
    #expect(summary.contains(", said at step 448; 21 % of the task remains: "))
    #expect(summary.components(separatedBy: "probability \(probability)").count == 2)
  }

  @Test func anEndByTheSharesSaysThatItRestsOnThem() {
    // However high the number, it is a statement of margin and not calibrated.
    let alert = closing(0.95, basis: .shares)
    #expect(
      alert.summary.hasPrefix(
        "the critical learning period has, as far as the layers' shares tell, ended at step 400"))
    #expect(
      alert.summary.contains("said at step 448 with probability 0.95; shares moved at 0.001 bits"))
    #expect(!alert.summary.contains("% of the task"))
    #expect((alert.advice ?? []).allSatisfy { !$0.text.contains("likely to") })
    #expect((alert.advice ?? []).contains { $0.text.contains("not calibrated") })
  }

  @Test(arguments: [(0.55, "may"), (0.8, "are likely to")])
  func adviceIsAsStrongAsTheEnd(probability: Double, words: String) throws {
    let advice = try #require(closing(probability).advice)
    #expect(advice.count == 2)
    #expect(advice[0].text.contains("before step 400 \(words) have left a lasting mark"))
    #expect(advice[1].text.contains("from here on \(words) matter little"))
  }

  @Test func everyAdviceNamesItsSource() {
    let fixed = [layer("conv1", fixedAt: 120, saidAt: 300)]
    let alerts = [
      closing(0.9, layers: fixed),
      alert(Judgement(segment: 0, step: 9, state: .peaked)),
      alert(Judgement(segment: 0, step: 9, state: .reopened)),
    ]
    for alert in alerts {
      #expect(alert.advice?.isEmpty == false, "\(alert.state)")
      #expect((alert.advice ?? []).allSatisfy { $0.source.contains("arXiv") }, "\(alert.state)")
    }
  }

  @Test func onlyLayersFixedByThenAreNamed() throws {
    let layers = [
      layer("late", fixedAt: 300, saidAt: 440), layer("early", fixedAt: 120, saidAt: 200),
      layer("moving", fixedAt: nil, saidAt: 200), layer("after", fixedAt: 400, saidAt: 800),
    ]
    let advice = try #require(closing(0.9, layers: layers).advice)
    let freezing = try #require(advice.last)
    #expect(freezing.text.contains("first fixed first: early, late; they"), "\(freezing.text)")
    #expect(freezing.text.contains("compare the accuracy before relying on it"))
    #expect(!freezing.text.contains("moving"))
    #expect(!freezing.text.contains("after,"))
  }

  @Test func manyLayersAreCounted() throws {
    let layers = (10..<30).map { (step: Int) in layer("l\(step)", fixedAt: step, saidAt: 300) }
    let freezing = try #require(closing(0.9, layers: layers).advice?.last)
    #expect(freezing.text.contains("l10, l11, l12, l13, l14, l15, l16, l17 and 12 more; they"))
  }

  @Test func aPeakIsNotCalledTheEnd() throws {
    let peak = Peak(step: 96, interval: 64...128, decidedAtStep: 192)
    let alert = alert(Judgement(segment: 0, step: 192, state: .peaked, peak: peak))
    #expect(alert.summary.contains("peaked at step 96"))
    #expect(alert.summary.contains("not yet the end"))
    #expect(alert.criticalPeriod.end == nil)
    #expect(try #require(alert.advice).count == 1)
  }

  @Test func aReopeningSaysWhy() {
    let alert = alert(
      Judgement(
        segment: 0, step: 900, state: .reopened,
        evidence: [Finding(.reopening, "the network knows less than when the period ended")]))
    #expect(
      alert.summary
        == "the critical learning period is open again: the network knows less than when the "
        + "period ended")
  }
}
