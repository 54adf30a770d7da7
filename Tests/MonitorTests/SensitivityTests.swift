// A deficit experiment on disk, from its folders to its document.

import Diagnostics
import Foundation
import Monitor
import Reports
import TestSupport
import Testing

@Suite struct SensitivityTests {
  @Test func experimentBecomesACurveWithItsEnd() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for seed in 1...3 {
      let offset = Double(seed) * 0.01
      try write(folder, "control-seed\(seed)", seed, nil, 0.7 + offset)
      for (start, loss) in [(0, 0.04), (5, 0.03), (10, 0.02), (15, 0.0), (30, 0.0)] {
        try write(
          folder, "blur-\(start)-seed\(seed)", seed, (start, start + 20), 0.7 + offset - loss)
      }
      try write(folder, "blur-60-seed\(seed)", seed, (0, 60), 0.5 + offset)
      try write(folder, "blur-100-seed\(seed)", seed, (0, 100), 0.3 + offset)
    }
    try folder.text(
      "control-seed1/series.json",
      #"""
      [{"epoch": 0, "step": 0, "fisher_trace": 2.5, "standard_error": 0.5, "test_accuracy": 0.1, "confidence": 0.9},
       {"epoch": 10, "step": 320, "fisher_trace": 2e1, "test_accuracy": 0.5, "confidence": 0.4},
       {"epoch": 100, "step": 3200, "fisher_trace": 5, "test_accuracy": 0.71, "confidence": 1e-05}]
      """#)
    let report = try sensitivity(of: [folder.path])
    #expect(report.seeds == [1, 2, 3])
    #expect(abs((report.control.accuracy ?? 0) - 0.72) < 1e-9)
    #expect(report.curves.map(\.kind) == ["windows", "removals"])
    let windows = report.curves[0]
    #expect(windows.points.map(\.epoch) == [0, 5, 10, 15, 30])
    #expect(windows.points.map(\.fisherTrace?.value) == [2.5, 2.5, 20, 20, 20])
    #expect(windows.points[0].fisherTrace == .estimate(2.5, standardError: 0.5))
    let end = try #require(windows.end)
    #expect(abs(end.epoch - 12.5) < 1e-6)
    #expect(end.step == 400)
    #expect(end.stepInterval == [400, 400])
    #expect(windows.reason == nil)
    #expect(report.curves[1].points.map(\.epoch) == [20, 60, 100])
    #expect(report.curves[1].end == nil)
    #expect(report.information.map(\.peakStep) == [320])
    #expect(report.information[0].keptFraction == 0.25)
    #expect(report.findings.isEmpty)

    let written = try report.yaml()
    let read = try SensitivityReport(yaml: written, path: "s.yaml")
    #expect(try read.yaml() == written)
  }

  /// Seeds differ by more than most windows cost: a run is compared with its own clean one.
  @Test func seedsWithoutACleanRunAreLeftOut() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for seed in 1...4 {
      let worse = seed == 4 ? 0.1 : 0
      if seed != 4 { try write(folder, "control-seed\(seed)", seed, nil, 0.7) }
      for (start, loss) in [(0, 0.04), (10, 0.0), (20, 0.0)] {
        try write(
          folder, "blur-\(start)-seed\(seed)", seed, (start, start + 20), 0.7 - loss - worse)
      }
    }
    try write(folder, "again", 1, nil, 0.7)
    // Spoilt when the accuracy is taken: no lasting mark.
    try write(folder, "blur-80-seed1", 1, (80, 100), 0.2)
    try write(folder, "blur-30-seed1", 1, (30, 50), 70)
    let report = try sensitivity(of: [folder.path])
    #expect(report.findings.filter { $0.code == "impossible-accuracy" }.count == 1)
    #expect(report.curves[0].points.map(\.runs) == [3, 3, 3])
    #expect(report.curves[0].points.allSatisfy { $0.accuracyLoss.value ?? 1 < 0.05 })
    #expect(report.curves[0].end != nil)
    let codes = report.findings.map(\.code)
    #expect(codes.contains("no-clean-seed") && codes.contains("same-seed"))
    #expect(codes.contains("no-recovery") && !codes.contains("no-curve"))
  }

  @Test func labelIsReadOffItsCurveAgain() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try folder.text(
      "label.json",
      #"""
      {"network": "0.05 \u00d7 cosine", "epochs": 140, "seeds": [1, 2, 3], "control_accuracy": 0.6,
       "sensitivity": [{"start": 25, "accuracy_loss": 0.0026, "runs": 3},
                       {"start": 0, "accuracy_loss": 0.017, "runs": 3},
                       {"start": 20, "accuracy_loss": 0.0046, "runs": 3}],
       "end_epoch": 20.9, "end_epoch_interval": [15.9, 34.9], "end_step": 669,
       "end_step_interval": [509, 1117], "undetermined_fraction": 0.0}
      """#)
    let report = try sensitivity(of: [folder.path])
    let end = try #require(report.curves[0].end)
    #expect(abs(end.epoch - 20.875) < 1e-9)
    #expect(end.step == 668)
    #expect(end.epochInterval == [15.9, 34.9])
    #expect(report.network == "0.05 × cosine")
  }

  @Test func whatIsWrongIsSaid() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    #expect(problem(folder.path + "/none") == "no-such-folder")
    #expect(problem(folder.path) == "no-runs")
    try write(folder, "a", 1, (0, 20), 0.5)
    #expect(problem(folder.path) == "no-clean-run")
    try write(folder, "b", 1, nil, 0.5, epochs: 50)
    #expect(problem(folder.path) == "mixed-runs")
    try folder.text("b/deficit.yaml", "schema: plasticityd/deficit/v1\nseed: one\n")
    #expect(problem(folder.path) == "wrong-document")
    try folder.text("b/deficit.yaml", "schema: plasticityd/run/v1\n")
    #expect(problem(folder.path) == "wrong-schema")
    // A label is read by itself, whatever is wrong beside it.
    try folder.text("labelled/c/label.json", "{}")
    try folder.text("labelled/d/deficit.yaml", "schema: plasticityd/run/v1\n")
    #expect(problem(folder.path + "/labelled") == "mixed-runs")
  }

  @Test func whatCannotBeReadIsLeftOut() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try write(folder, "control", 1, nil, 0.7)
    for (start, loss) in [(0, 0.04), (5, 0.03), (10, 0.0)] {
      try write(folder, "blur-\(start)", 1, (start, start + 20), 0.7 - loss)
    }
    try folder.text("blur-30/deficit.yaml", "schema: plasticityd/deficit/v1\nseed: one\n")
    try folder.text("control/series.json", "[{")
    let report = try sensitivity(of: [folder.path, folder.path + "/control"])
    #expect(report.curves.map { $0.points.map(\.epoch) } == [[0, 5, 10]])
    #expect(report.control.runs == 1)
    #expect(report.information.isEmpty)
    let left = report.findings.prefix(2)
    #expect(left.map(\.code) == ["unreadable-run", "unreadable-information"])
    let places = ["blur-30/deficit.yaml", "control/series.json:2:1"]
    #expect(left.map(\.where) == places.map { "\(folder.path)/\($0)" })
  }

  /// A run that no curve can hold is named, as is one that cannot have been.
  @Test func noRunIsLeftOutWithoutAWord() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try write(folder, "control", 1, nil, 0.7)
    for start in [0, 5, 10] { try write(folder, "blur-\(start)", 1, (start, start + 20), 0.6) }
    try write(folder, "shorter", 1, (10, 15), 0.6)
    try write(folder, "backwards", 1, (15, 10), 0.6)
    try write(folder, "endless", 1, (0, 20), 0.6, steps: 0)
    let report = try sensitivity(of: [folder.path])
    #expect(report.curves.map { $0.points.map(\.epoch) } == [[0, 5, 10]])
    let said = report.findings.map { "\($0.code) \($0.where.dropFirst(folder.path.count + 1))" }
    #expect(said.contains("no-curve shorter"), "\(said)")
    #expect(said.contains("unreadable-run backwards/deficit.yaml"), "\(said)")
    #expect(said.contains("unreadable-run endless/deficit.yaml"), "\(said)")
  }

  @Test func absurdNumbersDoNotTrap() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try write(folder, "a", Int.max, nil, 1e308, steps: Int.max)
    for start in [0, 3, Int.max - 1] {
      try write(folder, "w\(start)", -5, (start, Int.max), -1e308, steps: Int.max)
    }
    try write(folder, "backwards", 1, (9, 3), 0.5, steps: Int.max)
    try folder.text("a/series.json", "[]")
    let report = try sensitivity(of: [folder.path])
    _ = try report.yaml()
  }

  private func problem(_ folder: String) -> String? {
    do throws(Problem) {
      _ = try sensitivity(of: [folder])
      return nil
    } catch {
      return error.code
    }
  }

  private func write(
    _ folder: TestFolder, _ name: String, _ seed: Int, _ window: (Int, Int)?, _ accuracy: Double,
    epochs: Int = 100, steps: Int = 32
  ) throws {
    let written = window.map { "{start_epoch: \($0), end_epoch: \($1)}" } ?? "null"
    try folder.text(
      "\(name)/deficit.yaml",
      """
      schema: plasticityd/deficit/v1
      experiment: "mine:make"
      seed: \(seed)
      epochs: \(epochs)
      steps_per_epoch: \(steps)
      deficit: blur
      strength: 4
      window: \(written)
      final: {test_accuracy: \(accuracy), test_loss: 0.5}
      """)
  }
}
