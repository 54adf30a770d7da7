import Glibc

/// A series whose end is known from elsewhere: what methods are compared on.
public struct LabelledSeries: Sendable {
  /// What is known of the end.
  public enum Label: Sendable, Hashable {
    /// It ended at a step, known to lie in an interval (5–95 %).
    case end(step: Double, interval: ClosedRange<Double>?)
    /// It never ends in this run, so every end that is named is false.
    case never
    /// Nothing: an end that is named is neither right nor wrong.
    case unknown
  }

  /// A name for tables.
  public var name: String
  /// In the order of the step.
  public var points: [SeriesPoint]
  /// What they were measured from.
  public var evidence: EvidenceKind
  /// What is known of the end.
  public var label: Label
  /// Words for the network: series of one network are not independent of each other.
  public var network: String?

  /// Creates a labelled series.
  public init(
    name: String, points: [SeriesPoint], evidence: EvidenceKind = .probe, label: Label,
    network: String? = nil
  ) {
    self.name = name
    self.network = network
    self.points = points
    self.evidence = evidence
    self.label = label
  }
}

extension LabelledSeries.Label {
  /// Probability that the true end lies before a step: the label is an estimate, taken as log-normal
  /// with its interval. Nil without an end.
  func probability(before step: Double) -> Double? {
    switch self {
    case .unknown: return nil
    case .never: return 0
    case .end(let end, let interval):
      guard end > 0, step > 0 else { return step >= end ? 1 : 0 }
      let deviation = Self.deviation(interval, of: end)
      guard deviation > 0 else { return step >= end ? 1 : 0 }
      return normalProbability(below: log2(step / end) / deviation)
    }
  }

  /// Standard deviation of log2 of the end.
  private static func deviation(_ interval: ClosedRange<Double>?, of end: Double) -> Double {
    guard let interval, interval.upperBound > 0 else { return 0 }
    // From the start on: only the upper half has a size.
    guard interval.lowerBound > 0 else { return max(log2(interval.upperBound / end), 0) / 1.645 }
    return log2(interval.upperBound / interval.lowerBound) / (2 * 1.645)
  }
}
