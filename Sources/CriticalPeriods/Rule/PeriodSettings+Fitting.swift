import Glibc

extension PeriodSettings {
  /// These settings with the score of the end and its spread fitted to labelled runs: the median of the
  /// scores at the labelled ends, and their standard deviation around it. Fewer than three change nothing.
  public func fitted(to scores: [Double]) -> PeriodSettings {
    let scores = scores.sorted()
    guard scores.count >= 3 else { return self }
    var fitted = self
    let middle = scores.count / 2
    fitted.endScore =
      scores.count % 2 == 1 ? scores[middle] : (scores[middle - 1] + scores[middle]) / 2
    let squares = scores.reduce(0) { $0 + ($1 - fitted.endScore) * ($1 - fitted.endScore) }
    fitted.endScoreDeviation = sqrt(squares / Double(scores.count - 1))
    return fitted
  }

  /// The score of a series at its labelled end, interpolated in log-step time; nil where there is none. Runs
  /// of optimizers that scale each weight's step scatter further and tell nothing of the others: nil too.
  public func scoreAtEnd(of series: LabelledSeries) -> Double? {
    guard case .end(let step, _) = series.label, step > 0 else { return nil }
    var progress = TaskProgress(evidence: series.evidence, settings: self)
    var schedule = ScheduleWatch(settings: self)
    var history: [Observation] = []
    for point in series.points {
      history.append(Observation(run: point))
      let known = schedule.changes.count
      schedule.observe(history)
      progress.observe(
        history, change: schedule.changes.count > known ? schedule.changes.last : nil)
    }
    guard progress.isAdaptive != true,
      let after = progress.places.first(where: { Double($0.step) >= step })
    else { return nil }
    let above = progress.score(at: after)
    guard let above, let before = progress.places.last(where: { Double($0.step) < step }),
      let below = progress.score(at: before)
    else { return above }
    let part = (log2(step) - before.doublings) / (after.doublings - before.doublings)
    return below + part * (above - below)
  }
}
