import Glibc

/// How much of the task a network has still to take in, by what its predictions show.
///
/// The remaining part is the loss over the loss of a network that knows nothing, or the error over its
/// error, whichever is larger. Confidence is left out on purpose: it can grow alone, by scale, while
/// nothing is learned (measurements.md §2), and then the error stays where it was.
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

  /// Takes them from the probe's entropy H(Y) where it is known (then the first checkpoint may be
  /// missing), and otherwise from the first checkpoint that tells.
  mutating func observe(_ observation: Observation) {
    let known = observation.targetEntropy
    if loss == nil, let first = observation.loss { loss = max(first, known ?? 0) }
    if error == nil, let accuracy = observation.accuracy {
      error = max(1 - accuracy, known.map { 1 - exp(-$0) } ?? 0)
    }
  }

  /// What remains at a checkpoint; nil when neither loss nor accuracy tells.
  func remaining(at observation: Observation) -> RemainingTask? {
    var found: RemainingTask?
    func offer(_ value: Double?, of level: Double?, _ measure: String) {
      guard let value, let level, level > 0 else { return }
      let part = min(max(log2(max(value, 1e-9) / level), -10), 0)
      if found.map({ part > $0.log2Part }) ?? true {
        found = RemainingTask(log2Part: part, measure: measure)
      }
    }
    offer(observation.loss, of: loss, "loss")
    offer(observation.accuracy.map { 1 - $0 }, of: error, "error")
    return found
  }
}
