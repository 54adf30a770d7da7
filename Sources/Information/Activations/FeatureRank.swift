// How many directions a layer's features use (measurements.md §5.4): a network that loses plasticity
// uses fewer (Kumar et al. 2021; Dohare et al. 2024).
internal import LinearAlgebra
public import Networks
public import Tensors

/// Ranks of a layer's features: a row for every example and position, a column for every unit, as they
/// are, not centred.
public struct FeatureRank: Sendable, Hashable {
  /// e^H of the singular values as shares of their sum (Roy and Vetterli 2007).
  public let effectiveRank: Double
  /// Singular values, from the largest, that make 99 % of their sum: srank_0.01 of Kumar et al. 2021.
  public let srank99: Int

  /// The largest number of rows or columns, whichever are fewer, that is decomposed.
  public static let maximumOrder = 512

  /// Measures a recording.
  ///
  /// - Parameters:
  ///   - recording: `[N, features]`.
  ///   - layout: how a row is made of units; nil when every number is one.
  /// - Returns: absent for a larger one, a layer that is all zero, and values that are not finite.
  public static func of(_ recording: Tensor, layout: LayerLayout?) -> Measured<FeatureRank> {
    guard recording.shape.rank == 2, recording.shape.count > 0 else {
      return .absent("the recording is empty")
    }
    let features = recording.shape.dimensions[1]
    let layout = layout ?? LayerLayout(units: features, inner: 1)
    guard features % (layout.units * layout.inner) == 0 else {
      return .absent("the recording is not made of \(layout.units) units")
    }
    let rows = recording.shape.count / layout.units
    guard min(rows, layout.units) <= maximumOrder else {
      return .absent("its smaller side is \(min(rows, layout.units)), above \(maximumOrder)")
    }
    guard
      let sigma = singularValues(
        unitsLast(recording.values, layout), rows: rows, columns: layout.units)
    else { return .absent("an activation is not finite") }
    guard let top = sigma.first, top > 0, top.isFinite else {
      return .absent("the layer's output is zero")
    }
    return .known(
      FeatureRank(
        effectiveRank: Spectrum.effectiveRank(sigma), srank99: Spectrum.srank99(sigma)))
  }

  /// `[rows, units]` of values that lie as `[…, units, inner]`.
  private static func unitsLast(_ values: [Float], _ layout: LayerLayout) -> [Float] {
    guard layout.inner > 1 else { return values }
    let (units, inner) = (layout.units, layout.inner)
    return [Float](unsafeUninitializedCapacity: values.count) { turned, count in
      values.withUnsafeBufferPointer { values in
        for map in stride(from: 0, to: values.count, by: units * inner) {
          for unit in 0..<units {
            for position in 0..<inner {
              turned[map + position * units + unit] = values[map + unit * inner + position]
            }
          }
        }
      }
      count = values.count
    }
  }
}
