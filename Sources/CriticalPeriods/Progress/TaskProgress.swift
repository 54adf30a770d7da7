import Glibc

/// Watches how far the task has been taken in, and how likely it is that the period has ended.
///
/// A deficit does lasting harm as long as little has been spent of what the training has to spend: its
/// learning rate, summed over the steps. Spent is U, in steps at the present rate; the schedule leaves R
/// such steps (`RateBudget`), and what has been learned until now took a multiple of the run's own unit
/// of time, the steps in which it took in the first part of the task (`LearningPace`). With
///
///     z = log2( U / R + U / (k · pace) ) − log2( L / 4 )
///
/// L the layers, 4 to 8 of them, the labelled ends lie around one z, whatever the activation, batch and
/// schedule, and closer together than around any one epoch, any one loss, the trace's peak or the shares'
/// freeze (measurements.md §7). The spread of the labels around it gives the probability that the period
/// has ended. Of the rate only a smooth decay counts, and that in bounds: a step of the schedule or a
/// cool-down is no end. Of an optimizer that scales each weight's step neither rate nor schedule tells, and
/// of an unknown one no rate is known: there z = log2( t / (k' · pace) ), t the steps since the start.
/// Before every example has been seen a second time and the first part of the task is taken in, on a plateau
/// of learning, and where the run, going on as it does, would leave nearly half of the task undone, nothing
/// has ended.
struct TaskProgress: Sendable {
  /// What is known at one checkpoint.
  struct Place: Sendable {
    let index: Int
    let step: Int
    let doublings: Double
    let remaining: RemainingTask
    /// What is spent and left of the learning rate, in steps at the present one.
    let spent: Double
    let left: Double
    /// log2 of the sum of the rates, and of the odds of what is taken in.
    let log2Sum: Double
    let log2Odds: Double
    /// The power of the sum of the rates by which the odds of what is taken in have grown of late; nil at
    /// the first place.
    var exponent: Double?
    /// The part of the task that will remain when the schedule has run out, or spent as much again.
    var foreseen = 1.0
  }

  let settings: PeriodSettings
  /// What the run was measured from.
  let evidence: EvidenceKind
  private(set) var places: [Place] = []
  private var levels = UninformedLevels()
  /// The checkpoints seen while it is not known where the run came from.
  private var awaiting: [(checkpoint: Observation, index: Int, change: ScheduleWatch.Change?)] = []
  private var passes = PassesOverData()
  private var budget: RateBudget
  private var pace: LearningPace
  /// log2 of the odds of what is taken in over that of the sum of the rates.
  private var recentOdds: RecentLine
  /// Noise of log2 of what remains, from checkpoint to checkpoint: a loss that a trainer logs is often that of
  /// one batch, and a probe of few examples tells it roughly.
  private var noise = 0.0
  /// log2 of the parts that went with an abrupt change of the learning rate: they do not count.
  private(set) var setAside = 0.0
  /// Parts set aside per change, for the evidence.
  private(set) var lastSetAside: (from: Int, to: Int, ratio: Double)?
  /// The step from which passes count: that of the last reopening, or 0.
  private(set) var start = 0
  /// Whether a checkpoint before the first step was seen, and knew little yet.
  private(set) var beganUninformed = false
  /// The first of the places at which only a plateau keeps an end from being said.
  private var heldSince: Place?
  /// The first place at which an end could be said.
  private var opening: Place?
  /// Where the last plateau ended that lasted for a doubling of the step or more.
  private var plateauEnd: Place?
  /// Layers with weights of their own; 0 while unknown.
  private var layers = 0

  init(evidence: EvidenceKind, settings: PeriodSettings) {
    self.evidence = evidence
    self.settings = settings
    budget = RateBudget(start: 0)
    pace = LearningPace(settings: settings, start: 0)
    recentOdds = RecentLine(span: settings.foresightDoublings)
  }

  /// Counts passes anew: from here on other things are to be learned.
  mutating func restart() {
    guard let now = places.last else { return }
    start = now.step
    budget = RateBudget(start: now.step)
    pace.restart(at: now.step)
    recentOdds.removeAll()
    heldSince = nil
    opening = nil
    plateauEnd = nil
    noise = 0
    setAside = 0
    lastSetAside = nil
    levels.restart()
  }

