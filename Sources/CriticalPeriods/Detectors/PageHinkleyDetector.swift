/// Baseline: the Page–Hinkley test with the defaults of the library river (δ = 0.005, threshold 50,
/// α = 0.9999, at least 30 values, both directions), on the information itself: on its log-derivative a
/// threshold of 50 is never reached.
public struct PageHinkleyDetector: EndDetector {
  /// Values before the first alarm.
  public var least: Int
  /// Magnitude that is tolerated.
  public var delta: Double
  /// Sum that gives the alarm.
  public var threshold: Double
  /// Forgetting factor of the sums.
  public var alpha: Double

  /// The baseline with these parameters.
  public init(
    least: Int = 30, delta: Double = 0.005, threshold: Double = 50, alpha: Double = 0.9999
  ) {
    self.least = least
    self.delta = delta
    self.threshold = threshold
    self.alpha = alpha
  }

  /// `page-hinkley`.
  public var name: String { "page-hinkley" }

  /// The first alarm.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    var count = 0.0
    var mean = 0.0
    var (up, down) = (0.0, 0.0)
    var (lowest, highest) = (Double.infinity, -Double.infinity)
    for point in series {
      guard let value = point.information, value.isFinite else { continue }
      count += 1
      mean += (value - mean) / count
      up = alpha * up + (value - mean - delta)
      down = alpha * down + (value - mean + delta)
      lowest = min(lowest, up)
      highest = max(highest, down)
      guard count >= Double(least) else { continue }
      if up - lowest > threshold || highest - down > threshold {
        return DetectedEnd(step: point.step, decidedAtStep: point.step)
      }
    }
    return nil
  }
}
