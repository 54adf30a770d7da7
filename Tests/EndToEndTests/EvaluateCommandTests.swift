// `plasticityd evaluate` as a person runs it: labelled runs in, the comparison on standard output.

import Foundation
import Reports
import TestSupport
import Testing

@Suite struct EvaluateCommandTests {
  /// A labelled run with its checkpoints and a probe; the label is no laboratory's.
  private func makeRun(in folder: TestFolder) throws {
    try folder.text("runs/convolutional/label.json", #"{"end_step": 500}"#)
    let run = URL(filePath: folder.path).appending(path: "runs/convolutional")
    let recorded = Fixtures.root.appending(path: "mnist1d-cnn-sgd")
    func copy(_ source: String, _ name: String) throws {
      try FileManager.default.copyItem(
        at: recorded.appending(path: source), to: run.appending(path: name))
    }
    try copy("probe/graph.onnx", "probe.onnx")
    try copy("probe/batch.npz", "probe.npz")
    try FileManager.default.createDirectory(
      at: run.appending(path: "checkpoints"), withIntermediateDirectories: false)
    for epoch in [0, 1, 2, 3, 5, 8, 14, 26, 40, 60] {
      let file = "checkpoints/epoch_0" + (epoch < 10 ? "0" : "") + "\(epoch).pt"
      try copy(file, file)
    }
  }

  @Test func checkpointsAreMeasuredAndEveryMethodAsked() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try makeRun(in: folder)
    try folder.text("runs/torn/label.json", #"{"end_step": "#)
    let evaluate = {
      try Program.plasticityd(
        "evaluate", folder.path + "/runs", "--measure", folder.path + "/measured")
    }
    let done = try evaluate()
    #expect(done.code == 0, "\(done.error)")
    #expect(done.errorLines.count == 1 && done.error.hasPrefix("passed over: "))
    let report = try EvaluationReport(yaml: done.output, path: "evaluation.yaml")
    #expect(report.labelled == 1 && report.unreadable.count == 1)
    let said = try #require(report.runs.first).said
    #expect(said.map(\.method) == report.methods.map(\.method))
    #expect(said.first { $0.method == "ours" }?.step != nil)
    // Weights turn away from where they started, and checkpoints tell how far.
    #expect(said.first { $0.method == "layer-rotation" }?.step != nil)
    // What is measured already is read again.
    #expect(try evaluate().output == done.output)
  }

  /// Thirty checkpoints that learn; `rate` and `loss` as JSON writes them.
  private static func series(
    rate: (Int) -> String = { _ in "0.05" },
    loss: (Int) -> String = { "\(2.3 / (1 + Double($0) / 8))" }
  ) -> String {
    let rows = (0..<30).map {
      "{\"step\": \($0 * 32), \"epoch\": \($0), \"learning_rate\": \(rate($0)), "
        + "\"train_loss\": \(loss($0)), \"train_accuracy\": null}"
    }
    return "[\(rows.joined(separator: ",\n"))]"
  }

  /// Each fault costs its own run and is named; nothing traps.
  @Test func faultyRunsAreNamedAndTheOthersCompared() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    func run(_ name: String, label: String = #"{"end_step": 300}"#, series: String) throws {
      try folder.text("runs/\(name)/label.json", label)
      try folder.text("runs/\(name)/series.json", series)
    }
    let plain = Self.series()
    try run("plain", series: plain)
    try run("tiny-rates", series: Self.series(rate: { $0 > 5 && $0 < 9 ? "1e-200" : "0.05" }))
    try run("vanished-rates", series: Self.series(rate: { ["5e-324", "0", "1e-309"][$0 % 3] }))
    let faults = [
      ("reversed", "bad-label"), ("negative", "bad-label"), ("epochs-only", "bad-label"),
      ("empty", "no-series"), ("not-a-number", "wrong-document"),
    ]
    try run("reversed", label: #"{"end_step": 9, "end_step_interval": [20, 5]}"#, series: plain)
    try run("negative", label: #"{"end_step": -5}"#, series: plain)
    try run("epochs-only", label: #"{"end_epoch": 5}"#, series: plain)
    try run("empty", series: "[]")
    try run("not-a-number", series: Self.series(loss: { $0 == 3 ? "NaN" : "1" }))
    try folder.text("runs/loop/series.json", plain)
    try folder.link("runs/loop/label.json", to: "label.json")

    let done = try Program.plasticityd("evaluate", folder.path + "/runs")
    #expect(done.code == 0, "\(done.error)")
    let report = try EvaluationReport(yaml: done.output, path: "evaluation.yaml")
    #expect(report.runs.map(\.run) == ["plain", "tiny-rates", "vanished-rates"])
    for (name, code) in faults {
      #expect(
        report.unreadable.contains { $0.hasPrefix(code) && $0.contains("/\(name)/") }, "\(name)")
    }
    #expect(report.unreadable.contains { $0.contains("/loop/label.json") })
    #expect(report.unreadable.contains { $0.contains("found NaN, for which to write null") })
    #expect(done.errorLines.count == report.unreadable.count && report.unreadable.count == 6)
    #expect(!String(decoding: done.output, as: UTF8.self).lowercased().contains(": nan"))
  }

  @Test func mistakesAreOneLineEach() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for (place, start) in [
      ("/nonexistent/runs", "no-such-folder: "), (folder.path, "no-labels: "),
    ] {
      let done = try Program.plasticityd("evaluate", place)
      #expect(done.code == 66)
      #expect(done.errorLines.count == 1 && done.error.hasPrefix(start))
    }
  }
}
