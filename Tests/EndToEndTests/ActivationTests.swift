import Foundation
import Pipeline
import Reports
import Testing

/// What layers put out on the probe, against PyTorch in float64
/// (Fixtures/mnist1d-cnn-sgd/measure_activations.py).
@Suite struct ActivationTests {
  @Test(arguments: ["epoch_000.pt", "epoch_060.pt"])
  func agreesWithPyTorch(_ name: String) throws {
    let run = "mnist1d-cnn-sgd"
    let reference = try #require(
      try Fixtures.json(run, "measured_activations.json")[name] as? [String: [String: Double]])
    var request = ProbeRequest()
    request.probe = try ProbeDefinition(directory: Fixtures.probe(run))
    request.weightDraws = 0
    let report = try probe(Fixtures.checkpoint(run, name), request)
    #expect(report.layers.count == reference.count)
    for layer in report.layers {
      let wanted = try #require(reference[layer.name])
      let measured = try #require(layer.activations)
      let fisher = try #require(wanted["activation_fisher"])
      #expect(
        abs(try #require(measured.activationFisher?.value) - fisher) <= 1e-3 * fisher,
        "\(layer.name)")
      // 256 examples: some hundredths to some tenths of the value.
      let error = try #require(measured.activationFisher?.standardError)
      #expect(error > 0.01 * fisher && error < fisher, "\(layer.name)")
      let rank = try #require(wanted["effective_rank"])
      #expect(
        abs(try #require(measured.effectiveRank.value) - rank) <= 1e-3 * rank, "\(layer.name)")
      #expect(measured.srank99.value == wanted["srank_99"], "\(layer.name)")
      #expect(measured.dormantFraction?.value == wanted["dormant_fraction"], "\(layer.name)")
      #expect(measured.deadFraction?.value == wanted["dead_fraction"], "\(layer.name)")
      // 256 examples are told apart by every layer here, at a tenth of its RMS in noise.
      #expect(measured.saturated == ((measured.capacityBits.value ?? 0) >= 7.2 ? true : nil))
    }
  }
}
