import CriticalPeriods
import Glibc
import Information
import Pipeline
import Reports

/// One row of a run in its place, with what comparing it with the row before gave.
struct TimelineEntry {
  var row: SeriesRow
  let segment: Int
  let step: Int
  /// The row before in the same segment, if any.
  let previousStep: Int?
  let isComparable: Bool
  /// The evidence as the decision sees it.
  var point: SeriesPoint
  /// Each layer's part of the evidence; nil when it does not add up.
  let shares: [Double]?
  /// How the shares have moved since the row before.
  let plasticity: PlasticityReport?
  /// Mean absolute change of CKA along the connections since the row before, per doubling of the step.
  let connectionChange: Double?
  /// Second moments of the window since the row before, per layer and in total.
  let window: MomentWindow?
  /// How far the weights have moved since the row before, per layer and in total.
  let movement: Movement?
  /// The same since the first row of the segment.
  let movementSinceFirst: Movement?

  init(
    _ placed: SeriesSegments.Placed, after previous: TimelineEntry?, first: SeriesRow?,
    evidence: EvidenceKind, comparable: Bool, cache: inout ComparisonCache
  ) {
    let placed = SeriesSegments.Placed(
      row: placed.row.unwrapped, segment: placed.segment, step: placed.step)
    row = placed.row
    segment = placed.segment
    step = placed.step
    previousStep = previous?.step
    isComparable = comparable
    let sameLayers = previous.map { $0.row.layers.map(\.name) == placed.row.layers.map(\.name) }
    window = placed.row.kept.moments.map { moments in
      MomentWindow(
        of: moments, since: sameLayers == true ? previous?.row.kept.moments : nil,
        steps: previous.map { ($0.step, placed.step) })
    }
    let movementSince = { (earlier: SeriesRow) in
      Movement(
        to: placed.row.kept.projections, since: earlier.kept.projections,
        layers: placed.row.layers.count)
    }
    movement = (previous?.row).map(movementSince)
    movementSinceFirst = first.map(movementSince)

    connectionChange = Self.connectionChange(of: row, step: placed.step, since: previous)
    let values = Self.values(of: row, evidence: evidence, window: window, movement: movement)
    shares = values.flatMap { Self.shares(of: $0) }
    plasticity = Self.plasticity(
      of: row, step: placed.step, shares: shares, since: previous, evidence: evidence,
      cache: &cache)
    point = Self.point(
      of: placed, values: values, shares: shares, plasticity: plasticity, evidence: evidence)
  }

  private static func connectionChange(
    of row: SeriesRow, step: Int, since previous: TimelineEntry?
  ) -> Double? {
    guard let previous, previous.step > 0, step > previous.step, row.probe == previous.row.probe,
      let now = row.connectionCka, let then = previous.row.connectionCka, now.count == then.count
    else { return nil }
    let changes = zip(now, then).compactMap { now, then in
      now.flatMap { now in then.map { abs(now - $0) } }
    }
    guard !changes.isEmpty else { return nil }
    let doublings = log2(Double(step) / Double(previous.step))
    let change = changes.reduce(0, +) / Double(changes.count) / doublings
    return change.isFinite ? change : nil
  }

  /// The evidence per layer, in the order of the row's layers.
  private static func values(
    of row: SeriesRow, evidence: EvidenceKind, window: MomentWindow?, movement: Movement?
  ) -> [Double]? {
    switch evidence {
    case .probe:
      let traces = row.layers.map { $0.fisherTrace?.value }
      return traces.contains { $0 != nil } ? traces.map { $0 ?? 0 } : nil
    case .optimizer: return window?.values
    case .weights:
      guard let distances = movement?.layers.map(\.wholeSquaredDistance) else { return nil }
      return distances.contains(nil) ? nil : distances.compactMap(\.self)
    }
  }

