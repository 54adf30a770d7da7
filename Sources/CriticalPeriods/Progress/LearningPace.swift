import Glibc

/// A run's own measure of time: how many steps its first part of the task took, and by what kind of
/// steps.
///
/// An optimizer that scales each weight's step by that weight's gradients (Adam and the like) moves a
/// weight by about the learning rate at every step, so that rates are small beside a weight's size, a tenth;
/// those of gradient descent multiply gradients and are larger. Where the checkpoints do not show the
/// optimizer, that tells the two apart.
struct LearningPace: Sendable {
  let settings: PeriodSettings
  private var start: Int
  /// The place before, as step and odds of what is taken in.
  private var last: (step: Double, odds: Double)
  private var highestRate: Double?
  private var shown: Bool?

  /// Steps since the start; nil while less than that part is taken in.
  private(set) var steps: Double?

  /// - Parameter start: the step at which nothing is known yet.
  init(settings: PeriodSettings, start: Int) {
    self.settings = settings
    self.start = start
    last = (Double(start), 0)
  }

  /// Whether the optimizer scales each weight's step; nil where nothing tells.
  var isAdaptive: Bool? { shown ?? highestRate.map { $0 < settings.leastPlainRate } }

  /// Forgets what was taken in, but not by which optimizer: other things are to be learned from here on.
  mutating func restart(at step: Int) {
    start = step
    last = (Double(step), 0)
    steps = nil
  }

  /// Takes the newest checkpoint into account.
  mutating func observe(_ newest: Observation, remaining: RemainingTask?) {
    shown = newest.isAdaptive ?? shown
    if let rate = newest.learningRate { highestRate = max(rate, highestRate ?? rate) }
    guard steps == nil, newest.step >= start else { return }
    let step = Double(newest.step)
    // Learning curves fall about as 1/(1 + t/τ): their odds rise evenly.
    let odds = remaining.map { exp2(-$0.log2Part) - 1 } ?? last.odds
    let level = 1 / settings.paceRemaining - 1
    if odds >= level {
      let rise = odds - last.odds
      let part = rise > 0 ? min(max((level - last.odds) / rise, 0), 1) : 1
      steps = last.step + part * (step - last.step) - Double(start)
    }
    last = (step, odds)
  }
}
