/// How far what remains of the task scatters from checkpoint to checkpoint: a loss that a trainer logs is often
/// that of one batch, and a probe of few examples tells it roughly.
struct ProgressNoise: Sendable {
  /// log2 of the remaining part over the last doubling of the step.
  private var recent = RecentLine(span: 1, least: 5)
  private var sum = 0.0
  private var count = 0

  /// Standard deviation of log2 of the remaining part around its course, so far.
  var deviation: Double { count > 0 ? (sum / Double(count)).squareRoot() : 0 }

  /// Takes what remains at a checkpoint into account, at the log2 of its step.
  mutating func observe(_ remaining: RemainingTask, at doublings: Double) {
    recent.append(x: doublings, y: remaining.log2Part)
    guard recent.count >= 5, let variance = recent.variance else { return }
    sum += variance
    count += 1
  }

  /// Forgets what was seen: from here on other things are to be learned.
  mutating func restart() { self = ProgressNoise() }
}
