/// Judges a series: one judgement per checkpoint, each from that checkpoint and those before it.
///
/// A pure function of the set of points: they may be given in any order. Two points with the same
/// segment and step are one (the one that carries more is kept). Time is log(step). A resumed
/// segment's past is what stands before its first step in the segments before it: a run that went
/// back to step 500 and on again knows nothing of the steps past 500 that it left behind.
///
/// - Parameters:
///   - series: the points of one run, all from one kind of evidence.
///   - evidence: what they were measured from.
///   - settings: the thresholds.
public func judge(
  _ series: [SeriesPoint], evidence: EvidenceKind, settings: PeriodSettings = PeriodSettings()
) -> Verdict {
  let segments = orderedSegments(series)
  let fresh = PeriodTracker(
    evidence: evidence, settings: settings,
    resamples: PairedResamples(for: series, settings: settings))
  let names = layerNames(segments)
  var run: [Judgement] = []
  var byLayer: [[Judgement]] = Array(repeating: [], count: names.count)
  for (index, segment) in segments.enumerated() {
    // A tracker sees a segment's past first.
    let points = lineage(of: index, in: segments) + segment
    var tracker = fresh
    var isEarly: [Bool?] = []
    let judgements = points.map { point in
      defer { isEarly.append(tracker.isEarly) }
      return tracker.judge(Observation(run: point))
    }
    run += judgements.suffix(segment.count)
    for (layer, name) in names.enumerated() {
      var tracker = fresh
      let judgements = zip(points, isEarly).map { point, runIsEarly in
        tracker.judge(Observation(layer: name, at: layer, of: point, runIsEarly: runIsEarly))
      }
      byLayer[layer] += judgements.suffix(segment.count)
    }
  }
  let layers = zip(names, byLayer).map { LayerVerdict(name: $0, trajectory: $1) }
  return Verdict(trajectory: run, layers: layers)
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

/// What the last segment grew out of: of every earlier segment, the steps before the first step of
/// all that follow it.
private func lineage(of index: Int, in segments: [[SeriesPoint]]) -> [SeriesPoint] {
  var limit = Int.max
  var past: [SeriesPoint] = []
  for segment in segments[...index].reversed() {
    if segment.first?.segment != segments[index].first?.segment {
      past.insert(contentsOf: segment.filter { $0.step < limit }, at: 0)
    }
    limit = min(limit, segment.first?.step ?? limit)
  }
  return past
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

/// The layers of the first point that has any.
private func layerNames(_ segments: [[SeriesPoint]]) -> [String] {
  for point in segments.joined() where !point.layers.isEmpty { return point.layers.map(\.name) }
  return []
}
