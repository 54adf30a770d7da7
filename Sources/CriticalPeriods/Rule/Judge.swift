/// Judges a run that grows: one judgement per checkpoint, each from that checkpoint and those before it. One
/// more costs the same after a thousand as after ten.
///
/// A resumed segment's past is what stands before its first step in the segments before it: a run that went
/// back to step 500 and on again knows nothing of the steps past 500 that it left behind. One that knows far more
/// at its first step than the run did there goes on from a trained network and only counts anew: of its past
/// nothing is known by step.
public struct Judge: Sendable {
  /// The judgements until now.
  public private(set) var verdict = Verdict(trajectory: [], layers: [])

  private let settings: PeriodSettings
  private let fresh: Subjects
  private var subjects: Subjects
  private var resamples: PairedResamples?
  /// What was said of any layer before a point named them.
  private var unnamed: [Judgement] = []
  private var segment: Int?
  /// The segments that are announced and still to come.
  private var branches: [Branch]

  /// - Parameters:
  ///   - evidence: what the points were measured from.
  ///   - settings: the thresholds.
  ///   - resumptions: the first step of each segment after the first. A segment that is not announced
  ///     starts from nothing.
  public init(
    evidence: EvidenceKind, settings: PeriodSettings = PeriodSettings(), resumptions: [Int] = []
  ) {
    self.settings = settings
    let tracker = PeriodTracker(evidence: evidence, settings: settings)
    let fresh = Subjects(run: tracker, layers: [tracker])
    self.fresh = fresh
    subjects = fresh
    branches = resumptions.map { Branch(firstStep: $0, past: fresh) }
  }

  /// Takes a point after all before: at a later step of the same segment, or in a later one.
  public mutating func append(_ point: SeriesPoint) {
    if let segment, point.segment != segment { resume(with: Observation(run: point)) }
    segment = point.segment
    for index in branches.indices { branches[index].pass(point.step, subjects) }
    resamples = resamples ?? PairedResamples(for: point, settings: settings)
    verdict.trajectory.append(
      subjects.run.judge(Observation(run: point), resamples: resamples))
    judgeLayers(of: point)
  }

  private mutating func judgeLayers(of point: SeriesPoint) {
    let runIsEarly = subjects.run.isEarly
    let whole = point.wholeOfLayers
    func observation(_ name: String, _ layer: Int) -> Observation {
      Observation(layer: name, at: layer, of: point, whole: whole, runIsEarly: runIsEarly)
    }
    if verdict.layers.isEmpty {
      verdict.layers = point.layers.map { LayerVerdict(name: $0.name, trajectory: unnamed) }
    }
    guard !verdict.layers.isEmpty else {
      unnamed.append(subjects.layers[0].judge(observation("", 0), resamples: nil))
      return
    }
    subjects.divide(into: verdict.layers.count)
    for layer in verdict.layers.indices {
      let observation = observation(verdict.layers[layer].name, layer)
      verdict.layers[layer].trajectory.append(
        subjects.layers[layer].judge(observation, resamples: resamples))
    }
  }

  /// Begins the next segment where it left those before.
  private mutating func resume(with first: Observation) {
    let countsAnew = isTrained(first)
    for index in branches.indices { branches[index].segmentEnds(with: subjects) }
    let past = branches.isEmpty ? fresh : branches.removeFirst().past
    subjects = countsAnew ? fresh : past
  }

  /// Whether a segment's first point knows far more than the run did there, when it still knew little.
  private func isTrained(_ point: Observation) -> Bool {
    let history = subjects.run.history
    guard let start = history.first(where: { $0.loss != nil })?.loss, let now = point.loss,
      let then = history.last(where: { $0.step <= point.step })?.loss
    else { return false }
    return then > settings.leastLost * start && now < settings.trainedLoss * then
  }
}

/// A run and its layers. Until layers are named, one stands for all: nothing tells them apart.
private struct Subjects: Sendable {
  var run: PeriodTracker
  var layers: [PeriodTracker]

  mutating func divide(into count: Int) {
    if layers.count != count { layers = Array(repeating: layers[0], count: count) }
  }
}

/// A segment to come, and what it grew out of as far as that is known.
private struct Branch: Sendable {
  private let firstStep: Int
  private(set) var past: Subjects
  /// What the present segment has to do with it.
  private var relation = Relation.undecided

  private enum Relation {
    /// No step of it was seen.
    case undecided
    /// Its steps until now are the past.
    case shared
    /// It went on to steps that the segment to come writes anew.
    case parted
  }

  init(firstStep: Int, past: Subjects) {
    self.firstStep = firstStep
    self.past = past
  }

  /// - Parameter subjects: as they stand before the step is judged.
  mutating func pass(_ step: Int, _ subjects: Subjects) {
    if step < firstStep {
      relation = .shared
    } else {
      if relation == .shared { past = subjects }
      relation = .parted
    }
  }

  mutating func segmentEnds(with subjects: Subjects) {
    if relation == .shared { past = subjects }
    relation = .undecided
  }
}

/// Judges a series: a pure function of the set of points, which may be given in any order. Two points with
/// the same segment and step are one (the one that carries more is kept). Time is log(step).
///
/// - Parameters:
///   - series: the points of one run, all from one kind of evidence.
///   - evidence: what they were measured from.
///   - settings: the thresholds.
public func judge(
  _ series: [SeriesPoint], evidence: EvidenceKind, settings: PeriodSettings = PeriodSettings()
) -> Verdict {
  let segments = orderedSegments(series)
  var judge = Judge(
    evidence: evidence, settings: settings,
    resumptions: segments.dropFirst().compactMap { $0.first?.step })
  for point in segments.joined() { judge.append(point) }
  return judge.verdict
}

/// The points in order of segment and step, one array per segment.
private func orderedSegments(_ series: [SeriesPoint]) -> [[SeriesPoint]] {
  var bySegment: [Int: [Int: SeriesPoint]] = [:]
  for point in series {
    if let rival = bySegment[point.segment]?[point.step], !carriesMore(point, than: rival) {
      continue
    }
    bySegment[point.segment, default: [:]][point.step] = point
  }
  return bySegment.keys.sorted().compactMap { segment in
    bySegment[segment]?.values.sorted { $0.step < $1.step }
  }
}

/// A total order, so that the order of arrival does not decide between two points of one step.
private func carriesMore(_ point: SeriesPoint, than rival: SeriesPoint) -> Bool {
  func weight(_ point: SeriesPoint) -> [Double] {
    let measured: [Double?] = [
      point.information, point.informationStandardError, point.confidence, point.jacobianTrace,
      point.scaleFreeTrace, point.learningRate, point.weightNorm, point.loss, point.accuracy,
      point.plasticity?.bitsPerDoubling,
    ]
    let layers = point.layers.flatMap { [$0.information, $0.share] + ($0.contributions ?? []) }
    let examples = (point.contributions ?? []).map(Optional.some)
    let known = (measured + examples + layers).map { $0.flatMap { $0.isFinite ? $0 : nil } }
    return [Double(known.count { $0 != nil })] + known.map { $0 ?? -1 }
  }
  return weight(rival).lexicographicallyPrecedes(weight(point))
}
