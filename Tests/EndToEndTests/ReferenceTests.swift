import Foundation
import Pipeline
import Reports
import Testing

/// The whole pipeline against PyTorch in float64, on real checkpoints of three architectures.
@Suite struct ReferenceTests {
  struct Case: CustomTestStringConvertible {
    let run: String
    let name: String
    var testDescription: String { "\(run)/\(name)" }
  }

  static let cases: [Case] = [
    Case(run: "mnist1d-cnn-sgd", name: "epoch_000.pt"),
    Case(run: "mnist1d-cnn-sgd", name: "epoch_004.pt"),
    Case(run: "mnist1d-cnn-sgd", name: "epoch_060.pt"),
    Case(run: "digits-resnet-adamw-lightning", name: "epoch=00-step=22.ckpt"),
    Case(run: "digits-resnet-adamw-lightning", name: "epoch=04-step=110.ckpt"),
    Case(run: "digits-resnet-adamw-lightning", name: "epoch=23-step=528.ckpt"),
    Case(run: "chars-gpt2-hf-trainer", name: "checkpoint-0"),
    Case(run: "chars-gpt2-hf-trainer", name: "checkpoint-1200"),
  ]

  private func measure(_ item: Case, _ change: (inout ProbeRequest) -> Void = { _ in }) throws
    -> CheckpointReport
  {
    var request = ProbeRequest()
    request.probe = try ProbeDefinition(directory: Fixtures.probe(item.run))
    request.labels = .exact
    change(&request)
    return try probe(Fixtures.checkpoint(item.run, item.name), request)
  }

