// Training that does not start from scratch, or does not end: what the definition demands is said.

import CriticalPeriods
import Foundation
import Testing

@testable import Monitor

@Suite struct BeyondScratchTests {
  private func verdict(on name: String) throws -> Verdict {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../etc/evaluation/\(name)").standardizedFileURL.path
    let series = try LabelledFolder(folder).series(measuringInto: nil)
    return judge(series.points, evidence: series.evidence)
  }

  /// The network was trained before: its rise lies before the first checkpoint.
  @Test(arguments: ["finetuned", "second-task", "reordered-task"])
  func whatWasTrainedBeforeIsLeftCensored(name: String) throws {
    let verdict = try verdict(on: name)
    #expect(verdict.final?.state == .ambiguous)
    #expect(verdict.final?.reason == .leftCensored)
    #expect(verdict.final?.evidence.contains { $0.text.contains("its rise lies before") } == true)
    #expect(transitions(from: verdict.trajectory).isEmpty)
  }

  /// Ten new classes after the first ten, on two probes.
  @Test(arguments: ["two-tasks", "two-tasks-first-probe"])
  func anotherTaskReopens(name: String) throws {
    let said = transitions(from: try verdict(on: name).trajectory)
    #expect(said.contains { $0.state == .closed && $0.judgement.step < 2480 })
    let reopened = try #require(said.first { $0.state == .reopened })
    #expect((2480...2480 + 8 * 31).contains(reopened.judgement.step))
  }

  @Test(arguments: [
    "language-model", "language-model-cosine", "language-model-sgd", "relu-slow", "tanh-slow",
  ])
  func whatIsStillTakenInNeverCloses(name: String) throws {
    let verdict = try verdict(on: name)
    #expect(!verdict.trajectory.contains { $0.state == .closed })
    #expect(verdict.final?.state == (name == "language-model-sgd" ? .consolidating : .acquiring))
    #expect(verdict.trajectory.allSatisfy { $0.endProbability ?? 0 < 0.5 })
  }

  /// A deprived network keeps its information, and what it is kept from is never taken in.
  @Test(arguments: ["", "-tanh", "-deep", "-gelu", "-conv", "-adam"])
  func deprivationDoesNotClose(network: String) throws {
    let verdict = try verdict(on: "permanent-blur\(network)")
    #expect(!verdict.trajectory.contains { $0.state == .closed })
  }

  @Test func deprivationShowsNoPeak() throws {
    #expect(try verdict(on: "permanent-blur").trajectory.allSatisfy { $0.peak == nil })
  }
}
