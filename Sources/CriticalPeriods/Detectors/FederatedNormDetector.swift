/// Baseline: the federated gradient norm of CriticalFL (Yan et al., KDD 2023). Training is in its
/// critical period while the norm, averaged over a window, grows relatively by at least δ from one
/// round to the next; the period ends with the first round that does not. A round is a checkpoint
/// here, and the norm √information.
public struct FederatedNormDetector: EndDetector {
  /// Relative growth at which a round is critical; 0.01 in the paper.
  public var threshold: Double
  /// Rounds averaged; 10 in the paper.
  public var window: Int

  /// The baseline with these parameters.
  public init(threshold: Double = 0.01, window: Int = 10) {
    self.threshold = threshold
    self.window = window
  }

  /// `federated-norm`.
  public var name: String { "federated-norm" }

  /// The first quiet round after a critical one. Windows at the start hold what there is.
  public func end(of series: [SeriesPoint]) -> DetectedEnd? {
    let norms = series.compactMap { point in
      point.information.flatMap { $0.isFinite && $0 >= 0 ? (point.step, $0.squareRoot()) : nil }
    }
    guard window > 0 else { return nil }
    var wasCritical = false
    var before: Double?
    for index in norms.indices {
      let part = norms[max(index - window + 1, 0)...index]
      let mean = part.reduce(0) { $0 + $1.1 } / Double(part.count)
      defer { before = mean }
      guard let before, before > 0 else { continue }
      if (mean - before) / before >= threshold {
        wasCritical = true
      } else if wasCritical {
        return DetectedEnd(step: norms[index].0, decidedAtStep: norms[index].0)
      }
    }
    return nil
  }
}
