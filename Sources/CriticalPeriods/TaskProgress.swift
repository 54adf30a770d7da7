import Glibc

/// Watches how far the task has been taken in, and how likely it is that the period has ended.
///
/// A deficit does lasting harm while much of the task is still to be learned, little of the training is
/// behind, and the learning rate still allows much to be undone. All three count: with
///
///     z = log2(passes) + log2(highest rate / rate) + w · log2(1 / remaining)
///
/// the labelled ends lie around one z, whatever the depth, activation, batch and schedule, and closer
/// together than around any one epoch, any one loss, the trace's peak or the shares' freeze
/// (measurements.md §7). The spread of the labels around it gives the probability that the period has
/// ended. Of the rate only a smooth decay counts, and that in bounds: a step of the schedule or a
/// cool-down is no end. While much remains that the rate could still move, nothing has ended, however
/// long it takes.
struct TaskProgress: Sendable {
  /// What is known at one checkpoint.
  struct Place: Sendable {
    let index: Int
    let step: Int
    let doublings: Double
    let remaining: RemainingTask
    /// Nil where no epoch is named: then the typical number is assumed, with more doubt.
    let passes: Double?
    let score: Double
    /// What remains, times the part of the highest learning rate that is left to learn it with.
    let movable: Double
  }

  let settings: PeriodSettings
  private(set) var places: [Place] = []
  private var levels = UninformedLevels()
  private var passes = PassesOverData()
  /// log2 of the parts that went with an abrupt change of the learning rate: they do not count.
  private(set) var setAside = 0.0
  /// Parts set aside per change, for the evidence.
  private(set) var lastSetAside: (from: Int, to: Int, ratio: Double)?

  /// The step from which passes count: that of the last reopening, or 0.
  private var start = 0
  /// The highest learning rate, scaled along with every abrupt change.
  private var highestRate: Double?
  private var rateDecay = 0.0

  init(settings: PeriodSettings) { self.settings = settings }

  /// Counts passes anew: from here on other things are to be learned.
  mutating func restart() {
    guard let now = places.last else { return }
    start = now.step
    highestRate = nil
    setAside = 0
    lastSetAside = nil
  }

  /// Takes the newest checkpoint into account.
  ///
  /// - Parameter change: the abrupt change of the learning rate since the checkpoint before, if any.
  mutating func observe(_ history: [Observation], change: ScheduleWatch.Change?) {
    guard let newest = history.last else { return }
    passes.observe(newest)
    levels.observe(newest)
    observeRate(newest, change: change, isNewest: change?.to == history.count - 1)
    guard let doublings = newest.doublings, var remaining = levels.remaining(at: newest) else {
      return
    }
    if let change, let before = places.last, change.to == history.count - 1 {
      let jump = before.remaining.log2Part - (remaining.log2Part + setAside)
      if jump > 0, before.step > start {
        setAside += jump
        lastSetAside = (before.step, newest.step, exp2(-jump))
      }
    }
    remaining = RemainingTask(
      log2Part: min(remaining.log2Part + setAside, 0), measure: remaining.measure)
    let known = passes.passes(from: start, to: newest.step)
    places.append(
      Place(
        index: history.count - 1, step: newest.step, doublings: doublings, remaining: remaining,
        passes: known,
        score: log2(known ?? settings.typicalPasses / remaining.part) + rateDecay
          - settings.progressWeight * remaining.log2Part,
        movable: remaining.part * exp2(-rateDecay)))
  }

  private mutating func observeRate(
    _ newest: Observation, change: ScheduleWatch.Change?, isNewest: Bool
  ) {
    guard let rate = newest.learningRate else { return }
    var highest = highestRate ?? rate
    if let change, isNewest, change.before > 0 { highest *= change.after / change.before }
    highest = max(highest, rate)
    highestRate = highest
    guard highest > 0 else { return }
    rateDecay =
      rate > 0 ? min(log2(highest / rate), settings.mostRateDecay) : settings.mostRateDecay
  }

  /// Whether anything can be told from progress.
  var isKnown: Bool { !places.isEmpty }

  /// Whether an end is out of the question: most of the task is still to be taken in, or not every
  /// example has been seen.
  var isEarly: Bool {
    guard let now = places.last else { return false }
    return isEarly(now)
  }

