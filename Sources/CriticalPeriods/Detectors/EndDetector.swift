/// A rule that names the end of the critical period on a series: ours, and those it is compared with.
/// A new one is one new file and one line in `endDetectors`.
public protocol EndDetector: Sendable {
  /// A stable kebab-case name for reports.
  var name: String { get }
  /// The first decision on a series of one segment in step order, or nil when there is none. It is
  /// online: a decision at a checkpoint uses that one and those before it.
  func end(of series: [SeriesPoint]) -> DetectedEnd?
}

/// An end named by an `EndDetector`.
public struct DetectedEnd: Sendable, Hashable {
  /// The step at which the period ended.
  public var step: Int
  /// The first step at which it could be said.
  public var decidedAtStep: Int
  /// Probability that it had ended by then; only our rule states one.
  public var probability: Double?
  /// The steps between which it ended; only our rule states them.
  public var interval: ClosedRange<Int>?

  /// Creates an end.
  public init(
    step: Int, decidedAtStep: Int, probability: Double? = nil, interval: ClosedRange<Int>? = nil
  ) {
    self.step = step
    self.decidedAtStep = decidedAtStep
    self.probability = probability
    self.interval = interval
  }
}

/// Our rule and the baselines, with their default parameters.
public let endDetectors: [any EndDetector] = [
  PeriodDetector(), ArgmaxDetector(), AccordionDetector(), LayerRotationDetector(),
  FederatedNormDetector(), OutlierDetector(), CumulativeSumDetector(), PageHinkleyDetector(),
  ChangePointDetector(),
]
