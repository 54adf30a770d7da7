import Glibc

/// Probability that a standard normal variable is below `z`.
func normalProbability(below z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

/// The `p` quantile of the standard normal distribution, for p in 0.5 ..< 1: the rational approximation of
/// Abramowitz and Stegun, 26.2.23, and two steps of Newton's method.
func normalQuantile(_ p: Double) -> Double {
  let t = sqrt(-2 * log(1 - p))
  var z =
    t - (2.515517 + t * (0.802853 + t * 0.010328))
    / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  for _ in 0..<2 {
    z -= (normalProbability(below: z) - p) * sqrt(2 * Double.pi) * exp(z * z / 2)
  }
  return z
}
