import Glibc

/// Baseline: Bayesian online change point detection (Adams and MacKay, 2007, arXiv 0710.3742) on the
/// log-derivative of the information: Gaussian values of unknown mean and variance under a
/// normal-inverse-gamma prior (μ0 = 0, κ0 = α0 = β0 = 1), constant hazard 1/250 as in the paper's
/// well-log example. The period ends at the first change point: where the most probable run length
/// falls.
public struct ChangePointDetector: EndDetector {
  /// Mean values between change points.
  public var meanRunLength: Double

  /// The baseline with this hazard.
  public init(meanRunLength: Double = 250) { self.meanRunLength = meanRunLength }

  /// `bayesian-change-point`.
  public var name: String { "bayesian-change-point" }

  private struct Length {
    var probability: Double
    var mean = 0.0
    var kappa = 1.0
    var alpha = 1.0
    var beta = 1.0

    /// Density of Student's t that the next value has.
    func density(_ x: Double) -> Double {
      let freedom = 2 * alpha
      let scale = beta * (kappa + 1) / (alpha * kappa)
      let z = (x - mean) * (x - mean) / scale
      return exp(
        lgamma((freedom + 1) / 2) - lgamma(freedom / 2) - log(freedom * .pi * scale) / 2
          - (freedom + 1) / 2 * log1p(z / freedom))
    }

    func updated(_ x: Double, probability: Double) -> Length {
      Length(
        probability: probability, mean: (kappa * mean + x) / (kappa + 1), kappa: kappa + 1,
        alpha: alpha + 0.5,
        beta: beta + kappa * (x - mean) * (x - mean) / (2 * (kappa + 1)))
    }
  }

  /// The first change point.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    let values = logDerivative(series)
    let hazard = 1 / max(meanRunLength, 1)
    var lengths = [Length(probability: 1)]
    var likeliest = 0
    for (index, value) in values.enumerated() {
      var changed = 0.0
      var next: [Length] = []
      for length in lengths {
        let joint = length.probability * length.density(value.slope)
        changed += joint * hazard
        next.append(length.updated(value.slope, probability: joint * (1 - hazard)))
      }
      next.insert(Length(probability: changed), at: 0)
      let total = next.reduce(0) { $0 + $1.probability }
      guard total > 0, total.isFinite else { return nil }
      for i in next.indices { next[i].probability /= total }
      lengths = next
      let best = lengths.indices.max { lengths[$0].probability < lengths[$1].probability } ?? 0
      if best < likeliest {
        let start = max(index - best, 0)
        return DetectedEnd(step: values[start].from, decidedAtStep: value.step)
      }
      likeliest = best
    }
    return nil
  }
}
