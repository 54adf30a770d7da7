import Glibc

/// The loss and the error that a network of the run shows before it has learned anything.
///
/// They are those of the untrained network, if it is the first checkpoint, and at least those of the targets'
/// entropy H(Y) where the probe tells it. Where neither is known, H(Y) is estimated as soon as the step has
/// doubled: by then the loss tells where it came from, to half an octave. Accuracy tells more, because loss
/// and error fall about in proportion: H is where (1 − e^−H) / H is the first error over the first loss. That
/// is good to a sixth of an octave on labelled runs of ten classes. For two it would be up to twofold too
/// high, and half too low for a thousand; the loss bounds it from above. It is asked even of step 0: trainers
/// that count epochs from 0 save their first checkpoint after an epoch of training, and an untrained network
/// answers with its own loss.
struct UninformedLevels: Sendable {
  private var loss: Double?
  private var error: Double?
  /// The first checkpoint that tells a loss.
  private var first: Observation?
  /// The smallest loss since the start or the last `restart`.
  private var leastLoss: Double?
  /// Whether the loss alone had to tell, or the first one lies more than an octave below the start.
  private(set) var areRough = false

  /// Whether accuracy tells the error.
  var knowError: Bool { error != nil }

  /// The step from which they can be estimated, while they are not known.
  var awaitedStep: Int? {
    guard loss == nil, let first else { return nil }
    let (twice, overflows) = first.step.multipliedReportingOverflow(by: 2)
    return overflows ? .max : twice
  }

  /// Takes the newest checkpoint into account.
  mutating func observe(_ newest: Observation) {
    first = first ?? (newest.loss == nil ? nil : newest)
    let start = first ?? newest
    var entropy = newest.targetEntropy
    if loss == nil, let before = start.loss {
      if entropy == nil {
        guard let estimate = estimatedEntropy(from: start, and: newest) else { return }
        entropy = estimate
        areRough = start.step > 0 && (start.accuracy == nil || estimate > 2 * before)
      }
      loss = max(before, entropy ?? 0)
    }
    if error == nil, let accuracy = start.accuracy ?? newest.accuracy {
      error = max(1 - accuracy, entropy.map { 1 - exp(-$0) } ?? 0)
    }
  }

  /// Forgets how small the loss has been: other things are to be learned from here on.
  mutating func restart() { leastLoss = nil }

  /// What remains at a checkpoint later than those before; nil where neither loss nor accuracy tells.
  mutating func remaining(at checkpoint: Observation) -> RemainingTask? {
    if let now = checkpoint.loss { leastLoss = min(now, leastLoss ?? now) }
    var found: RemainingTask?
    func offer(_ value: Double?, of level: Double?, _ measure: String) {
      guard let value, let level, level > 0 else { return }
      let part = min(max(log2(max(value, 1e-9) / level), -10), 0)
      if found.map({ part > $0.log2Part }) ?? true {
        found = RemainingTask(log2Part: part, measure: measure)
      }
    }
    let counted = checkpoint.accuracy == nil ? checkpoint.loss : leastLoss
    offer(checkpoint.loss == nil ? nil : counted, of: loss, "loss")
    offer(checkpoint.accuracy.map { 1 - $0 }, of: error, "error")
    return found
  }
}

/// H(Y) in nats from two checkpoints, the first of the run and one later; nil until the step has doubled, which
/// it has from step 0 on at once.
private func estimatedEntropy(from first: Observation, and second: Observation) -> Double? {
  let stretch = first.step > 0 ? Double(second.step) / Double(first.step) : .infinity
  guard stretch >= 2, let loss = first.loss else { return nil }
  // Learning curves fall about as 1/(1 + t/τ): their inverse rises evenly, and did so before.
  let rise = (loss / max(second.loss ?? loss, 1e-9) - 1) / (stretch - 1)
  let extrapolated = loss / max(1 - rise, 0.5)
  guard let accuracy = first.accuracy, accuracy < 1, loss > 0 else { return extrapolated }
  return min(2.0.squareRoot() * extrapolated, entropy(errorOverLoss: (1 - accuracy) / loss))
}

/// The H at which (1 − e^−H) / H is a positive ratio: it falls from 1 as H grows.
private func entropy(errorOverLoss ratio: Double) -> Double {
  var range = (low: 0.0, high: 1 / ratio)
  for _ in 0..<50 {
    let middle = (range.low + range.high) / 2
    if -expm1(-middle) / middle > ratio { range.low = middle } else { range.high = middle }
  }
  return range.low
}
