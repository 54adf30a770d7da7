/// Baseline: Accordion (Agarwal et al., MLSys 2021). Training is in a critical regime while the norm
/// of the gradient changes, relatively, by at least a threshold from one window to the next; the
/// period ends with the first window that does not.
///
/// The paper counts windows in epochs, which a series does not know: here a window is a number of
/// checkpoints. The norm is √information, information being a mean squared gradient.
public struct AccordionDetector: EndDetector {
  /// Relative change at which a window is critical; 0.5 in the paper.
  public var threshold: Double
  /// Checkpoints in a window.
  public var window: Int

  /// The baseline with these parameters.
  public init(threshold: Double = 0.5, window: Int = 1) {
    self.threshold = threshold
    self.window = window
  }

  /// `accordion`.
  public var name: String { "accordion" }

  /// The end of the first quiet window after a critical one.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    let norms = series.compactMap { point in
      point.information.flatMap { $0.isFinite && $0 >= 0 ? (point.step, $0.squareRoot()) : nil }
    }
    guard window > 0 else { return nil }
    var wasCritical = false
    for index in stride(from: window, to: norms.count, by: window) {
      let (before, now) = (norms[index - window], norms[index])
      guard before.1 > 0 else { continue }
      if abs(now.1 - before.1) / before.1 >= threshold {
        wasCritical = true
      } else if wasCritical {
        return DetectedEnd(step: before.0, decidedAtStep: now.0)
      }
    }
    return nil
  }
}
