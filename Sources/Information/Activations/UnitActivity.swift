// Dormant and dead units (measurements.md §5.4): Sokar et al. (2023), 2302.12902.
public import Networks
public import Tensors

/// How many units of a layer do nothing, or next to nothing, on the probe.
public struct UnitActivity: Sendable, Hashable {
  /// Units: features of a dense layer, channels of a convolution.
  public let units: Int
  /// Share of units whose mean |activation| is at most `threshold` of the layer's mean.
  public let dormantFraction: Double
  /// Share of units that are zero for every example and position: a ReLU that is never on.
  public let deadFraction: Double

  /// τ of Sokar et al.
  public static let threshold = 0.025

  /// Measures the activity of each unit.
  ///
  /// - Parameter sums: Σ |output| over the probe, by unit.
  /// - Returns: absent when an activation is not finite, and without units.
  public static func of(sums: [Double]) -> Measured<UnitActivity> {
    guard !sums.isEmpty else { return .absent("no nonlinearity follows the layer directly") }
    let mean = sums.reduce(0, +) / Double(sums.count)
    guard mean.isFinite else { return .absent("an activation is not finite") }
    return .known(
      UnitActivity(
        units: sums.count,
        dormantFraction: share(sums) { $0 <= threshold * mean },
        deadFraction: share(sums) { $0 == 0 }))
  }

  /// Σ |output| of each unit over some examples, whose rows are `[…, units, inner]`.
  public static func sums(_ activation: Tensor, _ layout: LayerLayout) -> [Double] {
    let (units, inner) = (layout.units, layout.inner)
    var sums = [Double](repeating: 0, count: units)
    activation.values.withUnsafeBufferPointer { values in
      var index = 0
      for start in stride(from: 0, through: values.count - inner, by: inner) {
        var sum: Float = 0
        for value in values[start..<start + inner] { sum += abs(value) }
        sums[index] += Double(sum)
        index = index + 1 == units ? 0 : index + 1
      }
    }
    return sums
  }

  private static func share(_ sums: [Double], _ holds: (Double) -> Bool) -> Double {
    Double(sums.filter(holds).count) / Double(sums.count)
  }
}
