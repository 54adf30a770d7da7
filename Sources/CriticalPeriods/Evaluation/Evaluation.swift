// Methods against labels: every detector on every labelled series, our rule fitted without each
// series in turn, and the frequency behind its probabilities.

/// What all methods say of all series.
public func score(
  _ detectors: [any EndDetector] = endDetectors, on series: [LabelledSeries]
) -> [MethodScore] {
  detectors.map { detector in
    MethodScore(
      method: detector.name,
      rows: series.map { one in
        var detector = detector
        if let ours = detector as? PeriodDetector {
          detector = PeriodDetector(evidence: one.evidence, settings: ours.settings)
        }
        return MethodScore.Row(series: one, decision: detector.end(of: one.points))
      })
  }
}

/// Our rule on each series with its level and spread fitted to the series of other networks: the error
/// to expect on a network that it has never seen.
public func leaveOneOutScore(
  on series: [LabelledSeries], settings: PeriodSettings = PeriodSettings()
) -> MethodScore {
  let scores = series.map(settings.scoreAtEnd(of:))
  return MethodScore(
    method: "ours-left-out",
    rows: series.indices.map { index in
      let network = series[index].network
      let others = series.indices.filter { other in
        other != index && (network == nil || series[other].network != network)
      }
      let fitted = settings.fitted(to: others.compactMap { scores[$0] })
      return MethodScore.Row(
        series: series[index],
        decision: PeriodDetector(evidence: series[index].evidence, settings: fitted)
          .end(of: series[index].points))
    })
}
