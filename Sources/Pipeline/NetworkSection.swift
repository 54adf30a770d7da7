// What a probe tells: Fisher information, information in the weights, recordings, into the report.

import Checkpoints
import Diagnostics
package import Information
import Networks
package import Reports
import Tensors
import Threads

/// Fills a report with what an estimate says.
struct NetworkSection {
  let bound: BoundNetwork
  let estimate: FisherEstimate
  /// Of forward and backward over the batch.
  let seconds: Double
  /// Nil for an earlier checkpoint that is only compared with, and when it is not asked for.
  private let information: InformationSection?
  /// As `information`.
  private let tempered: TemperedSection?
  /// By layer: what is needed of its recording.
  private let centred: [Measured<CentredGram>]
  private let capacities: [Measured<NoiseCapacity>]

  init(
    bound: BoundNetwork, estimate: FisherEstimate, seconds: Double,
    information: InformationSection? = nil, tempered: TemperedSection? = nil, threads: Int
  ) {
    self.bound = bound
    self.estimate = estimate
    self.seconds = seconds
    self.information = information
    self.tempered = tempered
    let recordings = onThreads(count: estimate.recordings.count, threads: threads) { layer in
      let recording = RecordedGram(estimate.recordings[layer])
      return (centred: recording.centred, capacity: recording.gram.flatMap { NoiseCapacity.of($0) })
    }
    centred = recordings.map(\.centred)
    capacities = recordings.map(\.capacity)
  }

  /// Binds the request's probe to a checkpoint and measures; nil without a probe. What is wrong with
  /// the probe comes back as a problem, what is wrong with reading is thrown.
  static func measure(_ checkpoint: Checkpoint, _ request: ProbeRequest) throws(Problem) -> (
    section: NetworkSection?, problem: Problem?
  )? {
    guard let definition = request.probe else { return nil }
    do {
      let bound = try BoundNetwork(definition, checkpoint, request)
      let isWhole = request.measures == .everything
      let blocks = bound.blocks
      let temperature = isWhole ? try TemperedSection.temperature(bound, blocks, request) : nil
      let (estimate, seconds) = try bound.estimate(
        request, blocks, secondTemperature: temperature?.value)
      let information = isWhole ? try InformationSection(bound, estimate, request) : nil
      let tempered =
        isWhole ? try TemperedSection(bound, estimate, temperature, request) : nil
      return (
        NetworkSection(
          bound: bound, estimate: estimate, seconds: seconds, information: information,
          tempered: tempered, threads: request.threads), nil
      )
    } catch {
      guard isProbeAtFault(error) else { throw error }
      return (nil, error)
    }
  }

  /// Whether a problem is the probe's, and not one of reading the checkpoint.
  static func isProbeAtFault(_ problem: Problem) -> Bool {
    [.data, .configuration, .unavailable].contains(problem.kind)
  }

  /// The layers in forward order, by the checkpoint's module names.
  var forwardLayers: [(name: String, kind: String)] {
    estimate.layers.indices.map { (layerNames[$0], estimate.layers[$0].kind) }
  }

  private var layerNames: [String] { bound.layerNames(estimate) }

  func fill(_ report: inout CheckpointReport, _ request: ProbeRequest) {
    report.probe = ProbeIdentity(
      bound.definition, estimate, isLimited: request.isLimited, sampling: request.sampling)
    report.performance = performance
    var network = NetworkInformation(
      fisherTrace: Quantity(estimate.trace(.fisher)),
      empiricalFisherTrace: Quantity(estimate.trace(.empirical)),
      confidence: Quantity(estimate.performance.confidence.map(\.value)),
      jacobianTrace: Quantity(estimate.trace(.jacobian)),
      scaleFreeTrace: Quantity(estimate.trace(.scaleFree)),
      toleranceNats: information?.toleranceNats ?? bound.definition.settings.toleranceNats)
    network.labelStandardError = estimate.samplingError?.labels
    information?.fill(&network, &report.findings)
    tempered?.fill(&network)
    report.information = network
    fillLayers(&report)
    fillActivations(&report, threads: request.threads)
    fillFlow(&report, threads: request.threads)
    for note in bound.notes {
      report.findings.append(
        FindingReport(code: note.code, where: bound.definition.name, text: note.text))
    }
    for name in bound.binding.unreached {
      report.skipped.append(
        SkippedReport(name: name, reason: "the probe's graph does not use it"))
    }
  }