  /// Takes the newest checkpoint into account.
  ///
  /// - Parameter change: the abrupt change of the learning rate since the checkpoint before, if any.
  mutating func observe(_ history: [Observation], change: ScheduleWatch.Change?) {
    guard let newest = history.last else { return }
    if newest.layers > 0 { layers = newest.layers }
    passes.observe(newest)
    levels.observe(newest)
    let index = history.count - 1
    awaiting.append((newest, index, change?.to == index ? change : nil))
    guard awaitedStep == nil else { return }
    let told = awaiting
    awaiting = []
    for each in told { take(each.checkpoint, at: each.index, change: each.change) }
  }

  private mutating func take(
    _ newest: Observation, at index: Int, change: ScheduleWatch.Change?
  ) {
    budget.observe(step: newest.step, rate: newest.learningRate, change: change)
    let told = levels.remaining(at: newest)
    guard let doublings = newest.doublings, var remaining = told else {
      if let told, newest.step == 0 { beganUninformed = told.part > settings.paceRemaining }
      pace.observe(newest, remaining: told)
      return
    }
    if change != nil, let before = places.last {
      let jump = expected(after: before) - (remaining.log2Part + setAside)
      if jump > 0, before.step > start {
        setAside += jump
        lastSetAside = (before.step, newest.step, exp2(-jump))
      }
    }
    remaining = RemainingTask(
      log2Part: min(remaining.log2Part + setAside, 0), measure: remaining.measure)
    pace.observe(newest, remaining: remaining)
    var place = Place(
      index: index, step: newest.step, doublings: doublings, remaining: remaining,
      spent: budget.spent, left: budget.left, log2Sum: log2(max(budget.sum, 1e-12)),
      log2Odds: log2(max(exp2(-remaining.log2Part) - 1, 1e-3)))
    if place.step > start {
      recentOdds.append(x: place.log2Sum, y: place.log2Odds)
      place.exponent = recentOdds.slope
    }
    place.foreseen = foreseen(at: place)
    places.append(place)
    observePlateau(place)
    // Of checkpoints far apart a learning curve's own bend would pass for noise.
    let recent = places.suffix(noiseCheckpoints).filter { $0.step > start }
    noise = secondDifferenceNoise(
      in: recent.map(\.remaining.log2Part), at: recent.map(\.doublings),
      widest: settings.widestBracketDoublings)
  }

  /// Notes where a plateau ends: what it was like before tells no more how long the period lasts.
  private mutating func observePlateau(_ place: Place) {
    guard !hasHardlyBegun(place) else { return }
    if isEarly(place) {
      if heldSince == nil, let score = score(at: place), score >= settings.endScore {
        heldSince = place
      }
      return
    }
    if let heldSince, place.doublings - heldSince.doublings >= 1 { plateauEnd = place }
    heldSince = nil
    if opening == nil, let score = score(at: place), score >= settings.endScore { opening = place }
  }

  /// log2 of the part that would remain now, had the odds of what is taken in gone on since a place as the power
  /// of the sum of the rates that they were: between checkpoints far apart much is taken in without a change.
  private func expected(after place: Place) -> Double {
    let ahead = log2(max(budget.sum, 1e-12)) - place.log2Sum
    return -log2(1 + exp2(place.log2Odds + max(place.exponent ?? 0, 0) * max(ahead, 0)))
  }

  /// The part that will remain when the schedule has run out, but no later than when it has spent as much
  /// again: the odds of what is taken in go on as the power of the sum of the rates that they were.
  private func foreseen(at now: Place) -> Double {
    let ahead = min(log2(1 + now.left / max(now.spent, 1)), settings.foresightDoublings)
    return 1 / (1 + exp2(now.log2Odds + max(now.exponent ?? 0, 0) * ahead))
  }

  /// Whether the optimizer scales each weight's step; nil where nothing tells.
  var isAdaptive: Bool? { pace.isAdaptive }

  private var clock: EndClock { settings.clock(isAdaptive: isAdaptive) }

  /// The layers that count, over the fewest that do.
  private var relativeDepth: Double {
    let counted = settings.countedLayers
    return Double(min(max(layers, counted.lowerBound), counted.upperBound))
      / Double(counted.lowerBound)
  }

