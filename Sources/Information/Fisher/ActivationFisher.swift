// How much the prediction depends on what a layer says of the example (measurements.md §5.3).
internal import Tensors

extension FisherEstimate {
  /// Σ_j E(∂ ln p/∂T_j)² Var T_j over the numbers T_j of a layer's recorded output, nats²; of a
  /// sequence, summed over its positions. Its standard error is that over sixteen parts of the
  /// examples, left out one at a time.
  ///
  /// Half of it is, to second order, how far the prediction diverges when every T_j gets independent
  /// noise of its own variance. It does not change when a unit is scaled and the next layer undoes it.
  public func activationFisher(layer: Int) -> Measured<Uncertain> {
    guard recordings.indices.contains(layer), layerSquares.indices.contains(layer) else {
      return .absent("it was not asked for")
    }
    guard exampleCount > 1 else { return .absent("one example has no variance") }
    let groups = groups.groups(of: 0..<exampleCount).count
    let (recording, squares) = (recordings[layer], layerSquares[layer])
    let features = squares.count / max(groups, 1)
    guard features > 0, recording.values.count == exampleCount * features else {
      return .absent("no gradient reaches its output")
    }
    let counts = (0..<exampleCount).reduce(into: [Double](repeating: 0, count: groups)) {
      $0[self.groups.group(of: $1)] += 1
    }
    let moments = moments(of: recording, features: features, groups: groups)
    let total = Double(exampleCount)
    var sum = 0.0
    var others = [Double](repeating: 0, count: groups)
    for j in 0..<features {
      // Σ over the examples of d² and of (T − mean)², and the same without one group.
      var square = 0.0
      var mean = 0.0
      for g in 0..<groups {
        square += Double(squares[g * features + j])
        mean += counts[g] * moments.means[g * features + j] / total
      }
      var spread = 0.0
      for g in 0..<groups {
        let gap = moments.means[g * features + j] - mean
        spread += moments.spreads[g * features + j] + counts[g] * gap * gap
      }
      sum += square / total * spread / (total - 1)
      for g in 0..<groups where total - counts[g] > 1 {
        let left = total - counts[g]
        let gap = (moments.means[g * features + j] - mean) * total / left
        let rest = spread - moments.spreads[g * features + j] - counts[g] * left / total * gap * gap
        others[g] +=
          (square - Double(squares[g * features + j])) / left * max(0, rest) / (left - 1)
      }
    }
    guard sum.isFinite else { return .absent("it is not finite") }
    let isTold = counts.allSatisfy { total - $0 > 1 }
    let error = isTold ? ExampleGroups.standardError(leavingOneOut: others) : nil
    return .known(
      Uncertain(value: sum, standardError: error.flatMap { $0.isFinite ? $0 : nil }))
  }

  /// Means and sums of squared deviations of each feature, `[groups, features]`.
  private func moments(
    of recording: Tensor, features: Int, groups: Int
  ) -> (means: [Double], spreads: [Double]) {
    var means = [Double](repeating: 0, count: groups * features)
    var spreads = means
    var seen = [Double](repeating: 0, count: groups)
    recording.values.withUnsafeBufferPointer { values in
      for n in 0..<exampleCount {
        let group = self.groups.group(of: n)
        seen[group] += 1
        for j in 0..<features {
          // Welford's update: no cancellation of large means.
          let value = Double(values[n * features + j])
          let gap = value - means[group * features + j]
          means[group * features + j] += gap / seen[group]
          spreads[group * features + j] += gap * (value - means[group * features + j])
        }
      }
    }
    return (means, spreads)
  }

  /// The activity of a layer's units after the nonlinearity that directly follows it; nil where none
  /// does.
  public func unitActivity(layer: Int) -> Measured<UnitActivity>? {
    guard unitSums.indices.contains(layer), !unitSums[layer].isEmpty else { return nil }
    return UnitActivity.of(sums: unitSums[layer])
  }
}
