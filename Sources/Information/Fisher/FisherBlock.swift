// One block of examples through the network: forward, cotangents, backward, sums.
internal import CKernels
internal import Diagnostics
internal import Networks
internal import Tensors

/// What one block of examples gave.
struct FisherBlock: Sendable {
  let range: Range<Int>
  let output: Shape
  let parameters: [NetworkParameter]
  let layers: [NetworkLayer]
  let connections: [LayerConnection]
  let labels: ProbeLabels
  let outputs: BlockOutputs
  let sums: FisherSums
  /// Whether the sums hold the trace at the second temperature.
  let isTempered: Bool
  /// Per layer `[n, features]`; empty when not kept.
  let recordings: [Tensor]
  /// Per layer, Σ |output| of each unit after its nonlinearity; empty where none follows.
  let unitSums: [[Double]]

  /// Most cotangents that one backward pass is given.
  static let rowsPerPass = Int(CK_FISHER_CLASSES)

  /// - Throws: what the network throws; `bad-network` when it does not keep to its interface.
  init(
    _ network: any DifferentiableNetwork, range: Range<Int>, groups: ExampleGroups,
    labels: ProbeLabels, estimator: FisherEstimator, weights: [[Float]]
  ) throws(Problem) {
    self.range = range
    self.labels = labels
    output = network.outputShape
    parameters = network.parameters
    layers = network.layers
    connections = network.connections
    let values = try network.forward()
    guard network.exampleCount == range.count, values.count == range.count * output.count,
      output == labels.output
    else {
      throw Problem(
        "bad-network", at: "probe",
        "examples \(range) gave \(values.count) outputs of shape \(network.outputShape)",
        remedy: "report this: it is a defect of plasticityd", kind: .software)
    }
    outputs = BlockOutputs(
      outputs: FisherEstimator.tempered(values, estimator.temperature), range: range,
      labels: labels)
    recordings =
      estimator.keepsRecordings ? layers.indices.map { network.recording(ofLayer: $0) } : []
    // Norms alone do not tell the covariance of the logits' gradients.
    let readsEntries = estimator.keepsDiagonal || !weights.isEmpty
    let fused =
      readsEntries && estimator.labels == .exact && labels.task.likelihood == .categorical
      && labels.classes <= Self.rowsPerPass
    unitSums =
      estimator.measuresActivations
      ? layers.indices.map { layer in
        guard let layout = network.layers[layer].layout,
          let activation = network.activation(ofLayer: layer)
        else { return [] }
        return UnitActivity.sums(activation, layout)
      } : []
    let second: (ClassDistribution, Double)? =
      fused
      ? estimator.secondTemperature.map { temperature in
        (
          ClassDistribution(
            logits: BlockOutputs.logitRows(
              of: FisherEstimator.tempered(values, temperature), range: range, labels: labels),
            classes: labels.classes),
          1 / (temperature * temperature)
        )
      } : nil
    isTempered = second != nil
    let reader = FisherReader(
      range: range, groups: groups, counts: parameters.map(\.shape.count),
      layers: layers.count, weights: weights, estimator: estimator)
    if fused {
      try Self.readClasses(
        network, range: range, labels: labels, outputs: outputs, tempered: second, reader)
    }
    let rows = CotangentRow.rows(
      labels, estimator: estimator, fused: fused)
    let draws = ProbeDraws(seed: estimator.labels.seed)
    for start in stride(from: 0, to: rows.count, by: Self.rowsPerPass) {
      try Self.readRows(
        Array(rows[start..<min(start + Self.rowsPerPass, rows.count)]), network, range: range,
        labels: labels, outputs: outputs, draws: draws, reader)
    }
    sums = reader.sums
  }

  /// Exact Fisher from the gradients of all logits, one position at a time.
  private static func readClasses(
    _ network: any DifferentiableNetwork, range: Range<Int>, labels: ProbeLabels,
    outputs: BlockOutputs, tempered: (ClassDistribution, Double)?, _ reader: FisherReader
  ) throws(Problem) {
    guard let distribution = outputs.distribution else { return }
    let classes = labels.classes
    let size = labels.output.count
    // [n, classes] + output, the identity at one position.
    var cotangents = [Float](repeating: 0, count: range.count * classes * size)
    for position in 0..<labels.positions {
      let counted = range.filter { labels.isCounted(example: $0, position: position) }
      if counted.isEmpty { continue }
      func set(_ value: Float) {
        for example in counted {
          for c in 0..<classes {
            let row = (example - range.lowerBound) * classes + c
            cotangents[row * size + labels.offset(position: position, class: c)] = value
          }
        }
      }
      set(1)
      defer { set(0) }
      reader.reduction = ExactClasses(
        distribution: distribution,
        tempered: tempered.map { (distribution: $0.0, share: $0.1) },
        row: { $0 * labels.logitRows + position },
        label: { example in
          labels.positions == 1
            ? labels.label(example: range.lowerBound + example, position: 0) : nil
        })
      reader.rows = classes
      try network.backward(cotangents: cotangents, count: classes, reader: reader)
    }
  }

  private static func readRows(
    _ rows: [CotangentRow], _ network: any DifferentiableNetwork, range: Range<Int>,
    labels: ProbeLabels, outputs: BlockOutputs, draws: ProbeDraws, _ reader: FisherReader
  ) throws(Problem) {
    let size = labels.output.count
    var cotangents = [Float](repeating: 0, count: range.count * rows.count * size)
    var shares: [Float] = []
    cotangents.withUnsafeMutableBufferPointer { all in
      for local in 0..<range.count {
        for (k, row) in rows.enumerated() {
          let start = (local * rows.count + k) * size
          row.fill(
            UnsafeMutableBufferPointer(rebasing: all[start..<start + size]), local: local,
            example: range.lowerBound + local, block: outputs, labels: labels, draws: draws)
          shares.append(row.fisherShare(outputs, labels, local: local))
        }
      }
    }
    reader.reduction = WeightedRows(
      rows: rows, shares: shares, jacobianShares: rows.map { $0.jacobianShare(labels) })
    reader.rows = rows.count
    try network.backward(cotangents: cotangents, count: rows.count, reader: reader)
  }
}

extension LabelPlan {
  /// The seed of the probe's draws; exact plans use it for the Jacobian's signs only.
  var seed: UInt64 {
    switch self {
    case .exact: 0
    case .sampled(_, let seed): seed
    }
  }
}