  /// Whether anything can be told from progress, now or soon.
  var isKnown: Bool { !places.isEmpty || awaitedStep != nil }

  /// The step from which something can be told, where it cannot yet.
  var awaitedStep: Int? { levels.awaitedStep }

  /// Passes over the data since the start, or since the last reopening.
  func passes(at place: Place) -> Double? { passes.passes(from: start, to: place.step) }

  /// The passes that the first part of the task took; nil until it is known.
  var pacePasses: Double? {
    pace.steps.flatMap { passes.passes(overSteps: $0) }
  }

  /// The z above; nil while the pace is unknown, at the start, and where rates leave no number. Where no epoch
  /// is named, labelled runs tell how many passes go with what remains.
  ///
  /// - Parameter withSetAside: whether to count what the learning rate's changes brought.
  func score(at place: Place, withSetAside: Bool = false) -> Double? {
    guard var unit = pace.steps, place.step > start else { return nil }
    if let shortest = passes.steps(overPasses: settings.shortestPace) { unit = max(unit, shortest) }
    let clock = clock
    unit *= clock.paceMultiple
    let steps = Double(place.step) - Double(start)
    var decay = 0.0
    if clock.countsRates {
      decay = min(log2(place.spent / steps) + log2(1 + unit / place.left), settings.mostRateDecay)
    }
    var score = decay - clock.depthExponent * log2(relativeDepth)
    if passes(at: place) != nil {
      score += log2(steps / unit)
    } else {
      let part = place.remaining.log2Part - (withSetAside ? setAside : 0)
      score += log2(settings.typicalPaces / clock.paceMultiple) - part
    }
    // A period that a plateau has held open ends about where that does, as labelled ones did: no surer than that.
    if let plateauEnd {
      score = min(score, settings.endScore + place.doublings - plateauEnd.doublings)
    }
    return score.isFinite ? score : nil
  }

  /// Whether an end is out of the question: the first part of the task is still to be taken in, learning
  /// stands on a plateau, much will remain when the schedule has run out, no example has been seen twice, or it
  /// is not known yet where the run came from.
  var isEarly: Bool {
    guard let now = places.last else { return awaitedStep != nil }
    return isEarly(now)
  }

  /// The same at a place.
  func isEarly(_ place: Place) -> Bool {
    // The luckiest of many checkpoints must not tell; nor the unluckiest, once an end could be said.
    var margin = exp2(settings.noiseMargin * noise)
    if let opening, place.index > opening.index { margin *= settings.openedMargin }
    let isStuck =
      margin * place.remaining.part > settings.plateauRemaining
      && (place.exponent ?? 0) < clock.leastExponent
    return hasHardlyBegun(place) || margin * place.foreseen > settings.mostForeseen || isStuck
  }

  /// Whether no example has been seen twice, or the first part of the task is not yet taken in.
  func hasHardlyBegun(_ place: Place) -> Bool {
    pace.steps == nil || !tellsPasses || (passes(at: place) ?? .infinity) <= 1
  }

  /// Whether epochs tell how often an example has been seen, or a probe or accuracy does roughly. The loss that a
  /// trainer logs does not: that of a language model falls to a third in its first epoch.
  var tellsPasses: Bool {
    evidence == .probe || levels.knowError || places.last.map { passes(at: $0) != nil } ?? true
  }

  /// Probability that the period has ended at a place.
  func probability(at place: Place) -> Double {
    guard !isEarly(place), let score = score(at: place) else { return 0.05 }
    let z = (score - settings.endScore) / deviation(at: place)
    return min(max(normalProbability(below: z), 0.05), 0.95)
  }

  /// Spread of the score at the end, wider where less is known.
  func deviation(at place: Place) -> Double {
    var deviation = hypot(settings.endScoreDeviation, clock.addedDeviation)
    deviation = hypot(deviation, settings.noiseInScore * noise)
    if passes(at: place) == nil { deviation = hypot(deviation, settings.typicalPassesDeviation) }
    if levels.areRough { deviation = hypot(deviation, settings.roughLevelsDeviation) }
    if evidence != .probe { deviation *= 1.25 }
    return deviation
  }
}
