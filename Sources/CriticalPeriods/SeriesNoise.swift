import Glibc

/// Checkpoint-to-checkpoint noise of ln I, from the series alone: the median size of the second
/// differences of its last values, which a steady rise or fall does not enter. With independent
/// noise of deviation σ a second difference has deviation √6 σ, and the median size of a normal
/// variable is 0.6745 of its deviation. Zero with fewer than three values.
func seriesLogNoise(_ history: [Observation], last count: Int = 12) -> Double {
  var logs: [Double] = []
  for observation in history.reversed() {
    if logs.count == count { break }
    if let information = observation.information { logs.append(log(information)) }
  }
  guard logs.count >= 3 else { return 0 }
  var sizes: [Double] = []
  for i in 1..<(logs.count - 1) {
    let difference: Double = logs[i - 1] - 2 * logs[i] + logs[i + 1]
    sizes.append(abs(difference))
  }
  sizes.sort()
  let middle = sizes.count / 2
  let median =
    sizes.count % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2
  return median / (0.6745 * sqrt(6))
}
