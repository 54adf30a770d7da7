// How often the period had ended where our rule said that it had with some probability.

/// One class of stated probabilities with what was observed.
public struct ReliabilityBin: Sendable {
  /// The class, from … to.
  public var range: Range<Double>
  /// Mean stated probability.
  public var stated: Double
  /// Mean probability by the labels that the period had ended.
  public var observed: Double
  /// Central 90 % of `observed` when runs are drawn anew: the checkpoints of a run go together.
  public var interval: ClosedRange<Double>
  /// Checkpoints in the class.
  public var checkpoints: Int
}

/// The probability that the period has ended, stated at every checkpoint, against the labels. Every
/// doubling of the step counts the same: a run saved often would otherwise count most where it is
/// saved most.
public func reliability(
  on series: [LabelledSeries], settings: PeriodSettings = PeriodSettings(), bins: Int = 5,
  resamples: Int = 1000
) -> [ReliabilityBin] {
  let runs = series.map { ReliabilitySums(of: $0, settings: settings, bins: bins) }
  var generator = SplitMix64(seed: settings.seed)
  let draws = (0..<resamples).map { _ in
    runs.map { _ in Int(generator.next() % UInt64(runs.count)) }
  }
  return (0..<bins).compactMap { bin in
    let all = runs.reduce(into: ReliabilitySums.Sum()) { $0.add($1.bins[bin]) }
    guard let stated = all.meanStated, let observed = all.meanObserved else { return nil }
    let again = draws.compactMap { draw in
      draw.reduce(into: ReliabilitySums.Sum()) { $0.add(runs[$1].bins[bin]) }.meanObserved
    }.sorted()
    let last = Double(again.count - 1)
    let interval =
      again.isEmpty
      ? observed...observed : again[Int(0.05 * last)]...again[Int((0.95 * last).rounded(.up))]
    let width = 1 / Double(bins)
    return ReliabilityBin(
      range: Double(bin) * width..<Double(bin + 1) * width, stated: stated, observed: observed,
      interval: interval, checkpoints: all.count)
  }
}

/// What one run adds to each class.
private struct ReliabilitySums {
  struct Sum {
    var weight = 0.0
    var stated = 0.0
    var observed = 0.0
    var count = 0

    var meanStated: Double? { weight > 0 ? stated / weight : nil }
    var meanObserved: Double? { weight > 0 ? observed / weight : nil }

    mutating func add(_ other: Sum) {
      weight += other.weight
      stated += other.stated
      observed += other.observed
      count += other.count
    }
  }

  var bins: [Sum]

  init(of series: LabelledSeries, settings: PeriodSettings, bins count: Int) {
    bins = Array(repeating: Sum(), count: count)
    var before: Int?
    for judgement in judge(series.points, evidence: series.evidence, settings: settings).trajectory
    {
      defer { before = judgement.step }
      guard let stated = judgement.endProbability, let before, before > 0,
        let observed = series.label.probability(before: Double(judgement.step))
      else { continue }
      let weight = Double(judgement.step - before) / Double(before)
      bins[min(Int(stated * Double(count)), count - 1)].add(
        Sum(weight: weight, stated: weight * stated, observed: weight * observed, count: 1))
    }
  }
}
