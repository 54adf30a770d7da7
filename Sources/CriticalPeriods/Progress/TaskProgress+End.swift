import Glibc

/// Where the period ended.
extension TaskProgress {
  /// The end when the newest checkpoint is the first at which it is more likely than not.
  func end(since reopening: Int? = nil) -> End? {
    let eligible = eligible(since: reopening)
    guard let now = eligible.last, !isEarly, eligible.count >= 2, let score = score(at: now),
      score >= settings.endScore
    else { return nil }
    let width = settings.intervalDeviations * deviation(at: now)
    let step = crossing(settings.endScore, in: eligible, whenPossible: true) ?? now.step
    let low =
      crossing(settings.endScore - width, in: eligible).map { beforeFirst($0, width, eligible) }
      ?? step
    let slope = max(slope(eligible), 1)
    let ahead = Double(now.step) * exp2(min((settings.endScore + width - score) / slope, 8))
    let high = max(ahead.isFinite && ahead < 1e18 ? Int(ahead) : now.step, step)
    return End(
      step: step, interval: min(low, step)...high,
      probability: probability(at: now), decidedAtStep: now.step)
  }

  /// The lower end of an interval, where the first checkpoint of all lies within it: the score grows by one per
  /// doubling of the step at least, and few checkpoints must not make an end look surer.
  private func beforeFirst(_ low: Int, _ width: Double, _ places: ArraySlice<Place>) -> Int {
    guard let first = places.first, low == first.step, first.index == self.places.first?.index,
      first.step > start, let score = score(at: first)
    else { return low }
    return max(start, Int(Double(low) * exp2(settings.endScore - width - score)))
  }

  /// The part foreseen to remain, where only much that does, or a plateau, keeps an end from being said.
  var undone: Double? {
    guard let now = places.last, !hasHardlyBegun(now), isEarly(now),
      reaches(settings.endScore, now)
    else { return nil }
    return now.foreseen
  }

  private func eligible(since reopening: Int?) -> ArraySlice<Place> {
    places.drop { place in reopening.map { place.index <= $0 } ?? false }
  }

  private func reaches(_ level: Double, _ place: Place) -> Bool {
    score(at: place).map { $0 >= level } ?? false
  }

  /// Doublings of the step between the checkpoints around the end; a start at step 0 counts as step 1.
  func bracketDoublings(since reopening: Int?) -> Double? {
    let eligible = eligible(since: reopening)
    guard let upper = eligible.first(where: { reaches(settings.endScore, $0) }) else { return nil }
    return upper.doublings - (eligible.last { $0.index < upper.index }?.doublings ?? 0)
  }

  /// Whether the first checkpoint that tells was past the end already.
  var firstIsPastTheEnd: Bool { places.first.map { reaches(settings.endScore, $0) } ?? false }

  /// Whether it is only for the progress that was set aside that a place is not past the end.
  func wouldEndWithSetAside(_ place: Place) -> Bool {
    setAside > 0 && !hasHardlyBegun(place)
      && (score(at: place, withSetAside: true) ?? 0) >= settings.endScore
  }

  /// The step at which the score first reached a level for good enough: between two checkpoints it is
  /// interpolated in log-step time.
  ///
  /// - Parameter whenPossible: whether only places count at which an end was not out of the question.
  private func crossing(
    _ level: Double, in places: ArraySlice<Place>, whenPossible: Bool = false
  ) -> Int? {
    let counts = { (place: Place) in reaches(level, place) && !(whenPossible && isEarly(place)) }
    guard let upper = places.first(where: counts), let above = score(at: upper) else { return nil }
    guard let lower = places.last(where: { $0.index < upper.index }), let below = score(at: lower),
      below < level
    else { return upper.step }
    let rise = above - below
    let part = rise > 0 ? (level - below) / rise : 1
    let at = exp2(lower.doublings + part * (upper.doublings - lower.doublings))
    return at.isFinite && at < 1e18
      ? min(max(Int(at.rounded()), lower.step), upper.step) : upper.step
  }

  /// Growth of the score per doubling of the step over the last doubling.
  private func slope(_ places: ArraySlice<Place>) -> Double {
    guard let now = places.last else { return 1 }
    let before = places.last { $0.doublings <= now.doublings - 1 } ?? places.first ?? now
    let span = now.doublings - before.doublings
    guard span > 0, let score = score(at: now), let earlier = self.score(at: before) else {
      return 1
    }
    return (score - earlier) / span
  }
}
