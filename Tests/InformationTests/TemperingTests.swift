import Foundation
import Testing

@testable import Information

@Suite struct TemperingTests {
  private let logits: [Float] = [0, 1, 2, 3, -4, 0.5, 8, 1, 1, 0, 0, 0.25, -30, 2, 40, 1]

  private func entropy(_ temperature: Double) -> Double {
    stride(from: 0, to: logits.count, by: 4).reduce(0) { sum, row in
      let z = logits[row..<row + 4].map { Double($0) / temperature }
      let top = z.max() ?? 0
      let total = z.reduce(0) { $0 + exp($1 - top) }
      return sum
        - z.reduce(0) { partial, value in
          let p = exp(value - top) / total
          return p > 0 ? partial + p * log(p) : partial
        }
    } / 4
  }

  @Test(arguments: [0.01, 0.2, 0.7, 1, 1.2, 1.38])
  func hasTheEntropyThatWasAskedFor(_ nats: Double) throws {
    let temperature = try #require(
      Tempering.temperature(logits: logits, classes: 4, entropyNats: nats).value)
    #expect(close(entropy(temperature), nats, 1e-8))
  }

  @Test func oneIsItsOwn() throws {
    let own = entropy(1)
    let temperature = Tempering.temperature(logits: logits, classes: 4, entropyNats: own)
    #expect(close(try #require(temperature.value), 1, 1e-8))
  }

  /// The derivative that Newton's method uses, against a difference.
  @Test func slopeIsTheDerivative() {
    let (_, slope) = Tempering.entropy(logits, 4, temperature: 1.7)
    let step = 1e-5
    let up = Tempering.entropy(logits, 4, temperature: 1.7 * exp(step)).entropy
    let down = Tempering.entropy(logits, 4, temperature: 1.7 * exp(-step)).entropy
    #expect(close((up - down) / (2 * step), slope, 1e-6))
  }

  @Test func impossibleEntropiesSaySo() {
    for nats in [0, log(4.0), 2, .nan, .infinity] {
      let reason = Tempering.temperature(logits: logits, classes: 4, entropyNats: nats).reason
      #expect(reason == "no temperature gives the reference's entropy, \(nats) nats")
    }
    let equal = [Float](repeating: 1, count: 8)
    #expect(Tempering.temperature(logits: equal, classes: 4, entropyNats: 1).value == nil)
    #expect(
      Tempering.temperature(logits: [.nan, 1], classes: 2, entropyNats: 0.1).reason
        == "a logit is not finite")
    #expect(Tempering.temperature(logits: [1], classes: 1, entropyNats: 0.1).value == nil)
  }
}
