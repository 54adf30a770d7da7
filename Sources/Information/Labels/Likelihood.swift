// The distributions that outputs parametrise, as natural parameters of exponential families.
internal import Glibc

/// How the numbers of an output are distributed together.
enum Likelihood: Sendable, Hashable {
  /// Rows of logits, one label each.
  case categorical
  /// Every number by itself.
  case independent(OutputFamily)
}

/// A distribution of one real number or label with natural parameter z: its score by z is
/// y − mean(z), and its Fisher information in z is variance(z).
enum OutputFamily: Sendable, Hashable {
  /// A label of 0 or 1 with logit z.
  case bernoulli
  /// A real number of mean z and unit variance.
  case gaussian

  func mean(_ z: Float) -> Float {
    switch self {
    case .bernoulli: z >= 0 ? 1 / (1 + expf(-z)) : expf(z) / (1 + expf(z))
    case .gaussian: z
    }
  }

  func variance(_ z: Float) -> Float {
    switch self {
    case .bernoulli:
      // p(1 − p) from the smaller of the two, which keeps its accuracy.
      {
        let smaller = expf(-abs(z)) / (1 + expf(-abs(z)))
        return smaller * (1 - smaller)
      }()
    case .gaussian: 1
    }
  }

  /// y − mean(z), the score by z, accurate where the two are close.
  func score(_ y: Float, _ z: Float) -> Float {
    switch self {
    case .bernoulli: y == 1 ? mean(-z) : y - mean(z)
    case .gaussian: y - z
    }
  }

  /// −ln p(y), nats; for a Gaussian up to its constant: half the squared error.
  func loss(_ y: Float, _ z: Float) -> Double {
    let (y, z) = (Double(y), Double(z))
    switch self {
    case .bernoulli: return max(z, 0) - z * y + log1p(exp(-abs(z)))
    case .gaussian: return (y - z) * (y - z) / 2
    }
  }

  /// Entropy of the prediction, nats; nil for a Gaussian, whose entropy is no prediction's.
  func entropy(_ z: Float) -> Double? {
    guard self == .bernoulli else { return nil }
    // H = ln(1 + e^−|z|) + |z| · P(the less likely label).
    let magnitude = Double(abs(z))
    let rest = exp(-magnitude)
    return log1p(rest) + magnitude * rest / (1 + rest)
  }
}
