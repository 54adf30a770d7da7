/// Baseline: the period ends where information is largest, once it has not been exceeded for some
/// checkpoints (the habit of early stopping; no paper prescribes the patience).
public struct ArgmaxDetector: EndDetector {
  /// Checkpoints without a new maximum before the decision.
  public var patience: Int

  /// The baseline with this patience.
  public init(patience: Int = 5) { self.patience = patience }

  /// `argmax`.
  public var name: String { "argmax" }

  /// The first maximum that stood for `patience` checkpoints.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    var best: (step: Int, information: Double)?
    var waited = 0
    for point in series {
      guard let information = point.information, information.isFinite else { continue }
      if let top = best, information <= top.information {
        waited += 1
        if waited >= patience { return DetectedEnd(step: top.step, decidedAtStep: point.step) }
      } else {
        best = (point.step, information)
        waited = 0
      }
    }
    return nil
  }
}
