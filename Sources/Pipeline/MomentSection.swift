// What the optimizer's moments tell without data (measurements.md §4).

import Checkpoints
import Diagnostics
import Information
import Reports
import Tensors

/// The optimizer's moments, summed over layers.
struct MomentSection {
  let kept: KeptMoments
  private let kind: String
  private let fileFlags: [String]
  private let firstSums: [Double?]
  private let layerBeta1: [Double?]
  /// Layers of which the optimizer keeps moments of some parameters only.
  private let partial: Set<Int>
  private let batch: Int?

  /// Nil when the checkpoint holds no moments that could be matched and used; `reason` says why where there is
  /// more to say than that.
  init?(
    _ checkpoint: Checkpoint, _ inventory: LayerInventory, _ stated: StatedTraining,
    threads: Int = 2, reason: inout SkippedReport?
  ) throws(Problem) {
    guard let moments = checkpoint.moments.map(stated.completing) else { return nil }
    if let doubt = moments.doubt {
      reason = SkippedReport(name: "optimizer", reason: doubt)
      return nil
    }
    guard let updates = moments.step, let survey = try checkpoint.surveyMoments(threads: threads)
    else { return nil }
    let broken = zip(moments.entries, survey.second).filter {
      $1.nanCount + $1.infiniteCount > 0
    }.map(\.0.parameter)
    guard broken.isEmpty else {
      reason = SkippedReport(
        name: "optimizer",
        reason: "the second moment is not finite: \(broken.prefix(8).joined(separator: ", "))"
          + (broken.count > 8 ? " and \(broken.count - 8) more" : ""))
      return nil
    }
    let entries = Dictionary(
      moments.entries.enumerated().map { ($1.parameter, $0) },
      uniquingKeysWith: { first, _ in first })
    var sums: [Double?] = []
    var firstSums: [Double?] = []
    var elements: [Int] = []
    var layerUpdates: [Int?] = []
    var layerBetas: [Moments.Betas] = []
    var partial: Set<Int> = []
    for (position, layer) in inventory.layers.enumerated() {
      var second: Double?
      var first: Double?
      var count = 0
      var counts: Set<Int> = []
      var betas: Set<Moments.Betas> = []
      for index in layer.tensors {
        guard let entry = entries[checkpoint.tensors[index].name] else { continue }
        second = (second ?? 0) + survey.second[entry].sum
        if let summary = survey.first[entry] { first = (first ?? 0) + summary.sumSquares }
        count += survey.second[entry].count
        counts.insert(moments.entries[entry].updates ?? updates)
        betas.insert(moments.betas(of: moments.entries[entry]))
      }
      if second != nil,
        !layer.tensors.allSatisfy({ entries[checkpoint.tensors[$0].name] != nil })
      {
        partial.insert(position)
      }
      sums.append(second)
      firstSums.append(first)
      elements.append(count)
      layerUpdates.append(counts.count > 1 ? nil : counts.first ?? updates)
      layerBetas.append(betas.count == 1 ? betas.first ?? Moments.Betas() : Moments.Betas())
    }
    var kept = KeptMoments(
      beta2: moments.beta2, updates: updates, lowPrecision: moments.elementType.byteWidth < 4,
      gradientClipping: checkpoint.gradientClipping, sums: sums, elements: elements)
    if layerUpdates.contains(where: { $0 != updates }) { kept.layerUpdates = layerUpdates }
    if moments.isSum {
      (kept.isSum, kept.sumFrom) = (true, moments.initialSum)
    } else if moments.beta2 == nil {
      kept.layerBeta2 = layerBetas.map(\.second)
    }
    let isUsable = sums.indices.contains { layer in
      sums[layer] != nil && layerUpdates[layer] != nil
        && (moments.isSum || kept.beta2(ofLayer: layer) != nil)
    }
    guard isUsable else {
      reason = SkippedReport(
        name: "optimizer",
        reason: "in each layer, parameters have decays or numbers of updates of their own")
      return nil
    }
    self.kept = kept
    self.partial = partial
    kind = moments.kind
    fileFlags = moments.flags
    self.firstSums = firstSums
    layerBeta1 = layerBetas.map(\.first)
    batch = stated.batchSize ?? checkpoint.batchSize
  }

  /// Fills the optimizer fields of the report.
  ///
  /// - Parameters:
  ///   - previous: an earlier checkpoint's, and its step; nil for all that the optimizer has seen.
  ///   - step: of this checkpoint.
  func fill(
    _ report: inout CheckpointReport, since previous: (moments: KeptMoments, step: Int?)?,
    step: Int?
  ) {
    let window = MomentWindow(
      of: kept, since: previous?.moments,
      steps: step.flatMap { now in previous?.step.map { ($0, now) } })
    for (layer, measured) in window.perLayer.enumerated() where kept.sums[layer] != nil {
      let statistics = statistics(layer)
      report.layers[layer].optimizer = LayerOptimizer(
        windowedSecondMoment: Quantity(measured.map(\.value)),
        empiricalFisher: Self.fisher(statistics),
        flags: Self.flags(
          fileFlags, measured.value?.flags,
          (statistics.value?.flags ?? []) + (partial.contains(layer) ? [.partialLayer] : [])))
    }
    report.optimizer = OptimizerSummary(
      kind: kind,
      windowedSecondMoment: Quantity(window.total, otherwise: "no layer has a usable window"),
      sinceStep: previous?.step ?? 0,
      flags: Self.flags(fileFlags, window.flags, nil))
    if report.flow == nil, case .known(let shares) = Shares.of(window.values) {
      report.flow = FlowReport(
        sharesOf: "windowed_second_moment", plasticity: nil, connections: [], recordings: [])
      for layer in report.layers.indices { report.layers[layer].share = shares.values[layer] }
    }
  }

  private func statistics(_ layer: Int) -> Measured<MomentStatistics> {
    guard let second = kept.sums[layer], let first = firstSums[layer] else {
      return .absent("the optimizer keeps no first moment")
    }
    guard let beta2 = kept.beta2(ofLayer: layer) else {
      return .absent("its parameters have different decays")
    }
    guard let beta1 = layerBeta1[layer] else {
      return .absent(
        "the checkpoint does not tell how fast the first moment decays; give beta1 in "
          + "plasticity.yaml or with --beta1")
    }
    guard let updates = kept.updates(ofLayer: layer) else {
      return .absent("its parameters have had different numbers of updates")
    }
    return MomentStatistics.from(
      secondSum: second, squaredFirstSum: first, step: updates, beta1: beta1,
      beta2: beta2, batch: batch)
  }

  private static func fisher(_ statistics: Measured<MomentStatistics>) -> Quantity {
    switch statistics {
    case .known(let statistics):
      Quantity(statistics.empiricalFisher, otherwise: "the training batch size is not known")
    case .absent(let reason): .absent(reason: reason)
    }
  }

  private static func flags(_ file: [String], _ first: [MomentFlag]?, _ second: [MomentFlag]?)
    -> [String]
  {
    var flags = file
    for flag in (first ?? []) + (second ?? []) where !flags.contains(flag.rawValue) {
      flags.append(flag.rawValue)
    }
    return flags
  }
}