  @Test(arguments: cases)
  func exactFisherInformation(_ item: Case) throws {
    let reference = try Fixtures.reference(item.run, item.name)
    let report = try measure(item)
    #expect(report.checkpoint.step == reference.step)
    let loss = try #require(report.performance?.loss.value)
    #expect(abs(loss - reference.loss) <= 1e-4 * reference.loss)
    let accuracy = try #require(report.performance?.accuracy?.value)
    #expect(abs(accuracy - reference.accuracy) <= 1e-9)
    let total = try #require(report.information?.fisherTrace.value)
    #expect(abs(total - reference.total) <= 1e-3 * reference.total)

    let tensors = Dictionary(
      uniqueKeysWithValues: report.layers.flatMap(\.tensors).map { ($0.name, $0) })
    let measured = tensors.filter { $0.value.fisherTrace != nil }
    #expect(Set(measured.keys) == Set(reference.traces.keys))
    for (name, expected) in reference.traces {
      let value = try #require(tensors[name]?.fisherTrace?.value)
      // Relative, but absolute for tensors that hold less than a millionth of the total.
      #expect(
        abs(value - expected) <= 1e-3 * max(expected, 1e-6 * reference.total), "\(name)")
    }
    for (name, expected) in reference.empirical {
      let value = try #require(tensors[name]?.empiricalFisherTrace?.value)
      #expect(
        abs(value - expected) <= 1e-3 * max(expected, 1e-6 * reference.total), "\(name)")
    }
    let shares = report.layers.compactMap(\.share)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
  }

  /// The data's labels are not drawn: their quantity does not depend on how the others are.
  @Test(arguments: ["epoch_000.pt", "epoch_060.pt"])
  func empiricalFisherBesideSampledLabels(_ name: String) throws {
    let item = Case(run: "mnist1d-cnn-sgd", name: name)
    let reference = try Fixtures.reference(item.run, item.name)
    let report = try measure(item) { $0.labels = .sampled }
    let tensors = Dictionary(
      uniqueKeysWithValues: report.layers.flatMap(\.tensors).map { ($0.name, $0) })
    for (name, expected) in reference.empirical {
      let value = try #require(tensors[name]?.empiricalFisherTrace?.value)
      #expect(
        abs(value - expected) <= 1e-3 * max(expected, 1e-6 * reference.total), "\(name)")
    }
  }

  @Test(arguments: ["epoch_000.pt", "epoch_004.pt", "epoch_060.pt"])
  func informationInTheWeights(_ name: String) throws {
    let run = "mnist1d-cnn-sgd"
    let reference = try #require(
      try Fixtures.json(run, "reference_information.json")[name] as? [String: [String: Any]])
    for (tolerance, expected) in reference {
      let report = try measure(Case(run: run, name: name)) {
        $0.toleranceNats = Double(tolerance)
      }
      let bits = try #require(expected["information_bits"] as? Double)
      let total = try #require(report.information?.informationBits.value)
      #expect(abs(total - bits) <= 0.01 * bits, "total at \(tolerance)")
      let layers = try #require(expected["layers"] as? [String: [String: Double]])
      for layer in report.layers {
        let values = try #require(layers[layer.name])
        let layerBits = try #require(values["information_bits"])
        let budget = try #require(values["noise_budget"])
        #expect(
          abs(try #require(layer.informationBits?.value) - layerBits) <= 0.01 * layerBits,
          "\(layer.name) at \(tolerance)")
        #expect(
          abs(try #require(layer.noiseBudget?.value) - budget) <= 0.01 * budget,
          "\(layer.name) at \(tolerance)")
      }
    }
  }

  /// 20 seeds: the mean within 3 standard errors of the exact value, and about two thirds of the
  /// single values within one of their spread.
  @Test func sampledLabelsAreUnbiased() throws {
    let item = Case(run: "mnist1d-cnn-sgd", name: "epoch_004.pt")
    let exact = try #require(try measure(item).information?.fisherTrace.value)
    let sampled = try (0..<20).map { seed in
      try #require(
        try measure(item) {
          $0.labels = .sampled
          $0.seed = seed
        }.information?.fisherTrace.value)
    }
    let mean = sampled.reduce(0, +) / 20
    let deviation = (sampled.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 19).squareRoot()
    #expect(abs(mean - exact) <= 3 * deviation / 20.0.squareRoot(), "\(mean) for \(exact)")
    let within = sampled.filter { abs($0 - exact) <= deviation }.count
    #expect((9...18).contains(within), "\(within) of 20 within one standard deviation")
    #expect(Set(sampled).count == 20)
  }

  @Test func sameSeedSameNumbers() throws {
    let item = Case(run: "mnist1d-cnn-sgd", name: "epoch_004.pt")
    let reports = try [1, 2].map { threads in
      try measure(item) {
        $0.labels = .sampled
        $0.seed = 7
        $0.threads = threads
      }
    }
    #expect(reports[0].information?.fisherTrace == reports[1].information?.fisherTrace)
  }

  @Test func withoutAProbeTheReportSaysSo() throws {
    let report = try probe(
      Fixtures.checkpoint("digits-resnet-adamw-lightning", "epoch=04-step=110.ckpt"),
      ProbeRequest())
    #expect(report.evidence == ["weights", "optimizer"])
    #expect(report.probe == nil && report.information == nil)
    #expect(report.optimizer?.kind == "adam")
    let total = try #require(report.optimizer?.windowedSecondMoment.value)
    let parts = report.layers.compactMap { $0.optimizer?.windowedSecondMoment.value }
    #expect(abs(parts.reduce(0, +) - total) <= 1e-9 * total)
  }

  @Test func comparedWithThePreviousCheckpoint() throws {
    let item = Case(run: "mnist1d-cnn-sgd", name: "epoch_005.pt")
    let report = try measure(item) {
      $0.previous = Fixtures.checkpoint(item.run, "epoch_004.pt")
    }
    let plasticity = try #require(report.flow?.plasticity)
    #expect(plasticity.sinceStep == 128)
    let value = try #require(plasticity.value)
    let interval = try #require(plasticity.interval)
    #expect(value > 0 && interval[0] < interval[1])
    let recordings = try #require(report.flow?.recordings)
    #expect(recordings.count == report.layers.count)
    for recording in recordings {
      let alignment = try #require(recording.ckaToPrevious.value)
      #expect(alignment > 0.5 && alignment <= 1.0001)
    }
    for layer in report.layers {
      let relative = try #require(layer.update?.relative.value)
      #expect(relative > 0 && relative < 1)
      #expect(layer.update?.relative.standardError == nil)
    }
  }
}
