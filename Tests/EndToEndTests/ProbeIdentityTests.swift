// What tells two probes apart: a series does not mix what was measured in two ways.

import Foundation
import Pipeline
import TestSupport
import Testing

@Suite struct ProbeIdentityTests {
  private static let run = "mnist1d-cnn-sgd"
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// The digest of the run's probe with these lines in its probe.yaml.
  private func digest(_ lines: String...) throws -> String {
    let probe = folder.path + "/probe"
    try? FileManager.default.removeItem(atPath: probe)
    try FileManager.default.copyItem(atPath: Fixtures.probe(Self.run), toPath: probe)
    let text = (["schema: plasticityd/probe/v1"] + lines).joined(separator: "\n") + "\n"
    try folder.text("probe/probe.yaml", text)
    return try ProbeDefinition(directory: probe).digest
  }

  @Test func holdsWhatIsMeasured() throws {
    let plain = try ProbeDefinition(directory: Fixtures.probe(Self.run)).digest
    let digests = [
      plain, try digest("frozen: [conv1]"), try digest("frozen: [conv1, conv2]"),
      try digest("task: classification"), try digest("task: multi-label"),
      try digest("tolerance_nats: 0.02"),
    ]
    #expect(Set(digests).count == digests.count)
    #expect(try digest("frozen: [conv2, conv1, conv2]") == digests[2])
  }

  /// How many labels are drawn, what it may cost, and under which names the weights lie, change no quantity.
  @Test func holdsNothingElse() throws {
    let plain = try ProbeDefinition(directory: Fixtures.probe(Self.run)).digest
    for line in [
      "name: another", "labels: sampled", "draws: 3", "seed: 7", "weight_draws: 2", "frozen: []",
      "budget: {precision: 0.1}", "names: {strip: \"net.\"}", "tolerance_nats: 0.01",
    ] {
      #expect(try digest(line) == plain, "\(line)")
    }
  }
}
