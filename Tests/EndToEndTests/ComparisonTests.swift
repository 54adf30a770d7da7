// `--previous`: what a comparison with an earlier checkpoint says when there is little to compare.

import Foundation
import Pipeline
import Reports
import Testing

@Suite struct ComparisonTests {
  private func codes(_ previous: String) throws -> [String] {
    var request = ProbeRequest()
    request.previous = previous
    let report = try probe(Fixtures.checkpoint("mnist1d-cnn-sgd", "epoch_004.pt"), request)
    return report.findings.map(\.code).filter { ["not-compared", "previous-later"].contains($0) }
  }

  @Test func doubtsAreNamed() throws {
    #expect(try codes(Fixtures.checkpoint("mnist1d-cnn-sgd", "epoch_001.pt")) == [])
    #expect(
      try codes(Fixtures.checkpoint("mnist1d-cnn-sgd", "epoch_010.pt")) == ["previous-later"])
    #expect(
      try codes(Fixtures.checkpoint("chars-gpt2-hf-trainer", "checkpoint-600"))
        == ["not-compared", "previous-later"])
  }
}
