import CriticalPeriods
import Information
import Pipeline
import Reports

extension Timeline {
  /// Fills what a checkpoint's report says against the run: plasticity, movement, windows, state.
  ///
  /// - Parameter digest: of its row.
  func complete(_ report: inout CheckpointReport, ofRow digest: String) {
    guard let index = entries.firstIndex(where: { $0.row.digest == digest }) else { return }
    let entry = entries[index]
    if let window = entry.window { Self.fill(&report, window, since: entry.previousStep) }
    fillMovement(&report, at: index)
    var flow =
      report.flow
      ?? FlowReport(sharesOf: "update", plasticity: nil, connections: [], recordings: [])
    flow.plasticity = entry.plasticity
    if report.flow != nil || entry.shares != nil { report.flow = flow }
    if evidence == .weights, let shares = entry.shares {
      for layer in report.layers.indices where shares.indices.contains(layer) {
        report.layers[layer].share = shares[layer]
      }
    }
    report.criticalPeriod = judgement(at: index).map { CriticalPeriodReport($0) }
  }

  private static func fill(
    _ report: inout CheckpointReport, _ window: MomentWindow, since previous: Int?
  ) {
    guard window.perLayer.count == report.layers.count else { return }
    for (layer, measured) in window.perLayer.enumerated() {
      guard var optimizer = report.layers[layer].optimizer else { continue }
      optimizer.windowedSecondMoment = Quantity(measured.map(\.value))
      if let window = measured.value { optimizer.flags = flags(optimizer.flags, of: window.flags) }
      report.layers[layer].optimizer = optimizer
    }
    if var summary = report.optimizer {
      summary.windowedSecondMoment = Quantity(
        window.total, otherwise: "no layer has a usable window")
      summary.sinceStep =
        window.isRestarted
          || window.perLayer.contains { $0.value.map { $0.fromStep > 0 } ?? false }
        ? previous ?? 0 : 0
      summary.flags = flags(summary.flags, of: window.flags)
      report.optimizer = summary
    }
  }

  /// What was flagged, with this window's flags in place of another's.
  private static func flags(_ told: [String], of window: [MomentFlag]) -> [String] {
    let ofWindows: Set<MomentFlag> = [.sinceStart, .lowPrecisionWindow, .roundedUp]
    let kept = told.filter { MomentFlag(rawValue: $0).map { !ofWindows.contains($0) } ?? true }
    return kept + window.map(\.rawValue).filter { !kept.contains($0) }
  }

  private func fillMovement(_ report: inout CheckpointReport, at index: Int) {
    let entry = entries[index]
    guard let movement = entry.movement, movement.layers.count == report.layers.count else {
      return
    }
    let total = movement.total.wholeSquaredDistance ?? 0
    for layer in report.layers.indices {
      let sums = movement.layers[layer]
      let toFirst =
        entry.movementSinceFirst?.layers[layer].cosine
        ?? .absent(reason: "this is the first checkpoint")
      if var exact = report.layers[layer].update {
        exact.cosineToFirst = toFirst
        report.layers[layer].update = exact
        continue
      }
      report.layers[layer].update = UpdateReport(
        sinceStep: entry.previousStep, relative: sums.relative,
        share: sums.share(of: total), cosineToPrevious: sums.cosine,
        cosineToFirst: toFirst, method: "projection")
    }
  }

  /// run.yaml.
  ///
  /// - Parameters:
  ///   - aliases: other paths of a content, by its digest.
  func report(
    run: String, aliases: [String: [String]], rejected: [RejectedCheckpoint], missed: Int
  ) -> RunReport {
    var rows = entries.indices.map { row(at: $0, aliases: aliases) }
    for row in unplaced {
      var listed = TrajectoryRow(
        step: nil, segment: 0, state: PeriodState.waiting.rawValue, report: row.report,
        path: row.path)
      listed.fill(from: row)
      listed.aliases = aliases[row.digest] ?? []
      rows.append(listed)
    }
    let findings =
      findings
      + [
        noStep, otherUnit, notFinite, layersChanged, probeProblem, probeContradiction,
        momentsProblem,
      ].compactMap { $0 }
    var report = RunReport(
      run: run, evidence: evidence.rawValue,
      criticalPeriod: verdict.final.map { CriticalPeriodReport($0) }
        ?? CriticalPeriodReport(
          state: PeriodState.waiting.rawValue, peak: nil, end: nil, reason: nil, evidence: []),
      layers: layerStates, trajectory: rows, rejected: rejected, missed: missed,
      findings: findings)
    report.flow = flow
    return report
  }