  private var performance: Reports.Performance {
    let measured = estimate.performance
    // Exact: of these examples it is a count.
    let accuracy = Quantity(measured.accuracy.map(\.value))
    var performance = Reports.Performance(
      loss: Quantity(measured.loss), accuracy: accuracy,
      usableInformationBits: Quantity(measured.usableInformationBits))
    performance.entropyBits = Quantity(measured.entropyBits)
    if let bits = measured.usableInformationBits.value?.value,
      Saturation.isReached(bits: bits, examples: estimate.exampleCount)
    {
      performance.usableInformationSaturated = true
    }
    return performance
  }

  private func fillLayers(_ report: inout CheckpointReport) {
    let shares = Shares.of(
      estimate.layers.indices.map { estimate.trace(.fisher, layer: $0).value?.value ?? 0 })
    for (layer, name) in layerNames.enumerated() {
      guard let index = report.layers.firstIndex(where: { $0.name == name }) else { continue }
      var filled = report.layers[index]
      filled.share = shares.value?.values[layer]
      filled.fisherTrace = Quantity(estimate.trace(.fisher, layer: layer))
      filled.empiricalFisherTrace = Quantity(estimate.trace(.empirical, layer: layer))
      filled.jacobianTrace = Quantity(estimate.trace(.jacobian, layer: layer))
      filled.scaleFreeTrace = Quantity(estimate.trace(.scaleFree, layer: layer))
      information?.fill(&filled, layer: layer)
      tempered?.fill(&filled, layer: layer)
      for (parameter, measured) in estimate.parameters.enumerated() where measured.layer == layer {
        let name = bound.checkpointName(measured.name)
        guard let tensor = filled.tensors.firstIndex(where: { $0.name == name }) else { continue }
        filled.tensors[tensor].fisherTrace = Quantity(
          estimate.trace(.fisher, parameter: parameter))
        filled.tensors[tensor].empiricalFisherTrace = Quantity(
          estimate.trace(.empirical, parameter: parameter))
      }
      report.layers[index] = filled
    }
    for layer in report.layers.indices {
      markFrozen(&report.layers[layer])
      if report.layers[layer].kind == LayerInventory.productKind {
        report.layers[layer].fisherTrace = .absent(
          reason: "the product of an adapter's factors, which are measured by themselves")
      }
    }
  }

  /// What training leaves as it is holds no information on what is trained on.
  private func markFrozen(_ layer: inout LayerReport) {
    let reason = Quantity.absent(reason: "frozen: not trained, as probe.yaml says")
    for tensor in layer.tensors.indices where bound.frozen.contains(layer.tensors[tensor].name) {
      layer.tensors[tensor].fisherTrace = reason
    }
    if isFrozen(layer) { layer.fisherTrace = reason }
  }

  private func isFrozen(_ layer: LayerReport) -> Bool {
    !layer.tensors.isEmpty && layer.tensors.allSatisfy { bound.frozen.contains($0.name) }
  }

  /// Says so where what probe.yaml calls frozen has moved since the earlier checkpoint.
  func doubtFrozen(_ report: inout CheckpointReport) {
    let moved = report.layers.filter { isFrozen($0) && $0.update?.relative.value ?? 0 > 0 }
    guard let first = moved.first, let since = first.update?.sinceStep else { return }
    report.findings.append(
      FindingReport(
        code: "frozen-moved", where: first.name,
        text: "probe.yaml says that it is frozen, but it has changed since step \(since)"
          + (moved.count > 1 ? ", and so have \(moved.count - 1) more layers" : "")
          + ": take it out of frozen there"))
  }

