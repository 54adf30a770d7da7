// A layer as a bank of Gaussian channels (measurements.md §3), and the prior that costs least.
internal import CKernels
internal import Glibc

/// The channels of a layer that has both weights and curvature, prepared for many evaluations.
///
/// Everything is a function of u = ln x, x = λ²/β, because s_i = x h_i: for each noise level β the
/// best prior is the root of β x A(x) = mean w², with A(x) = mean s/(1+s).
struct ChannelBank: Sendable {
  let segments: [WeightedLayer.Segment]
  let scale: Double
  let count: Double
  /// mean w².
  let meanSquare: Double
  /// mean h.
  let meanCurvature: Double
  let greatestCurvature: Double

  /// - Returns: absent with the reason why the layer holds no information that can be measured.
  static func of(_ layer: WeightedLayer) -> Measured<ChannelBank> {
    var squares = 0.0
    var sum = 0.0
    var greatest = 0.0
    for segment in layer.segments {
      let count = segment.weights.count
      guard count > 0 else { continue }
      let range = segment.curvature.withUnsafeBufferPointer { ck_range_of($0.baseAddress, count) }
      guard range.not_finite == 0 else { return .absent("its curvature is not finite") }
      guard range.least >= 0 else { return .absent("its curvature is negative somewhere") }
      greatest = max(greatest, Double(range.greatest))
      sum += range.sum
      squares += segment.weights.withUnsafeBufferPointer {
        ck_sum_of_squares($0.baseAddress, count)
      }
    }
    guard squares.isFinite else { return .absent("its weights are not finite") }
    let count = Double(layer.parameters)
    guard count > 0 else { return .absent("it has no weights") }
    guard sum > 0 else { return .absent("the loss has no curvature in it") }
    guard squares > 0 else { return .absent("all its weights are zero") }
    return .known(
      ChannelBank(
        segments: layer.segments, scale: layer.curvatureScale, count: count,
        meanSquare: squares / count, meanCurvature: sum * layer.curvatureScale / count,
        greatestCurvature: greatest * layer.curvatureScale))
  }

  /// Means over the layer's channels at x = e^u.
  func means(logRatio u: Double) -> (signal: Double, noise: Double, gradient: Double) {
    let x = exp(u) * scale
    var signal = 0.0
    var noise = 0.0
    var gradient = 0.0
    for segment in segments {
      let sums = segment.curvature.withUnsafeBufferPointer {
        ck_channel_sums($0.baseAddress, $0.count, x)
      }
      signal += sums.signal
      noise += sums.noise
      gradient += sums.gradient
    }
    return (signal / count, noise / count, gradient / count)
  }

  /// Σ ln(1 + s_i), nats.
  func logSum(logRatio u: Double) -> Double {
    let x = exp(u) * scale
    return segments.reduce(0) { sum, segment in
      sum
        + segment.curvature.withUnsafeBufferPointer {
          ck_channel_log_sum($0.baseAddress, $0.count, x)
        }
    }
  }

  /// The u at which ln β + u + ln A(e^u) = ln(mean w²), by Newton's method in a shrinking bracket.
  ///
  /// The left side rises with a slope between 1 and 2, so that its value at any point bounds the
  /// distance to the root from both sides.
  ///
  /// - Returns: the root, and A and the slope there.
  func solve(logNoise: Double, from start: Double) -> (u: Double, signal: Double, slope: Double) {
    // Beyond this x h would leave what the kernel can square.
    let ceiling = log(1e150) - log(greatestCurvature)
    let goal = log(meanSquare) - logNoise
    var u = min(max(start, -690), ceiling)
    var low = -690.0
    var high = ceiling
    var signal = 0.0
    var slope = 1.0
    for _ in 0..<60 {
      let means = means(logRatio: u)
      signal = max(means.signal, .leastNormalMagnitude)
      slope = 1 + min(max(means.gradient / signal, 0), 1)
      let excess = u + log(signal) - goal
      if abs(excess) < 1e-11 * max(1, abs(u)) { break }
      if excess > 0 {
        high = min(high, u - excess / 2)
        low = max(low, u - excess)
      } else {
        low = max(low, u - excess / 2)
        high = min(high, u - excess)
      }
      let newton = u - excess / slope
      u = newton >= low && newton <= high ? newton : (low + high) / 2
    }
    return (u, signal, slope)
  }

  /// Where to start for a noise level: the root if every s were small.
  func guess(logNoise: Double) -> Double {
    (log(meanSquare) - logNoise - log(meanCurvature)) / 2
  }
}
