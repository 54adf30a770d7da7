/// How often a run has gone through its training data, from the epochs that checkpoints name.
///
/// Trainers count from 0 or from 1, and name the epoch that ends or the one that begins: so the rate is
/// taken from two checkpoints, and only the first one is believed by itself. A count that begins anew while the
/// steps go on tells the rate from there.
struct PassesOverData: Sendable {
  private var first: (step: Double, epoch: Double)?
  private var last: (step: Double, epoch: Double)?
  private var epochsPerStep: Double?

  /// Takes the newest checkpoint into account.
  mutating func observe(_ observation: Observation) {
    guard let epoch = observation.epoch else { return }
    let step = Double(observation.step)
    defer { last = (step, epoch) }
    if let last, epoch < last.epoch, step > last.step { first = (step, epoch) }
    guard let start = first else {
      first = (step, epoch)
      if step > 0, epoch > 0 { epochsPerStep = epoch / step }
      return
    }
    if step > start.step, epoch > start.epoch {
      epochsPerStep = (epoch - start.epoch) / (step - start.step)
    }
  }

  /// Passes between two steps; nil when no epoch was named.
  func passes(from start: Int, to step: Int) -> Double? {
    step >= start ? passes(overSteps: Double(step) - Double(start)) : nil
  }

  /// Passes that a number of steps makes; nil when no epoch was named.
  func passes(overSteps steps: Double) -> Double? {
    guard let epochsPerStep else { return nil }
    let passes = steps * epochsPerStep
    return passes.isFinite && passes >= 0 ? passes : nil
  }

  /// Steps that a number of passes makes; nil when no epoch was named.
  func steps(overPasses passes: Double) -> Double? {
    epochsPerStep.flatMap { $0 > 0 ? passes / $0 : nil }
  }
}
