import Foundation
import Information
import Networks
import Tensors
import Testing

@Suite struct ActivityTests {
  private func activity(
    _ values: [Float], units: Int, inner: Int
  ) -> Measured<UnitActivity> {
    let tensor = Tensor(shape: Shape([1, values.count]), values: values)
    return UnitActivity.of(
      sums: UnitActivity.sums(tensor, LayerLayout(units: units, inner: inner)))
  }

  /// [2 examples, 3 units, 2 positions]: one unit on, one hardly, one never.
  @Test func countsUnits() throws {
    let maps: [Float] = [1, 2, 0.01, 0, 0, 0, -3, 2, 0, 0, 0, 0]
    let counted = try #require(activity(maps, units: 3, inner: 2).value)
    #expect(counted.units == 3)
    #expect(close(counted.dormantFraction, 2.0 / 3, 1e-12))
    #expect(close(counted.deadFraction, 1.0 / 3, 1e-12))
    // The same numbers with the unit last, over two positions.
    let rows: [Float] = [1, 0.01, 0, 2, 0, 0, -3, 0, 0, 2, 0, 0]
    #expect(activity(rows, units: 3, inner: 1).value == counted)
  }

  @Test func thresholdIsAFortiethOfTheMean() throws {
    // Mean 1: a little less is dormant, a little more is not.
    let counted = try #require(activity([0.0249, 0.0251, 2, 1.95], units: 4, inner: 1).value)
    #expect(counted.dormantFraction == 0.25)
    #expect(counted.deadFraction == 0)
  }

  @Test func silentLayersAreDead() throws {
    let silent = try #require(activity([0, 0, 0, 0], units: 2, inner: 1).value)
    #expect(silent.dormantFraction == 1 && silent.deadFraction == 1)
    #expect(activity([.nan, 1], units: 2, inner: 1).reason == "an activation is not finite")
    #expect(UnitActivity.of(sums: []).reason == "no nonlinearity follows the layer directly")
  }

  /// Equal orthogonal directions count in full, one direction counts as one.
  @Test func ranksCountDirections() throws {
    var identity = [Float](repeating: 0, count: 6 * 9)
    for i in 0..<6 { identity[i * 9 + i] = 2 }
    let full = Tensor(shape: Shape([6, 9]), values: identity)
    let whole = try #require(FeatureRank.of(full, layout: nil).value)
    #expect(close(whole.effectiveRank, 6, 1e-9))
    #expect(whole.srank99 == 6)
    let one = (0..<54).map { (index: Int) -> Float in
      Float(index / 9 + 1) * Float(index % 9 + 1)
    }
    let single = try #require(
      FeatureRank.of(Tensor(shape: Shape([6, 9]), values: one), layout: nil).value)
    #expect(close(single.effectiveRank, 1, 1e-4))
    #expect(single.srank99 == 1)
    let zero = Tensor(shape: Shape([1, 1]), values: [0])
    #expect(FeatureRank.of(zero, layout: nil).reason == "the layer's output is zero")
  }

  /// [2 examples, 2 channels, 3 positions] is the matrix [6, 2] with a column for each channel, however
  /// it lies.
  @Test func positionsAreRows() throws {
    let maps = Tensor(
      shape: Shape([2, 6]), values: [1, 2, 3, 4, 5, 7, 0, 1, -1, 2, 2, 0])
    let rows = Tensor(
      shape: Shape([2, 6]), values: [1, 4, 2, 5, 3, 7, 0, 2, 1, 2, -1, 0])
    let matrix = Tensor(shape: Shape([6, 2]), values: rows.values)
    let wanted = try #require(FeatureRank.of(matrix, layout: nil).value)
    #expect(FeatureRank.of(maps, layout: LayerLayout(units: 2, inner: 3)).value == wanted)
    #expect(FeatureRank.of(rows, layout: LayerLayout(units: 2, inner: 1)).value == wanted)
    #expect(
      FeatureRank.of(rows, layout: LayerLayout(units: 4, inner: 1)).reason
        == "the recording is not made of 4 units")
    let wide = Tensor(
      shape: Shape([600, 600]), values: [Float](repeating: 1, count: 360_000))
    #expect(FeatureRank.of(wide, layout: nil).reason == "its smaller side is 600, above 512")
  }

  @Test func saturationIsATenthBelowTheExamples() {
    #expect(Saturation.isReached(bits: 7.2, examples: 256))
    #expect(!Saturation.isReached(bits: 7.19, examples: 256))
    #expect(!Saturation.isReached(bits: 1, examples: 1))
  }
}
