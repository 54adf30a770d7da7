import Diagnostics
import Foundation
import Ledger
import Reports
import TestSupport
import Testing
import Watching

@testable import Monitor

/// A daemon that has reported ten thousand checkpoints in its life, all of them still there
/// (reliability.md §4, P4).
@Suite struct KnownCheckpointsTests {
  private static let (runs, steps) = (100, 100)

  /// As they lie on the disk, and as the ledger knows them.
  private func fill(_ harness: Harness) throws {
    for run in 0..<Self.runs {
      try harness.folder.folder("runs/\(run)")
      for step in 0..<Self.steps {
        try harness.checkpoint("\(run)/step_\(step).pt")
      }
    }
    let found = try Scanner(root: harness.folder.path + "/runs").scan()
    let rows = try found.candidates.map { candidate in
      let step = Int(candidate.stepInName ?? 0)
      return try Row(
        step: step, digest: candidate.path, traces: [Double(1 + step)], weights: [Float(step), 1]
      ).made().yaml()
    }
    let ledger = try Ledger.open(directory: harness.folder.path + "/state")
    try ledger.transaction { () throws(Problem) in
      for (candidate, row) in zip(found.candidates, rows) {
        let run = Path.name(candidate.runDirectory)
        let entry = try ledger.observe(
          path: candidate.path, run: run, fingerprint: .init(candidate.fingerprint.text))
        try ledger.settled(entry.id)
        _ = try ledger.started(entry.id)
        _ = try ledger.done(
          entry.id,
          measurement: StoredMeasurement(
            run: run, digest: candidate.path, step: candidate.stepInName.map { Int($0) },
            epoch: nil, path: candidate.path, reportPath: candidate.path + ".yaml", document: row))
      }
    }
  }

  @Test func areNotReadAgain() throws {
    let harness = try Harness()
    try fill(harness)
    try harness.configure(interval: 0.05)
    try harness.start(hints: false)
    // A new one is not held up by them.
    try harness.checkpoint("7/step_\(Self.steps).pt")
    #expect(harness.waitFor("record 7 step_\(Self.steps).pt fine\n"))
    harness.stop()
    #expect(harness.told.all.count == 1)
    #expect(try harness.status().contains("checkpoints: \(Self.runs * Self.steps + 1)"))
    #expect(!harness.log.all.contains { $0.hasPrefix("missed") || $0.hasPrefix("rejected") })
  }
}
