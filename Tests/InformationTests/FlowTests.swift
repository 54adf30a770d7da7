import Foundation
import Information
import Tensors
import TestSupport
import Testing

@Suite struct FlowTests {
  // Shares and plasticity

  @Test func sharesAddUpToOne() throws {
    let shares = try #require(Shares.of([3, 0, 1]).value)
    #expect(shares.values == [0.75, 0, 0.25])
    let each = try #require(Shares.perWeight([3, 0, 1], counts: [30, 5, 1]).value)
    #expect(close(each.values.reduce(0, +), 1, 1e-15))
    #expect(close(each.values[2], 1 / 1.1, 1e-12))
    #expect(Shares.of([0, 0]).reason == "no layer holds information")
    #expect(Shares.of([1, -1e-3]).reason == "a layer's information is not finite and positive")
    #expect(Shares.of([1, .nan]).reason == "a layer's information is not finite and positive")
  }

  @Test func divergenceIsBounded() throws {
    let a = try #require(Shares.of([1, 0]).value)
    let b = try #require(Shares.of([0, 1]).value)
    let c = try #require(Shares.of([1, 1]).value)
    #expect(a.divergenceBits(to: b) == 1)
    #expect(c.divergenceBits(to: c) == 0)
    // ½ log2(1/¾) + ½ (½ log2(½/¾) + ½ log2(½/¼)), by hand.
    #expect(close(a.divergenceBits(to: c), 0.311_278_124_459_132_8, 1e-12))
    #expect(a.divergenceBits(to: c) == c.divergenceBits(to: a))
  }

  private func contributions(_ scale: [Double], noise: Double, examples: Int = 64)
    -> LayerContributions
  {
    LayerContributions(
      layers: scale.indices.map { "l\($0)" }, examples: examples,
      values: scale.enumerated().flatMap { l, s in
        (0..<examples).map { n in s * (1 + noise * sin(Double(n * 7 + l * 13))) }
      })
  }

  @Test func plasticityIsDivergencePerDoubling() throws {
    let before = contributions([1, 2, 3], noise: 0.5)
    let after = contributions([2, 2, 2], noise: 0.5)
    let measured = Plasticity.between(before, step: 31, after, step: 127, seed: 4)
    let plasticity = try #require(measured.value)
    let first = try #require(Shares.of(before.means).value)
    let second = try #require(Shares.of(after.means).value)
    #expect(close(plasticity.value, first.divergenceBits(to: second) / 2, 1e-12))
    #expect(plasticity.sinceStep == 31)
    let interval = try #require(plasticity.interval)
    #expect(interval.lower < plasticity.value && plasticity.value < interval.upper)
    #expect(interval.lower > 0)
    // The same seed gives the same resamples; another does not.
    #expect(measured == Plasticity.between(before, step: 31, after, step: 127, seed: 4))
    #expect(measured != Plasticity.between(before, step: 31, after, step: 127, seed: 5))
  }

