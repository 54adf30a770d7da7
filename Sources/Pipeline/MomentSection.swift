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
  private let layers: [LayerMoments]
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
    guard let survey = try checkpoint.surveyMoments(threads: threads)
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
    let layers = LayerMoments.all(of: inventory, in: checkpoint, moments, survey)
    let kept = KeptMoments(layers, of: moments, clipping: checkpoint.gradientClipping)
    let isUsable = layers.contains {
      $0.secondSum != nil && $0.updates != nil && (moments.isSum || $0.betas.second != nil)
    }
    guard isUsable else {
      reason = SkippedReport(
        name: "optimizer",
        reason: "in each layer, parameters have decays or numbers of updates of their own")
      return nil
    }
    self.kept = kept
    self.layers = layers
    kind = moments.kind
    fileFlags = moments.flags
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
          (statistics.value?.flags ?? []) + (layers[layer].isPartial ? [.partialLayer] : [])))
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
    let layer = layers[layer]
    guard let second = layer.secondSum, let first = layer.squaredFirstSum else {
      return .absent("the optimizer keeps no first moment")
    }
    guard let beta2 = layer.betas.second else {
      return .absent("its parameters have different decays")
    }
    guard let beta1 = layer.betas.first else {
      return .absent(
        "the checkpoint does not tell how fast the first moment decays; give beta1 in "
          + "plasticity.yaml or with --beta1")
    }
    guard let updates = layer.updates else {
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

/// The moments of one layer's parameters together.
private struct LayerMoments {
  /// Σ v; nil where the optimizer keeps none.
  private(set) var secondSum: Double?
  /// Σ m²; nil where the optimizer keeps none.
  private(set) var squaredFirstSum: Double?
  /// Elements summed over.
  private(set) var elements = 0
  /// Updates that they have had; nil where its parameters differ in that.
  private(set) var updates: Int?
  /// Their decays; nil where its parameters differ in them.
  private(set) var betas = Moments.Betas()
  /// Whether there are moments of some of the layer's parameters only.
  private(set) var isPartial = false

  static func all(
    of inventory: LayerInventory, in checkpoint: Checkpoint, _ moments: Moments,
    _ survey: MomentsSurvey
  ) -> [LayerMoments] {
    let entries = Dictionary(
      moments.entries.enumerated().map { ($1.parameter, $0) },
      uniquingKeysWith: { first, _ in first })
    return inventory.layers.map { layer in
      let own = layer.tensors.compactMap { entries[checkpoint.tensors[$0].name] }
      return LayerMoments(own, of: layer.tensors.count, moments, survey)
    }
  }

  /// - Parameters:
  ///   - own: places of the layer's entries among the moments'.
  ///   - parameters: how many parameters the layer has.
  private init(_ own: [Int], of parameters: Int, _ moments: Moments, _ survey: MomentsSurvey) {
    var counts: Set<Int> = []
    var betas: Set<Moments.Betas> = []
    for place in own {
      let entry = moments.entries[place]
      secondSum = (secondSum ?? 0) + survey.second[place].sum
      if let first = survey.first[place] {
        squaredFirstSum = (squaredFirstSum ?? 0) + first.sumSquares
      }
      elements += survey.second[place].count
      counts.insert(entry.updates ?? moments.step ?? 0)
      betas.insert(moments.betas(of: entry))
    }
    updates = counts.count > 1 ? nil : counts.first ?? moments.step
    if betas.count == 1, let common = betas.first { self.betas = common }
    isPartial = !own.isEmpty && own.count < parameters
  }
}

extension KeptMoments {
  fileprivate init(_ layers: [LayerMoments], of moments: Moments, clipping: Double?) {
    let updates = moments.step ?? 0
    self.init(
      beta2: moments.beta2, updates: updates, lowPrecision: moments.elementType.byteWidth < 4,
      gradientClipping: clipping, sums: layers.map(\.secondSum), elements: layers.map(\.elements))
    if layers.contains(where: { $0.updates != updates }) { layerUpdates = layers.map(\.updates) }
    if moments.isSum {
      (isSum, sumFrom) = (true, moments.initialSum)
    } else if moments.beta2 == nil {
      layerBeta2 = layers.map(\.betas.second)
    }
  }
}
