/// Watches the learning rate for abrupt changes: a step of the schedule, a restart, a cool-down. A
/// smooth schedule (cosine, exponential, linear warm-up) never counts, however far it goes.
struct ScheduleWatch: Sendable {
  /// An abrupt change between two checkpoints, as indices into the history.
  struct Change: Sendable {
    let from: Int
    let to: Int
    let before: Double
    let after: Double
  }

  let settings: PeriodSettings
  /// The abrupt changes so far.
  private(set) var changes: [Change] = []
  /// Change per step and length in steps of the last intervals between checkpoints.
  private var recent: [(slope: Double, steps: Double)] = []
  private var last: Int?

  init(settings: PeriodSettings) { self.settings = settings }

  /// Takes the newest checkpoint of the history into account.
  mutating func observe(_ history: [Observation]) {
    guard let newest = history.last, let rate = newest.learningRate else { return }
    let index = history.count - 1
    defer { last = index }
    guard let previous = last, let before = history[previous].learningRate else { return }
    // Rates of two optimizers are not to be compared.
    if history[previous].isAdaptive != newest.isAdaptive, history[previous].step > 0 {
      recent = []
      return
    }
    let steps = Double(newest.step) - Double(history[previous].step)
    guard steps > 0 else { return }
    let slope = abs(rate - before) / steps
    let usual = recent.map(\.slope).max() ?? 0
    let usualSteps = recent.map(\.steps).max() ?? steps
    // Across a gap wider than usual a smooth schedule bends: it may be as many times steeper.
    let allowed = settings.abruptRateFactor * usual * max(1, steps / usualSteps)
    let large = abs(rate - before) >= settings.abruptRateChange * before
    // The first interval has nothing to be compared with, and the first ones of a warm-up too little.
    let comparable = recent.count >= (rate < before ? 1 : 3)
    if rate != before, large, comparable, slope > allowed {
      changes.append(Change(from: previous, to: index, before: before, after: rate))
    }
    recent.append((slope, steps))
    if recent.count > 3 { recent.removeFirst() }
  }

  /// The first abrupt change that ended after checkpoint `start` and not after `stop`.
  func change(after start: Int, through stop: Int) -> Change? {
    changes.first { $0.to > start && $0.to <= stop }
  }
}
