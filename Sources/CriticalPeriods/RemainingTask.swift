import Glibc

/// How much of the task a network has still to take in, by what its predictions show.
///
/// The remaining part is the loss over the loss of a network that knows nothing, or the error over its
/// error, whichever is larger. Confidence is left out on purpose: it can grow alone, by scale, while
/// nothing is learned (measurements.md §2), and then the error stays where it was. Nor does a loss count
/// that rises while the error does not: that is confidence too, in answers that were wrong before.
struct RemainingTask: Sendable {
  /// log2 of the remaining part, in −10 … 0.
  let log2Part: Double
  /// Which measure it is: `loss` or `error`.
  let measure: String

  /// The part, in 0 … 1.
  var part: Double { exp2(log2Part) }
}

/// The levels that a network of the run shows before it has learned anything.
struct UninformedLevels: Sendable {
  private var loss: Double?
  private var error: Double?
  /// The smallest loss since the start or the last `restart`.
  private var leastLoss: Double?

  /// Takes them from the probe's entropy H(Y) where it is known (then the first checkpoint may be
  /// missing), and otherwise from the first checkpoint that tells.
  mutating func observe(_ observation: Observation) {
    let known = observation.targetEntropy
    if let now = observation.loss { leastLoss = min(now, leastLoss ?? now) }
    if loss == nil, let first = observation.loss { loss = max(first, known ?? 0) }
    if error == nil, let accuracy = observation.accuracy {
      error = max(1 - accuracy, known.map { 1 - exp(-$0) } ?? 0)
    }
  }

  /// Forgets how small the loss has been: other things are to be learned from here on.
  mutating func restart() { leastLoss = nil }

  /// What remains at the newest checkpoint; nil when neither loss nor accuracy tells.
  func remaining(at observation: Observation) -> RemainingTask? {
    var found: RemainingTask?
    func offer(_ value: Double?, of level: Double?, _ measure: String) {
      guard let value, let level, level > 0 else { return }
      let part = min(max(log2(max(value, 1e-9) / level), -10), 0)
      if found.map({ part > $0.log2Part }) ?? true {
        found = RemainingTask(log2Part: part, measure: measure)
      }
    }
    let counted = observation.accuracy == nil ? observation.loss : leastLoss
    offer(observation.loss == nil ? nil : counted, of: loss, "loss")
    offer(observation.accuracy.map { 1 - $0 }, of: error, "error")
    return found
  }
}
