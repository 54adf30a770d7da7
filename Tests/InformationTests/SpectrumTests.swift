import Foundation
import Information
import Tensors
import Testing

@Suite struct SpectrumTests {
  /// Against NumPy's SVD and WeightWatcher's fit (Fixtures/generate.py).
  @Test func matchesNumPy() throws {
    for golden in try Goldens.load().spectra {
      let spectrum = Spectrum(of: Tensor(shape: Shape(golden.shape), values: golden.weights))
      #expect(close(try #require(spectrum.frobeniusNorm.value), golden.frobeniusNorm, 1e-12))
      #expect(close(try #require(spectrum.spectralNorm.value), golden.spectralNorm, 1e-10))
      #expect(close(try #require(spectrum.stableRank.value), golden.stableRank, 1e-10))
      #expect(close(try #require(spectrum.effectiveRank.value), golden.effectiveRank, 1e-9))
      #expect(spectrum.srank99.value == golden.srank99)
      #expect(close(try #require(spectrum.alpha.value), golden.alpha, 1e-8))
      #expect(close(try #require(spectrum.tail.value).distance, golden.distance, 1e-8))
    }
  }

  /// A product's spectrum from its factors is that of the product, multiplied out.
  @Test(arguments: [(20, 3, 30), (8, 8, 9), (40, 1, 2)])
  func thinFactorsGiveTheirProductsSpectrum(outputs: Int, rank: Int, inputs: Int) throws {
    func values(_ count: Int, _ factor: Double) -> [Float] {
      (0..<count).map { Float(sin(Double($0 * $0) * factor)) }
    }
    let (b, a) = (values(outputs * rank, 0.37), values(rank * inputs, 0.91))
    var product = [Float](repeating: 0, count: outputs * inputs)
    for o in 0..<outputs {
      for r in 0..<rank {
        for i in 0..<inputs { product[o * inputs + i] += -2 * b[o * rank + r] * a[r * inputs + i] }
      }
    }
    let (left, right) = (Shape([outputs, rank]), Shape([rank, inputs]))
    #expect(Spectrum.hasThinFactors(left, right))
    let thin = Spectrum(
      left: Tensor(shape: left, values: b), right: Tensor(shape: right, values: a), scale: -2)
    let whole = Spectrum(of: Tensor(shape: Shape([outputs, inputs]), values: product))
    for measure in [\Spectrum.frobeniusNorm, \.spectralNorm, \.stableRank, \.effectiveRank] {
      let (one, other) = (thin[keyPath: measure].value, whole[keyPath: measure].value)
      #expect(close(try #require(one), try #require(other), 1e-3), "\(measure)")
    }
    #expect(thin.srank99.value == whole.srank99.value)
  }

  @Test func factorsThatGiveNothingSayWhy() {
    let (left, right) = (Shape([3, 2]), Shape([2, 4]))
    func reason(_ b: [Float], _ a: [Float]) -> String? {
      Spectrum(
        left: Tensor(shape: left, values: b), right: Tensor(shape: right, values: a), scale: 1
      )
      .spectralNorm.reason
    }
    let ones = [Float](repeating: 1, count: 8)
    // As an adapter begins: B is zero.
    #expect(
      reason([Float](repeating: 0, count: 6), ones) == "all weights, or their squares, are zero")
    #expect(reason([.nan, 0, 0, 0, 0, 1], ones) == "a weight, or its square, is not finite")
    // Rows of A that are equal: it has rank 1.
    #expect(reason([1, 0, 0, 1, 1, 1], ones) == nil)
    #expect(!Spectrum.hasThinFactors(Shape([3, 4]), Shape([4, 9])))
    #expect(!Spectrum.hasThinFactors(Shape([4, 4]), Shape([4, 4])))
    #expect(!Spectrum.hasThinFactors(Shape([600, 513]), Shape([513, 600])))
  }

  @Test func whatHasNoSpectrumSaysWhy() {
    func reason(_ shape: [Int], _ values: [Float], maximumOrder: Int = 4096) -> String? {
      Spectrum(of: Tensor(shape: Shape(shape), values: values), maximumOrder: maximumOrder)
        .spectralNorm.reason
    }
    #expect(reason([3], [1, 2, 3]) == "a vector has no spectrum")
    #expect(reason([2, 2], [0, 0, 0, 0]) == "all weights, or their squares, are zero")
    #expect(reason([2, 1], [1, .nan]) == "a weight, or its square, is not finite")
    #expect(reason([0, 4], []) == "it has no elements")
    #expect(
      reason([2, 2], [1, 0, 0, 1], maximumOrder: 1) == "its smaller side is 2, above 1")
    let vector = Spectrum(of: Tensor(shape: Shape([2]), values: [3, 4]))
    #expect(vector.frobeniusNorm.value == 5)
    let broken = Spectrum(of: Tensor(shape: Shape([2]), values: [.infinity, 4]))
    #expect(broken.frobeniusNorm.reason == "a weight, or its square, is not finite")
    let few = Spectrum(of: Tensor(shape: Shape([2, 2]), values: [1, 0, 0, 2]))
    #expect(few.alpha.reason == "2 positive values, fewer than 10")
  }

  @Test func ranksOfKnownMatrices() throws {
    var identity = [Float](repeating: 0, count: 64)
    for i in 0..<8 { identity[i * 9] = 0.5 }
    let full = Spectrum(of: Tensor(shape: Shape([8, 8]), values: identity))
    #expect(close(try #require(full.stableRank.value), 8, 1e-12))
    #expect(close(try #require(full.effectiveRank.value), 8, 1e-12))
    #expect(full.srank99.value == 8)
    // An outer product has rank one, whatever rounding makes of the other singular values.
    let outer = (0..<120).map { (i: Int) -> Float in Float(i / 10 + 1) * Float(i % 10 + 1) }
    let one = Spectrum(of: Tensor(shape: Shape([12, 10]), values: outer))
    #expect(close(try #require(one.stableRank.value), 1, 1e-10))
    #expect(close(try #require(one.effectiveRank.value), 1, 1e-4))
    #expect(one.srank99.value == 1)
    #expect(one.alpha.reason == "1 positive values, fewer than 10")
  }

  /// Quantiles of a Pareto distribution: the exponent that made them comes back.
  @Test(arguments: [1.8, 2.5, 4.0])
  func exponentOfAParetoSample(_ alpha: Double) throws {
    let exponent = -1 / (alpha - 1)
    let sample = (0..<400).map { (i: Int) -> Double in
      let share = (Double(i) + 0.5) / 400
      return pow(1 - share, exponent)
    }
    let tail = try #require(PowerLawTail.fit(sample).value)
    #expect(close(tail.alpha, alpha, 0.03))
    #expect(PowerLawTail.fit([Double](repeating: 2, count: 12)).reason != nil)
  }
}
