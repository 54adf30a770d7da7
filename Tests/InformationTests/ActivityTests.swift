import Foundation
import Information
import Tensors
import Testing

@Suite struct ActivityTests {
  /// [2 examples, 3 units, 2 positions]: one unit on, one hardly, one never.
  @Test func countsUnits() throws {
    let maps = Tensor(
      shape: Shape([2, 6]), values: [1, 2, 0.01, 0, 0, 0, 3, 2, 0, 0, 0, 0])
    let activity = try #require(UnitActivity.of(maps, units: 3, inner: 2).value)
    #expect(activity.units == 3)
    #expect(close(activity.dormantFraction, 2.0 / 3, 1e-12))
    #expect(close(activity.deadFraction, 1.0 / 3, 1e-12))
    // The same numbers with the unit last, over two positions.
    let rows = Tensor(
      shape: Shape([2, 6]), values: [1, 0.01, 0, 2, 0, 0, 3, 0, 0, 2, 0, 0])
    #expect(UnitActivity.of(rows, units: 3, inner: 1).value == activity)
  }

  @Test func thresholdIsAFortiethOfTheMean() throws {
    // Mean 1: a little less is dormant, a little more is not.
    let row = Tensor(shape: Shape([1, 4]), values: [0.0249, 0.0251, 2, 1.95])
    let activity = try #require(UnitActivity.of(row, units: 4, inner: 1).value)
    #expect(activity.dormantFraction == 0.25)
    #expect(activity.deadFraction == 0)
  }

  @Test func silentLayersAreDead() throws {
    let zero = Tensor(shape: Shape([2, 2]), values: [0, 0, 0, 0])
    let activity = try #require(UnitActivity.of(zero, units: 2, inner: 1).value)
    #expect(activity.dormantFraction == 1 && activity.deadFraction == 1)
    let bad = Tensor(shape: Shape([1, 2]), values: [.nan, 1])
    #expect(UnitActivity.of(bad, units: 2, inner: 1).reason == "an activation is not finite")
    #expect(
      UnitActivity.of(bad, units: 3, inner: 1).reason == "the recording is not made of 3 units")
  }

  /// Equal orthogonal directions count in full, one direction counts as one.
  @Test func ranksCountDirections() throws {
    var identity = [Float](repeating: 0, count: 6 * 9)
    for i in 0..<6 { identity[i * 9 + i] = 2 }
    let full = try #require(
      FeatureRank.of(Tensor(shape: Shape([6, 9]), values: identity)).value)
    #expect(close(full.effectiveRank, 6, 1e-9))
    #expect(full.srank99 == 6 && full.greatest == 6)
    let one = (0..<54).map { (index: Int) -> Float in
      Float(index / 9 + 1) * Float(index % 9 + 1)
    }
    let single = try #require(FeatureRank.of(Tensor(shape: Shape([6, 9]), values: one)).value)
    #expect(close(single.effectiveRank, 1, 1e-4))
    #expect(single.srank99 == 1)
    let wide = Tensor(shape: Shape([1, 3]), values: [1, 2, 3])
    #expect(FeatureRank.of(wide, maximumFeatures: 2).reason == "3 features, above 2")
    let zero = Tensor(shape: Shape([1, 1]), values: [0])
    #expect(FeatureRank.of(zero).reason == "the layer's output is zero")
  }

  @Test func saturationIsATenthBelowTheExamples() {
    #expect(Saturation.isReached(bits: 7.2, examples: 256))
    #expect(!Saturation.isReached(bits: 7.19, examples: 256))
    #expect(!Saturation.isReached(bits: 1, examples: 1))
  }
}
