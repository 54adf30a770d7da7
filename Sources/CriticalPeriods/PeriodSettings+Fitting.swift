import Glibc

extension PeriodSettings {
  /// These settings with the score of the end and its spread fitted to labelled series: the median of
  /// the scores at the labelled ends, and their standard deviation around it. Fewer than three labels
  /// change nothing.
  public func fitted(to series: [LabelledSeries]) -> PeriodSettings {
    let scores = series.compactMap { one -> Double? in
      guard case .end(let step, _) = one.label else { return nil }
      return score(at: step, of: one.points)
    }.sorted()
    guard scores.count >= 3 else { return self }
    var fitted = self
    let middle = scores.count / 2
    fitted.endScore =
      scores.count % 2 == 1 ? scores[middle] : (scores[middle - 1] + scores[middle]) / 2
    let squares = scores.reduce(0) { $0 + ($1 - fitted.endScore) * ($1 - fitted.endScore) }
    fitted.endScoreDeviation = sqrt(squares / Double(scores.count - 1))
    return fitted
  }

  /// The score of a series at a step, interpolated in log-step time.
  func score(at step: Double, of points: [SeriesPoint]) -> Double? {
    var progress = TaskProgress(settings: self)
    var schedule = ScheduleWatch(settings: self)
    var history: [Observation] = []
    for point in points {
      history.append(Observation(run: point))
      let known = schedule.changes.count
      schedule.observe(history)
      progress.observe(
        history, change: schedule.changes.count > known ? schedule.changes.last : nil)
    }
    guard step > 0, let after = progress.places.first(where: { Double($0.step) >= step }) else {
      return nil
    }
    let above = progress.score(at: after)
    guard let above, let before = progress.places.last(where: { Double($0.step) < step }),
      let below = progress.score(at: before)
    else { return above }
    let part = (log2(step) - before.doublings) / (after.doublings - before.doublings)
    return below + part * (above - below)
  }
}
