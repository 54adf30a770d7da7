// Dormant and dead units (measurements.md §5.4): Sokar et al. (2023), 2302.12902.
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

  /// Measures a layer's output after its nonlinearity.
  ///
  /// - Parameters:
  ///   - activations: `[N, features]`, a row of an example being `[…, units, inner]`.
  ///   - units: the number of units.
  ///   - inner: values of a unit that lie together: positions of a channel-first map, else 1.
  /// - Returns: absent when an activation is not finite or the row is not made of such units.
  public static func of(
    _ activations: Tensor, units: Int, inner: Int
  ) -> Measured<UnitActivity> {
    guard units > 0, inner > 0, activations.shape.rank == 2, activations.shape.count > 0,
      activations.shape.dimensions[1] % (units * inner) == 0
    else { return .absent("the recording is not made of \(units) units") }
    var sums = [Double](repeating: 0, count: units)
    activations.values.withUnsafeBufferPointer { values in
      var index = 0
      for start in stride(from: 0, to: values.count, by: inner) {
        var sum: Float = 0
        for value in values[start..<start + inner] { sum += abs(value) }
        sums[index] += Double(sum)
        index = index + 1 == units ? 0 : index + 1
      }
    }
    let mean = sums.reduce(0, +) / Double(units)
    guard mean.isFinite else { return .absent("an activation is not finite") }
    return .known(
      UnitActivity(
        units: units,
        dormantFraction: share(sums) { $0 <= threshold * mean },
        deadFraction: share(sums) { $0 == 0 }))
  }

  private static func share(_ sums: [Double], _ holds: (Double) -> Bool) -> Double {
    Double(sums.filter(holds).count) / Double(sums.count)
  }
}