  /// That checkpoints could not be put in order.
  private var noStep: FindingReport? {
    let stepless = unplaced.filter { $0.step == nil }
    guard let first = stepless.first else { return nil }
    return FindingReport(
      code: "no-step", where: first.path,
      text: stepless.count == 1
        ? "1 checkpoint tells no step, neither inside nor by name, and is left out of the decision"
        : "\(stepless.count) checkpoints tell no step, neither inside nor by name, and are "
          + "left out of the decision")
  }

  /// That some count epochs where others count steps.
  private var otherUnit: FindingReport? {
    let others = unplaced.filter { $0.step != nil }
    guard let first = others.first else { return nil }
    let (own, rest) = StepTrust(first) == .epochs ? ("epochs", "steps") : ("steps", "epochs")
    return FindingReport(
      code: "other-step-unit", where: first.path,
      text:
        "\(others.count) of the checkpoints tell \(own) only, where the others tell \(rest), and are left "
        + "out of the decision; write the step into each (global_step)")
  }

  /// That the probe was of no use.
  private var probeProblem: FindingReport? {
    let refused = rows.filter { $0.probeProblem != nil }
    guard let last = refused.last, let problem = last.probeProblem else { return nil }
    return FindingReport(
      code: "probe-not-used", where: last.path,
      text:
        "\(refused.count) of \(rows.count) checkpoints were measured without the probe: \(problem)")
  }

  /// That the network has learned what it is trained on, and nothing of what the probe asks.
  private var probeContradiction: FindingReport? {
    let last = entries.suffix(2).map(\.row)
    guard last.count == 2, last.allSatisfy(\.contradictsProbe), let row = last.last,
      let logged = row.loggedLoss, let loss = row.loss
    else { return nil }
    func brief(_ loss: Double) -> Double { (loss * 100).rounded() / 100 }
    return FindingReport(
      code: "probe-contradicted", where: row.path,
      text: "the loss in the checkpoint is \(brief(logged)), and on the probe \(brief(loss)), more "
        + "than of a network that knows nothing: its inputs or targets are not as in training (other "
        + "scaling, order or task); make the probe anew")
  }

  /// That the network is not what it was.
  private var layersChanged: FindingReport? {
    for (before, now) in zip(entries, entries.dropFirst())
    where !before.row.layers.elementsEqual(now.row.layers, by: { $0.name == $1.name }) {
      let (old, new) = (
        before.row.unwrapped.layers.map(\.name), now.row.unwrapped.layers.map(\.name)
      )
      let (gained, lost) = (new.filter { !old.contains($0) }, old.filter { !new.contains($0) })
      guard !gained.isEmpty || !lost.isEmpty else { continue }
      func list(_ names: [String]) -> String {
        names.prefix(4).joined(separator: ", ")
          + (names.count > 4 ? " and \(names.count - 4) more" : "")
      }
      let changes = [
        gained.isEmpty ? nil : "there is \(list(gained))",
        lost.isEmpty ? nil : "there is no \(list(lost))",
      ]
      return FindingReport(
        code: "layers-changed", where: now.row.path,
        text: "from step \(now.step) on " + changes.compactMap { $0 }.joined(separator: ", and ")
          + (evidence == .probe ? ": a probe of the network before measures another one" : ""))
    }
    return nil
  }

  /// That there are moments, and nothing rests on them.
  private var momentsProblem: FindingReport? {
    guard evidence != .probe else { return nil }
    let refused = rows.filter { $0.momentsProblem != nil && $0.step != 0 }
    guard let last = refused.last, let problem = last.momentsProblem else { return nil }
    return FindingReport(
      code: "moments-not-used", where: last.path,
      text:
        "of \(refused.count) of \(rows.count) checkpoints the optimizer tells nothing: \(problem)")
  }

  /// Where the training diverged.
  private var notFinite: FindingReport? {
    let broken = entries.filter { $0.row.weightNorm == nil }
    guard let first = broken.first else { return nil }
    let those =
      broken.count == 1
      ? "the checkpoint of step \(first.step) holds"
      : "\(broken.count) checkpoints, the first of them at step \(first.step), hold"
    return FindingReport(
      code: "weights-not-finite", where: first.row.path,
      text: "\(those) NaN or infinite weights: the training diverged there, and the decision is of "
        + "the other checkpoints alone")
  }