  private func isEarly(_ place: Place) -> Bool {
    place.remaining.part > settings.mostRemaining || place.movable > settings.mostMovable
      || (place.passes ?? 1) < 1
  }

  /// Probability that the period has ended at a place.
  func probability(at place: Place, evidence: EvidenceKind) -> Double {
    guard !isEarly(place) else { return 0.05 }
    let z = (place.score - settings.endScore) / deviation(at: place, evidence: evidence)
    return min(max(normalProbability(below: z), 0.05), 0.95)
  }

  /// Spread of the score at the end, wider where less is known.
  func deviation(at place: Place, evidence: EvidenceKind) -> Double {
    var deviation = settings.endScoreDeviation
    if place.passes == nil { deviation = hypot(deviation, settings.typicalPassesDeviation) }
    if evidence != .probe { deviation *= 1.25 }
    return deviation
  }

  /// The end when the newest checkpoint is the first at which it is more likely than not.
  func end(_ evidence: EvidenceKind, since reopening: Int? = nil) -> End? {
    let eligible = places.drop { place in reopening.map { place.index <= $0 } ?? false }
    guard let now = eligible.last, !isEarly, eligible.count >= 2 else { return nil }
    let probability = probability(at: now, evidence: evidence)
    guard now.score >= settings.endScore else { return nil }
    let width = settings.intervalDeviations * deviation(at: now, evidence: evidence)
    let step = crossing(settings.endScore, in: eligible) ?? now.step
    let low = crossing(settings.endScore - width, in: eligible) ?? step
    let slope = max(slope(eligible), 1)
    let ahead = Double(now.step) * exp2(min((settings.endScore + width - now.score) / slope, 8))
    let high = max(ahead.isFinite && ahead < 1e18 ? Int(ahead) : now.step, step)
    return End(
      step: step, interval: min(low, step)...high, probability: probability,
      decidedAtStep: now.step)
  }

  /// Doublings of the step between the checkpoints around the end; a start at step 0 counts as step 1.
  func bracketDoublings(since reopening: Int?) -> Double? {
    let eligible = places.drop { place in reopening.map { place.index <= $0 } ?? false }
    guard let upper = eligible.first(where: { $0.score >= settings.endScore }) else { return nil }
    return upper.doublings - (eligible.last { $0.index < upper.index }?.doublings ?? 0)
  }

  /// Whether it is only for the progress that was set aside that a place is not past the end.
  func wouldEndWithSetAside(_ place: Place) -> Bool {
    setAside > 0 && (place.passes ?? 1) >= 1
      && place.movable * exp2(-setAside) <= settings.mostMovable
      && place.score + settings.progressWeight * setAside >= settings.endScore
  }

  /// Whether the last two checkpoints both know clearly less than one at which the period was closed.
  func hasLost(since closing: Int, evidence: EvidenceKind) -> Bool {
    let after = places.suffix(2)
    guard after.count == 2, after.allSatisfy({ $0.index > closing }) else { return false }
    return after.allSatisfy {
      $0.remaining.part > settings.mostRemaining
        || $0.score < settings.endScore - deviation(at: $0, evidence: evidence)
    }
  }

  /// The step at which the score first reached a level for good enough: between two checkpoints it is
  /// interpolated in log-step time.
  private func crossing(_ level: Double, in places: ArraySlice<Place>) -> Int? {
    guard let upper = places.first(where: { $0.score >= level }) else { return nil }
    guard let lower = places.last(where: { $0.index < upper.index }) else { return upper.step }
    let rise = upper.score - lower.score
    let part = rise > 0 ? (level - lower.score) / rise : 1
    let at = exp2(lower.doublings + part * (upper.doublings - lower.doublings))
    return at.isFinite && at < 1e18
      ? min(max(Int(at.rounded()), lower.step), upper.step) : upper.step
  }

  /// Growth of the score per doubling of the step over the last doubling.
  private func slope(_ places: ArraySlice<Place>) -> Double {
    guard let now = places.last else { return 1 }
    let before = places.last { $0.doublings <= now.doublings - 1 } ?? places.first ?? now
    let span = now.doublings - before.doublings
    return span > 0 ? (now.score - before.score) / span : 1
  }
}
