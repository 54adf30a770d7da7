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

/// Our rule on each series with its constants fitted to the others: the error to expect on a run that
/// it has never seen.
public func leaveOneOutScore(
  on series: [LabelledSeries], settings: PeriodSettings = PeriodSettings()
) -> MethodScore {
  MethodScore(
    method: "ours-left-out",
    rows: series.indices.map { index in
      var others = series
      others.remove(at: index)
      let fitted = settings.fitted(to: others)
      return MethodScore.Row(
        series: series[index],
        decision: PeriodDetector(evidence: series[index].evidence, settings: fitted)
          .end(of: series[index].points))
    })
}

/// One class of stated probabilities with what was observed.
public struct ReliabilityBin: Sendable {
  /// The class, from … to.
  public var range: Range<Double>
  /// Mean stated probability.
  public var stated: Double
  /// Mean probability by the labels that the period had ended.
  public var observed: Double
  /// Checkpoints in the class.
  public var checkpoints: Int
}

/// The probability that the period has ended, stated at every checkpoint, against the labels. Every
/// doubling of the step counts the same: a run saved often would otherwise count most where it is
/// saved most.
public func reliability(
  on series: [LabelledSeries], settings: PeriodSettings = PeriodSettings(), bins: Int = 5
) -> [ReliabilityBin] {
  var sums = Array(repeating: (weight: 0.0, stated: 0.0, observed: 0.0, count: 0), count: bins)
  for one in series {
    var before: Int?
    for judgement in judge(one.points, evidence: one.evidence, settings: settings).trajectory {
      defer { before = judgement.step }
      guard let stated = judgement.endProbability, let before, before > 0,
        let observed = one.label.probability(before: Double(judgement.step))
      else { continue }
      let weight = Double(judgement.step - before) / Double(before)
      let bin = min(Int(stated * Double(bins)), bins - 1)
      sums[bin].weight += weight
      sums[bin].stated += weight * stated
      sums[bin].observed += weight * observed
      sums[bin].count += 1
    }
  }
  return sums.enumerated().compactMap { index, sum in
    guard sum.weight > 0 else { return nil }
    let width = 1 / Double(bins)
    return ReliabilityBin(
      range: Double(index) * width..<Double(index + 1) * width, stated: sum.stated / sum.weight,
      observed: sum.observed / sum.weight, checkpoints: sum.count)
  }
}