  /// Which layers are fixed, in the order in which they became so, and which still move.
  private var flow: RunFlow? {
    guard let last = entries.last(where: \.isComparable), last.shares != nil else { return nil }
    let unmeasured = Set(last.row.layers.filter(isUnmeasured).map(\.name))
    let closed = verdict.layers.compactMap { layer -> FixedLayer? in
      guard layer.final?.state == .closed, let end = layer.final?.end else { return nil }
      return FixedLayer(layer: layer.name, step: end.step, decidedAtStep: end.decidedAtStep)
    }
    return RunFlow(
      plasticity: last.plasticity?.value, connectionChange: last.connectionChange,
      fixed: closed.enumerated().sorted {
        ($0.element.step, $0.offset) < ($1.element.step, $1.offset)
      }
      .map(\.element),
      moving: verdict.layers.filter { layer in
        layer.final?.state != .closed && !unmeasured.contains(layer.name)
      }
      .map(\.name))
  }

  /// Whether a layer is none that the probe measures: frozen, or not in its graph.
  private func isUnmeasured(_ layer: SeriesLayer) -> Bool {
    evidence == .probe && layer.fisherTrace?.value == nil
  }

  private func row(at index: Int, aliases: [String: [String]]) -> TrajectoryRow {
    let entry = entries[index]
    var row = TrajectoryRow(
      step: entry.step, segment: entry.segment,
      state: (judgement(at: index)?.state ?? .waiting).rawValue, report: entry.row.report,
      path: entry.row.path)
    row.fill(from: entry.row)
    row.windowedSecondMoment = entry.window?.total
    row.relativeUpdate = entry.movement?.total.relative
    row.plasticity = entry.plasticity?.value
    row.plasticityInterval = entry.plasticity?.interval
    row.connectionChange = entry.connectionChange
    row.endProbability = judgement(at: index)?.endProbability?.toThousandths
    row.shares = entry.shares
    row.aliases = aliases[entry.row.digest] ?? []
    return row
  }

  private var layerStates: [LayerState] {
    guard let last = entries.last(where: \.isComparable) else { return [] }
    let finals = Dictionary(
      verdict.layers.map { ($0.name, $0.final) }, uniquingKeysWith: { first, _ in first })
    return last.row.layers.enumerated().map { index, layer in
      if isUnmeasured(layer) {
        var state = LayerState(
          name: layer.name, state: PeriodState.waiting.rawValue, share: nil, peakStep: nil,
          endStep: nil)
        state.reason = layer.fisherTrace?.reason ?? "the probe's graph does not use it"
        return state
      }
      let final = finals[layer.name] ?? nil
      var state = LayerState(
        name: layer.name, state: (final?.state ?? .waiting).rawValue,
        share: last.shares?[index], peakStep: final?.peak?.step, endStep: final?.end?.step)
      state.shareSpeed = final?.shareSpeed
      state.reason = final?.reason.map { "\($0.rawValue): \($0.explanation)" }
      return state
    }
  }
}

extension TrajectoryRow {
  /// What the checkpoint says by itself.
  fileprivate mutating func fill(from row: SeriesRow) {
    epoch = row.epoch
    loss = row.loss
    accuracy = row.accuracy
    learningRate = row.learningRate
    fisherTrace = row.fisherTrace
    informationBits = row.informationBits
    confidence = row.confidence
  }
}

extension CriticalPeriodReport {
  /// A judgement as documents show it.
  init(_ judgement: Judgement) {
    self.init(
      state: judgement.state.rawValue,
      peak: judgement.peak.map {
        PeakReport(step: $0.step, interval: [$0.interval.lowerBound, $0.interval.upperBound])
      },
      end: judgement.end.map { EndReport($0) },
      reason: judgement.reason.map { "\($0.rawValue): \($0.explanation)" },
      evidence: judgement.evidence.map(\.text))
    endProbability = judgement.endProbability?.toThousandths
  }
}

extension EndReport {
  fileprivate init(_ end: End) {
    self.init(
      step: end.step, interval: [end.interval.lowerBound, end.interval.upperBound],
      probability: end.probability.toThousandths, decidedAtStep: end.decidedAtStep)
    basis = end.basis.rawValue
  }
}

extension SeriesRow {
  /// Whether training goes on well while the probe's loss is above the entropy of its targets.
  fileprivate var contradictsProbe: Bool {
    guard let bits = targetEntropyBits, let logged = loggedLoss, let loss, bits > 0 else {
      return false
    }
    let entropy = bits * 0.693_147_180_559_945_3
    return loss > 1.2 * entropy && logged < 0.5 * entropy
  }
}