  private static func shares(of values: [Double]) -> [Double]? {
    let total = values.reduce(0, +)
    guard total > 0, total.isFinite, values.allSatisfy({ $0 >= 0 }) else { return nil }
    return values.map { $0 / total }
  }

  private static func plasticity(
    of row: SeriesRow, step: Int, shares: [Double]?, since previous: TimelineEntry?,
    evidence: EvidenceKind, cache: inout ComparisonCache
  ) -> PlasticityReport? {
    guard let previous, let shares, let before = previous.shares,
      shares.count == before.count, previous.row.layers.map(\.name) == row.layers.map(\.name)
    else { return nil }
    if evidence == .probe, row.probe != previous.row.probe { return nil }
    return cache.plasticity(
      from: previous.row, to: row, steps: (previous.step, step), shares: (before, shares),
      bootstrap: evidence == .probe)
  }

  private static func point(
    of placed: SeriesSegments.Placed, values: [Double]?, shares: [Double]?,
    plasticity: PlasticityReport?, evidence: EvidenceKind
  ) -> SeriesPoint {
    let row = placed.row
    let contributions = evidence == .probe ? PerExample(row) : nil
    let layers = row.layers.enumerated().map { index, layer in
      LayerPoint(
        name: layer.name, information: values?[index],
        informationStandardError: evidence == .probe ? layer.fisherTrace?.standardError : nil,
        contributions: contributions?.ofLayer(index), share: shares?[index])
    }
    let information: Double?
    switch evidence {
    case .probe: information = row.fisherTrace?.value
    case .optimizer: information = values?.reduce(0, +)
    case .weights: information = nil
    }
    return SeriesPoint(
      segment: placed.segment, step: placed.step, information: information,
      informationStandardError: evidence == .probe ? row.fisherTrace?.standardError : nil,
      layers: layers, loss: row.loss, accuracy: row.accuracy, confidence: row.confidence,
      jacobianTrace: row.jacobianTrace, scaleFreeTrace: row.scaleFreeTrace,
      temperedTrace: row.temperedTrace, referenceEntropy: row.referenceEntropyBits,
      entropy: row.entropyBits, targetEntropy: row.targetEntropyBits.map { $0 * .ln2 },
      epoch: row.epoch,
      learningRate: row.learningRate, isAdaptive: row.kept.moments == nil ? nil : true,
      weightNorm: row.weightNorm,
      plasticity: plasticity.flatMap { report in
        report.value.map {
          CriticalPeriods.Plasticity(
            bitsPerDoubling: $0, lower: report.interval?.first, upper: report.interval?.last)
        }
      })
  }
}

extension SeriesRow {
  /// The row without what torch.compile and data parallelism put in front of every name: a run that goes on
  /// inside or outside of them is the same network.
  var unwrapped: SeriesRow {
    var row = self
    for wrapper in ["module.", "_orig_mod.", "module."]
    where !row.layers.isEmpty && row.layers.allSatisfy({ $0.name.hasPrefix(wrapper) }) {
      for layer in row.layers.indices { row.layers[layer].name.removeFirst(wrapper.count) }
      for kept in row.kept.projections.indices
      where row.kept.projections[kept].name.hasPrefix(wrapper) {
        row.kept.projections[kept].name.removeFirst(wrapper.count)
      }
    }
    return row
  }
}

extension Double {
  /// Nats per bit.
  fileprivate static var ln2: Double { 0.693_147_180_559_945_3 }
}

/// Each example's contribution to each layer's trace.
struct PerExample {
  private let values: [Float]
  let examples: Int

  /// Nil when the row kept none, or not as many as it says.
  init?(_ row: SeriesRow) {
    guard let packed = row.kept.fisherPerExample, let examples = row.kept.examples, examples > 0,
      packed.values.count == examples * row.layers.count
    else { return nil }
    values = packed.values
    self.examples = examples
  }

  func ofLayer(_ layer: Int) -> [Double] {
    values[layer * examples..<(layer + 1) * examples].map(Double.init)
  }
}