  /// Pairing: noise that both checkpoints share must not widen the interval.
  @Test func sharedNoiseCancels() throws {
    let before = contributions([1, 2, 3], noise: 0.9)
    let still = try #require(
      Plasticity.between(before, step: 1, before, step: 2).value)
    #expect(still.value == 0)
    #expect(still.interval == Interval(lower: 0, upper: 0))
    #expect(still.bias == 0)
  }

  /// The bootstrap against the plain one in Swift: the same spread, other draws.
  @Test func theIntervalIsABootstrap() throws {
    let before = contributions([1, 2, 3], noise: 0.9, examples: 24)
    let after = contributions([2, 2, 2], noise: -0.9, examples: 24)
    let interval = try #require(
      Plasticity.between(before, step: 0, after, step: 1, resamples: 4000).value?.interval)
    var state: UInt64 = 42
    var values: [Double] = []
    for _ in 0..<4000 {
      let picks = (0..<24).map { _ -> Int in
        // Knuth's MMIX congruence; its high bits are good enough here.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % 24)
      }
      func shares(_ c: LayerContributions) throws -> Shares {
        try #require(
          Shares.of((0..<3).map { l in picks.reduce(0) { $0 + c.values[l * 24 + $1] } }).value)
      }
      values.append(try shares(before).divergenceBits(to: shares(after)))
    }
    values.sort()
    // Quantiles of 4000 draws agree within a tenth of the interval's width.
    let width = interval.upper - interval.lower
    #expect(abs(interval.lower - values[100]) < width / 10)
    #expect(abs(interval.upper - values[3900]) < width / 10)
  }

  @Test func impossiblePlasticitySaysWhy() {
    let one = contributions([1, 2], noise: 0)
    #expect(
      Plasticity.between(one, step: 5, one, step: 5).reason == "step 5 is not after step 5")
    #expect(
      Plasticity.between(one, step: 1, contributions([1, 2, 3], noise: 0), step: 5).reason
        == "the layers are not the same")
    #expect(
      Plasticity.between(one, step: 1, contributions([1, 2], noise: 0, examples: 9), step: 5)
        .reason == "the probe changed from 64 to 9 examples")
    #expect(
      Plasticity.between(one, step: 0, contributions([0, 0], noise: 0), step: 5).reason
        == "no layer holds information")
  }

  // Recordings

  private func gram(_ golden: Goldens.AlignmentCase, _ name: String) throws -> ExampleGram {
    let values = try #require(golden.records[name])
    return try #require(
      ExampleGram.of(
        Tensor(shape: Shape([golden.examples, values.count / golden.examples]), values: values)
      ).value)
  }

  /// Against Song's formula and NumPy's determinant in float64 (Fixtures/generate.py).
  @Test func matchesTheFormulas() throws {
    let golden = try Goldens.load().alignment
    for (pair, expected) in golden.cka {
      let names = pair.split(separator: " ").map(String.init)
      let alignment = try #require(
        Alignment.between(try gram(golden, names[0]), try gram(golden, names[1])).value)
      #expect(abs(alignment.value - expected) < 1e-5, "\(pair)")
    }
    for (name, expected) in golden.capacityBits {
      let capacity = try #require(NoiseCapacity.of(try gram(golden, name)).value)
      #expect(close(capacity.bits, expected, 1e-4), "\(name)")
      #expect(capacity.noiseToRMS == 0.1)
      #expect(capacity.spansFeatures == (name == "second"))
    }
  }

  @Test func threadsChangeNoGram() throws {
    let golden = try Goldens.load().alignment
    let recordings = golden.records.values.map {
      Tensor(shape: Shape([golden.examples, $0.count / golden.examples]), values: $0)
    }
    #expect(ExampleGram.each(of: recordings, threads: 3) == recordings.map(ExampleGram.of))
    #expect(ExampleGram.each(of: []).isEmpty)
  }

  @Test func theNullTellsRelationFromChance() throws {
    let golden = try Goldens.load().alignment
    let related = try #require(
      Alignment.between(try gram(golden, "first"), try gram(golden, "second")).value)
    #expect(related.value > (try #require(related.null95)))
    #expect(abs(try #require(related.nullMean)) < 0.2)
    let random = try #require(
      Alignment.between(
        try gram(golden, "first"), try gram(golden, "random"), permutations: 200, seed: 1
      ).value)
    // Under permutation the mean is exactly zero; 200 of them find it within four errors.
    #expect(abs(try #require(random.nullMean)) < 0.05)
    #expect(random.value < (try #require(random.null95)))
  }

  /// Of unrelated recordings one in twenty lies above what chance is said to reach.
  @Test func chanceIsExceededInOneOfTwenty() throws {
    var random = Seeded(seed: 19)
    let trials = 1_000
    var above = 0
    for trial in 0..<trials {
      let grams = try (0..<2).map { _ in
        let recording = Tensor(
          shape: Shape([12, 3]),
          values: (0..<36).map { _ in Float.random(in: -1...1, using: &random) })
        return try #require(ExampleGram.of(recording).value)
      }
      let alignment = try #require(
        Alignment.between(grams[0], grams[1], seed: UInt64(trial)).value)
      let reach = try #require(alignment.null95)
      above += alignment.value > reach ? 1 : 0
    }
    // Four standard deviations of a binomial.
    #expect(abs(Double(above) / Double(trials) - 0.05) < 0.028, "\(above) of \(trials)")
  }

  @Test func alignmentDoesNotSeeOffsetsAndScales() throws {
    let golden = try Goldens.load().alignment
    let values = try #require(golden.records["second"])
    let moved = Tensor(
      shape: Shape([24, 7]),
      values: values.enumerated().map { $1 * 0.5 + 10_000 * Float($0 % 7 + 1) })
    let other = try #require(ExampleGram.of(moved).value)
    let alignment = try #require(Alignment.between(try gram(golden, "second"), other).value)
    // Rounding at 70000 moves activations of size 100 by up to 4e-3.
    #expect(close(alignment.value, 1, 1e-6))
  }

  @Test func recordingsWithoutContrastSayWhy() throws {
    func alignment(_ values: [Float], _ examples: Int) -> String? {
      let gram = ExampleGram.of(
        Tensor(shape: Shape([examples, values.count / examples]), values: values))
      guard let gram = gram.value else { return gram.reason }
      return Alignment.between(gram, gram).reason
    }
    #expect(alignment([1, 2, 3], 3) == "3 examples, fewer than 4")
    #expect(
      alignment([0.1, 0.1, 0.1, 0.1, 0.1], 5) == "the layer does not tell the examples apart")
    #expect(alignment([1, 2, 3, .nan], 4) == "an activation is not finite")
    let zero = try #require(
      ExampleGram.of(Tensor(shape: Shape([4, 1]), values: [0, 0, 0, 0])).value)
    #expect(NoiseCapacity.of(zero).reason == "the layer's output is zero")
  }
}
