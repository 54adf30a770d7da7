import Glibc

/// Probability that a standard normal variable is below `z`.
func normalProbability(below z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

/// The `p` quantile of the standard normal distribution, for p in 0.5 … 1, by bisection: it is
/// needed a few times per judgement, to three digits.
func normalQuantile(_ p: Double) -> Double {
  var low = 0.0
  var high = 8.0
  for _ in 0..<40 {
    let middle = (low + high) / 2
    if normalProbability(below: middle) < p { low = middle } else { high = middle }
  }
  return (low + high) / 2
}
