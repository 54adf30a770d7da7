/// Baseline: Tukey's fences (Exploratory Data Analysis, 1977). The period ends at the first checkpoint
/// whose log-derivative of the information lies below Q1 − 1.5 · IQR of those before it.
public struct OutlierDetector: EndDetector {
  /// Interquartile ranges between the quartile and the fence.
  public var fence: Double
  /// Values that the quartiles are taken of at least.
  public var least: Int

  /// The baseline with these parameters.
  public init(fence: Double = 1.5, least: Int = 5) {
    self.fence = fence
    self.least = least
  }

  /// `iqr-outlier`.
  public var name: String { "iqr-outlier" }

  /// The first low outlier.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    var past: [Double] = []
    for value in logDerivative(series) {
      if past.count >= least {
        let sorted = past.sorted()
        let (low, high) = (quartile(sorted, 0.25), quartile(sorted, 0.75))
        if value.slope < low - fence * (high - low) {
          return DetectedEnd(step: value.from, decidedAtStep: value.step)
        }
      }
      past.append(value.slope)
    }
    return nil
  }

  private func quartile(_ sorted: [Double], _ level: Double) -> Double {
    let position = level * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }
}
