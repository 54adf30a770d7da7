import Foundation
import Pipeline
import Reports
import Testing

/// `plasticityd distance` on recorded runs.
@Suite struct DistanceTests {
  private static let run = "mnist1d-cnn-sgd"

  private func request(_ run: String) throws -> ProbeRequest {
    var request = ProbeRequest()
    request.probe = try ProbeDefinition(directory: Fixtures.probe(run))
    return request
  }

  private func compare(_ a: String, _ b: String) throws -> DistanceReport {
    try distance(
      Fixtures.checkpoint(Self.run, a), Fixtures.checkpoint(Self.run, b), request(Self.run))
  }

  /// The Task2Vec code's formulas on PyTorch's float64 diagonals of these two checkpoints.
  @Test func agreesWithPyTorch() throws {
    let report = try compare("epoch_004.pt", "epoch_060.pt")
    #expect(abs(try #require(report.symmetric.value) - 0.186312) <= 1e-4)
    #expect(abs(try #require(report.aToB.fineTuningCostBits.value) / 2_172_473 - 1) <= 1e-3)
    #expect(abs(try #require(report.bToA.fineTuningCostBits.value) / 273_959 - 1) <= 1e-3)
    #expect(report.classifier == "fc")
    #expect(report.filters == 512)
    #expect(report.layers.count == 11)
    #expect(report.layers.last?.symmetric.value == nil)
    let parts = report.layers.compactMap(\.aToB.fineTuningCostBits.value)
    let total = try #require(report.aToB.fineTuningCostBits.value)
    #expect(abs(parts.reduce(0, +) - total) <= 1e-9 * total)
  }

  @Test func isSymmetricAndZeroOfItself() throws {
    let there = try compare("epoch_004.pt", "epoch_010.pt")
    let back = try compare("epoch_010.pt", "epoch_004.pt")
    #expect(there.symmetric == back.symmetric)
    #expect(there.aToB.fineTuningCostBits == back.bToA.fineTuningCostBits)
    let same = try compare("epoch_004.pt", "epoch_004.pt")
    #expect(try #require(same.symmetric.value) < 1e-9)
    #expect(try #require(same.aToB.fineTuningCostBits.value) < 1e-6)
  }

  /// Without a probe: second moments say what is needed, and the costs need the batch size.
  @Test func optimizerMomentsDoWithoutAProbe() throws {
    let run = "digits-resnet-adamw-lightning"
    let names = ["epoch=04-step=110.ckpt", "epoch=23-step=528.ckpt"]
      .map { Fixtures.checkpoint(run, $0) }
    var request = ProbeRequest()
    let report = try distance(names[0], names[1], request)
    #expect(report.evidence == "optimizer")
    #expect((0.001...0.999).contains(try #require(report.symmetric.value)))
    #expect(
      report.aToB.fineTuningCostBits
        == .absent(reason: "the training batch size is not known; give --batch-size"))
    request.training.batchSize = 64
    #expect(try distance(names[0], names[1], request).aToB.fineTuningCostBits.value ?? 0 > 0)
    #expect(report.findings.first?.code == "curvature-from-moments")
  }

  /// A container that sorts by name has `h.0` before `wte`, and `wte` last; a tied head is no classifier.
  @Test func layersAreInTheModelsOrder() throws {
    let path = Fixtures.checkpoint("chars-gpt2-hf-trainer", "checkpoint-600")
    let report = try distance(path, path, ProbeRequest())
    #expect(report.layers.first?.name == "transformer.wte")
    #expect(report.layers.last?.name == "transformer.ln_f")
    #expect(report.classifier == nil)
    #expect(report.filters == report.layers.reduce(0) { $0 + $1.filters })
  }

  /// Keras sorts its layers, and its optimizer keeps their order; units are a kernel's last axis.
  @Test func layersOfKerasAreAsItsOptimizerHasThem() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../CheckpointsTests/Fixtures/keras/model.keras").standardized.path
    let report = try distance(path, path, ProbeRequest())
    let names = ["conv2d", "batch_normalization", "dense", "dense_1", "dense_2"]
    #expect(report.layers.map(\.name) == names.map { "layers/\($0)" })
    #expect(report.classifier == "layers/dense_2")
    #expect(report.layers.map(\.filters) == [3, 0, 5, 5, 0])
  }

  @Test func refusesWhatCannotBeCompared() throws {
    let sgd = Fixtures.checkpoint(Self.run, "epoch_004.pt")
    let none = try Program.plasticityd("distance", sgd, sgd)
    #expect(none.code == 65)
    #expect(none.error.hasPrefix("no-curvature: \(sgd): "))
    let digits = Fixtures.checkpoint("digits-resnet-adamw-lightning", "epoch=04-step=110.ckpt")
    let chars = Fixtures.checkpoint("chars-gpt2-hf-trainer", "checkpoint-600")
    let other = try Program.plasticityd("distance", digits, chars)
    #expect(other.code == 65)
    #expect(other.error.hasPrefix("other-architecture: \(chars): "))
    #expect(other.errorLines.count == 1)
  }

  /// A folder of reports stands for the last checkpoint of its run.
  @Test func reportsStandForTheirLastCheckpoint() throws {
    let base = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: base) }
    let checkpoints = base.appending(path: "runs/small")
    try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
    for name in ["epoch_000.pt", "epoch_004.pt"] {
      try FileManager.default.copyItem(
        atPath: Fixtures.checkpoint(Self.run, name),
        toPath: checkpoints.appending(path: name).path)
    }
    let reports = base.appending(path: "reports").path
    let backfill = try Program.plasticityd(
      "backfill", checkpoints.path, "--probe", Fixtures.probe(Self.run), "--reports", reports)
    #expect(backfill.code == 0)
    let finished = try Program.plasticityd(
      "distance", "\(reports)/small", Fixtures.checkpoint(Self.run, "epoch_060.pt"), "--probe",
      Fixtures.probe(Self.run))
    #expect(finished.code == 0, "\(finished.error)")
    let report = try DistanceReport(yaml: finished.output, path: "output")
    #expect(report.a.step == 128)
    #expect(abs(try #require(report.symmetric.value) - 0.186312) <= 1e-4)
    try FileManager.default.removeItem(at: checkpoints)
    let gone = try Program.plasticityd(
      "distance", "\(reports)/small", "\(reports)/small", "--probe", Fixtures.probe(Self.run))
    #expect(gone.code == 66)
    #expect(gone.error.hasPrefix("checkpoint-gone: "))
  }
}
