import Glibc

/// How many of the newest checkpoints tell the noise: enough for a median, few enough to follow it.
let noiseCheckpoints = 12

/// Checkpoint-to-checkpoint noise of ln I, from the series alone.
func seriesLogNoise(_ history: [Observation]) -> Double {
  var logs: [Double] = []
  for observation in history.reversed() {
    if logs.count == noiseCheckpoints { break }
    if let information = observation.information { logs.append(log(information)) }
  }
  return secondDifferenceNoise(in: logs)
}

/// Standard deviation of the noise in successive values: from the median size of their second
/// differences, which a steady rise or fall does not enter. With independent noise of deviation σ a
/// second difference has deviation √6 σ, and the median size of a normal variable is 0.6745 of its
/// deviation. Zero with fewer than three values.
///
/// - Parameters:
///   - places: where they were taken, ascending; nil where they are evenly spaced.
///   - widest: three values that span more than this are left out.
func secondDifferenceNoise(
  in values: [Double], at places: [Double]? = nil, widest: Double = .infinity
) -> Double {
  guard values.count >= 3 else { return 0 }
  var sizes: [Double] = []
  for i in 1..<(values.count - 1) {
    if let places, places[i + 1] - places[i - 1] > widest { continue }
    let difference: Double = values[i - 1] - 2 * values[i] + values[i + 1]
    sizes.append(abs(difference))
  }
  guard !sizes.isEmpty else { return 0 }
  sizes.sort()
  let middle = sizes.count / 2
  let median =
    sizes.count % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2
  return median / (0.6745 * sqrt(6))
}