  private func fillActivations(_ report: inout CheckpointReport, threads: Int) {
    let (estimate, capacities) = (estimate, capacities)
    let activations = onThreads(count: capacities.count, threads: threads) { layer in
      ActivationReport(estimate, layer: layer, capacity: capacities[layer])
    }
    for (name, activation) in zip(layerNames, activations) {
      guard let index = report.layers.firstIndex(where: { $0.name == name }) else { continue }
      report.layers[index].activations = activation
    }
  }

  private func fillFlow(_ report: inout CheckpointReport, threads: Int) {
    let names = layerNames
    let (edges, capacities, centred) = (estimate.connections, capacities, centred)
    let examples = estimate.exampleCount
    let connections = onThreads(count: edges.count, threads: threads) { index in
      let edge = edges[index]
      let alignment = Self.alignment(centred, edge.from, edge.to, permutations: 20)
      let capacity =
        capacities.indices.contains(edge.to) ? capacities[edge.to] : .absent("not recorded")
      return ConnectionReport(
        from: names[edge.from], to: names[edge.to], cka: Quantity(alignment.map(\.value)),
        ckaNull95: alignment.value?.null95, capacityBits: Quantity(capacity.map(\.bits)),
        saturated: capacity.isSaturated(examples: examples))
    }
    report.flow = FlowReport(
      sharesOf: "fisher_trace", plasticity: nil, connections: connections, recordings: [])
  }

  private static func alignment(
    _ grams: [Measured<CentredGram>], _ from: Int, _ to: Int, permutations: Int
  ) -> Measured<Alignment> {
    guard grams.indices.contains(from), grams.indices.contains(to) else {
      return .absent("not recorded")
    }
    switch (grams[from], grams[to]) {
    case (.known(let first), .known(let second)):
      return first.alignment(with: second, permutations: permutations)
    case (.absent(let reason), _), (_, .absent(let reason)): return .absent(reason)
    }
  }

  /// Each example's part of each reported layer's trace, in the order of the report's layers.
  func perExample(_ report: CheckpointReport) -> PackedFloats {
    let names = layerNames
    return PackedFloats(
      report.layers.flatMap { layer -> [Float] in
        guard let index = names.firstIndex(of: layer.name),
          let parts = estimate.contributions(.fisher, layer: index)
        else { return [Float](repeating: 0, count: estimate.exampleCount) }
        return parts.map { Float($0) }
      })
  }

  /// Each layer's recording against an earlier checkpoint's, on the same examples.
  func recordings(since earlier: [RecordedGram], step: Int?) -> [RecordingReport] {
    zip(layerNames, zip(centred, earlier)).map { name, pair in
      RecordingReport(
        layer: name,
        ckaToPrevious: Quantity(
          Self.alignment([pair.0, pair.1.centred], 0, 1, permutations: 0).map(\.value)),
        sinceStep: step)
    }
  }

  /// How the shares moved since an earlier checkpoint.
  func plasticity(since earlier: NetworkSection, steps: (Int, Int)) -> PlasticityReport {
    PlasticityReport(
      Plasticity.between(
        earlier.estimate.layerContributions, step: steps.0, estimate.layerContributions,
        step: steps.1),
      sinceStep: steps.0)
  }
}

extension PlasticityReport {
  /// A measured speed, or why there is none.
  package init(_ measured: Measured<Plasticity>, sinceStep: Int) {
    switch measured {
    case .known(let plasticity):
      self.init(
        value: plasticity.value, interval: plasticity.interval.map { [$0.lower, $0.upper] },
        sinceStep: sinceStep)
    case .absent(let reason):
      self.init(value: nil, interval: nil, sinceStep: sinceStep, reason: reason)
    }
  }
}

extension Measured {
  /// A measurement of a measurement: absent when either is.
  func flatMap<Other>(_ measure: (Value) -> Measured<Other>) -> Measured<Other> {
    switch self {
    case .known(let value): measure(value)
    case .absent(let reason): .absent(reason)
    }
  }
}
