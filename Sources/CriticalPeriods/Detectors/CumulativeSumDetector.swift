import Glibc

/// Baseline: the cumulative sum chart (Page, Biometrika 1954) with the tabular defaults: reference
/// value k = 0.5 and decision interval h = 5, in standard deviations (Montgomery, Introduction to
/// Statistical Quality Control). It watches the log-derivative of the information for a fall below the
/// level of the first values; the period ends where the sum that gives the alarm began.
public struct CumulativeSumDetector: EndDetector {
  /// Slack per value, in standard deviations.
  public var slack: Double
  /// Sum that gives the alarm, in standard deviations.
  public var limit: Double
  /// Values that level and deviation are taken of.
  public var reference: Int

  /// The baseline with these parameters.
  public init(slack: Double = 0.5, limit: Double = 5, reference: Int = 5) {
    self.slack = slack
    self.limit = limit
    self.reference = reference
  }

  /// `cusum`.
  public var name: String { "cusum" }

  /// The start of the first alarm.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    let values = logDerivative(series)
    guard reference > 1, values.count > reference else { return nil }
    let first = values.prefix(reference).map(\.slope)
    let mean = first.reduce(0, +) / Double(reference)
    let squares = first.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = sqrt(squares / Double(reference - 1))
    guard deviation > 0 else { return nil }
    var sum = 0.0
    var start = values[reference].from
    for value in values.dropFirst(reference) {
      if sum == 0 { start = value.from }
      sum = max(0, sum + (mean - value.slope) / deviation - slack)
      if sum > limit { return DetectedEnd(step: start, decidedAtStep: value.step) }
    }
    return nil
  }
}
