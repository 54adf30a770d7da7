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
