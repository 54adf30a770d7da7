import Foundation
import Pipeline
import Reports
import Testing

/// What a budget leaves of a real probe, and what stays comparable.
@Suite struct BudgetTests {
  private static let run = "mnist1d-cnn-sgd"

  private func measure(_ arguments: String...) throws -> CheckpointReport {
    let finished = try Program.run(
      Program.plasticityd,
      [
        "probe", Fixtures.checkpoint(Self.run, "epoch_060.pt"), "--probe",
        Fixtures.probe(Self.run), "--weight-draws", "0",
      ] + arguments)
    #expect(finished.code == 0, "\(finished.error)")
    return try CheckpointReport(yaml: finished.output, path: "output")
  }

  @Test func precisionSavesExamples() throws {
    let report = try measure("--precision", "0.15")
    let probe = try #require(report.probe)
    #expect(probe.of == 256 && probe.stoppedBy == "precision")
    #expect((32..<256).contains(probe.examples))
    #expect(try #require(probe.relativeStandardError) <= 0.15)
    let whole = try measure()
    #expect(whole.probe?.of == nil && whole.probe?.stoppedBy == nil)
    let (few, all) = (report.information?.fisherTrace, whole.information?.fisherTrace)
    let gap = abs(try #require(few?.value) - (try #require(all?.value)))
    #expect(gap <= 3 * (few?.standardError ?? 0))
  }

  /// Everything that is compared with an earlier checkpoint is compared on the same examples.
  @Test func comparesTheSameExamples() throws {
    let report = try measure(
      "--precision", "0.15", "--previous", Fixtures.checkpoint(Self.run, "epoch_050.pt"),
      "--reference-entropy-bits", "0.6")
    let recordings = try #require(report.flow?.recordings)
    #expect(recordings.count == 11)
    #expect(recordings.allSatisfy { $0.ckaToPrevious.value != nil })
    #expect(report.flow?.plasticity?.value != nil)
    let tempered = try #require(report.information?.temperedTrace?.value)
    #expect(tempered > 2 * (report.information?.fisherTrace.value ?? .infinity))
  }

  @Test func sampledLabelsSayWhereTheirErrorIsFrom() throws {
    let report = try measure("--labels", "sampled", "--precision", "0.1")
    let probe = try #require(report.probe)
    #expect(try #require(probe.draws) >= 2)
    #expect(["labels", "examples"].contains(probe.dominatedBy))
    let labels = try #require(report.information?.labelStandardError)
    #expect(labels > 0 && labels < report.information?.fisherTrace.standardError ?? 0)
  }

  @Test func budgetsAreChecked() throws {
    for option in ["--precision", "--seconds"] {
      let finished = try Program.plasticityd("probe", "x", option, "0")
      #expect(finished.code == 64)
    }
  }

  /// The reference of the tempered trace is the checkpoint with the largest trace before.
  @Test func backfillTempersToThePeak() throws {
    let base = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: base) }
    let checkpoints = base.appending(path: "runs/small")
    try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
    for name in ["epoch_000.pt", "epoch_004.pt", "epoch_010.pt", "epoch_060.pt"] {
      try FileManager.default.copyItem(
        atPath: Fixtures.checkpoint(Self.run, name),
        toPath: checkpoints.appending(path: name).path)
    }
    let reports = base.appending(path: "reports").path
    let backfill = try Program.plasticityd(
      "backfill", checkpoints.path, "--probe", Fixtures.probe(Self.run), "--reports", reports)
    #expect(backfill.code == 0, "\(backfill.error)")
    var measured: [Int: CheckpointReport] = [:]
    let folder = reports + "/small"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder)
    where name.hasPrefix("step-") {
      let bytes = try Data(contentsOf: URL(filePath: folder + "/" + name))
      let report = try CheckpointReport(yaml: Array(bytes), path: name)
      measured[try #require(report.checkpoint.step)] = report
    }
    let steps = measured.keys.sorted()
    let sorted = try steps.map { try #require(measured[$0]) }
    #expect(sorted.count == 4)
    #expect(sorted[0].information?.referenceEntropyBits == nil)
    #expect(sorted[0].information?.temperedTrace?.value == nil)
    let peak = try #require(sorted[1].performance?.entropyBits?.value)
    for later in sorted[2...] {
      #expect(later.information?.referenceEntropyBits == peak)
      #expect(later.information?.temperedTrace?.value != nil)
      #expect((later.information?.temperature ?? 0) > 1)
    }
  }
}
