// How much the prediction depends on what a layer says of the example (measurements.md §5.3).
internal import Tensors

extension FisherEstimate {
  /// Σ_j E(∂ ln p/∂T_j)² Var T_j over the numbers T_j of a layer's recorded output, nats²; of a
  /// sequence, summed over its positions.
  ///
  /// Half of it is, to second order, how far the prediction diverges when every T_j gets independent
  /// noise of its own variance. It does not change when a unit is scaled and the next layer undoes it.
  public func activationFisher(layer: Int) -> Measured<Double> {
    guard recordings.indices.contains(layer), layerDiagonals.indices.contains(layer) else {
      return .absent("it was not asked for")
    }
    let (recording, diagonal) = (recordings[layer], layerDiagonals[layer])
    guard exampleCount > 1 else { return .absent("one example has no variance") }
    guard !diagonal.isEmpty, recording.values.count == exampleCount * diagonal.count else {
      return .absent("no gradient reaches its output")
    }
    var means = [Double](repeating: 0, count: diagonal.count)
    var squares = means
    recording.values.withUnsafeBufferPointer { values in
      for n in 0..<exampleCount {
        let row = n * diagonal.count
        for j in means.indices {
          // Welford's update: no cancellation of large means.
          let gap = Double(values[row + j]) - means[j]
          means[j] += gap / Double(n + 1)
          squares[j] += gap * (Double(values[row + j]) - means[j])
        }
      }
    }
    var sum = 0.0
    for j in means.indices {
      sum += Double(diagonal[j]) * squares[j] / Double(exampleCount - 1)
    }
    return Measured(finite: sum, else: "it is not finite")
  }

  /// The activity of a layer's units after the nonlinearity that directly follows it; nil where none
  /// does.
  public func unitActivity(layer: Int) -> Measured<UnitActivity>? {
    guard unitSums.indices.contains(layer), !unitSums[layer].isEmpty else { return nil }
    return UnitActivity.of(sums: unitSums[layer])
  }
}
