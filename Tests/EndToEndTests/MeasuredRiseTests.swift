import Foundation
import Pipeline
import Reports
import Testing

/// What noise on real weights does to the loss, against PyTorch in float64 with other draws
/// (Fixtures/mnist1d-cnn-sgd/measure_rise.py).
@Suite struct MeasuredRiseTests {
  static let run = "mnist1d-cnn-sgd"

  private func measure(_ name: String, draws: Int?) throws -> CheckpointReport {
    var request = ProbeRequest()
    request.probe = try ProbeDefinition(directory: Fixtures.probe(Self.run))
    request.weightDraws = draws
    return try probe(Fixtures.checkpoint(Self.run, name), request)
  }

  @Test(arguments: ["epoch_004.pt", "epoch_060.pt"])
  func risesAsInPyTorch(_ name: String) throws {
    let reference = try #require(
      try Fixtures.json(Self.run, "measured_rise.json")[name] as? [String: [String: Double]])
    let report = try measure(name, draws: 32)
    for (tolerance, wanted) in reference {
      let point = try #require(
        report.information?.curve.first { $0.toleranceNats == Double(tolerance) })
      let rise = try #require(point.measuredLossRise?.value)
      let spread = try #require(wanted["spread_over_pairs"])
      // 16 pairs here, 200 there.
      let error = spread * (1.0 / 16 + 1.0 / 200).squareRoot()
      #expect(abs(rise - (try #require(wanted["loss_rise"]))) <= 3 * error, "at \(tolerance)")
      let drop = try #require(point.measuredAccuracyDrop?.value)
      #expect(abs(drop - (try #require(wanted["accuracy_drop"]))) <= 0.02, "at \(tolerance)")
    }
    #expect(report.information?.weightDraws == 32)
    // At the end of training the loss is far from quadratic at 0.01 nats: the report says so.
    let findings = report.findings.map(\.code)
    #expect(findings.contains("quadratic-picture-failed"))
  }

  @Test func drawsAreRepeatable() throws {
    let first = try #require(try measure("epoch_004.pt", draws: nil).information)
    let second = try #require(try measure("epoch_004.pt", draws: nil).information)
    #expect(first.measuredLossRise == second.measuredLossRise)
    #expect(first.measuredLossRise?.value != nil)
    #expect(first.curve.map(\.measuredLossRise) == second.curve.map(\.measuredLossRise))
    let none = try #require(try measure("epoch_004.pt", draws: 0).information)
    #expect(none.measuredLossRise == nil && none.weightDraws == nil)
  }
}
