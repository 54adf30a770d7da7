// Adds blocks of examples to one estimate, in block order.
internal import CKernels
internal import Diagnostics
internal import Networks
internal import Tensors

/// The running sums of an estimate.
struct FisherCollector {
  /// Examples added so far.
  private(set) var examples = 0
  /// The trace over all parameters of each, without the temperature's factor.
  private(set) var totals: [Double] = []
  private var evenDraws: [Double] = []
  let labels: ProbeLabels
  let parameters: [NetworkParameter]
  let layers: [NetworkLayer]
  let connections: [LayerConnection]
  private var fisher: [[Double]]
  private var jacobian: [[Double]]
  private var empirical: [[Double]]
  private var scaleFree: [[Double]]
  private var tempered: [[Double]]
  private let isTempered: Bool
  private var diagonal: [[Float]]
  private let groups: ExampleGroups
  private var layerSquares: [[Float]]
  private var unitSums: [[Double]]
  private var recordings: [[Float]]
  private var recordingWidths: [Int]
  private var losses: [Double] = []
  private var accuracies: [Double] = []
  private var confidences: [Double] = []
  private var entropies: [Double] = []

  /// - Parameter groups: those of the examples that will be added, at the most.
  init(_ first: FisherBlock, groups: ExampleGroups) {
    self.groups = groups
    labels = first.labels
    parameters = first.parameters
    layers = first.layers
    connections = first.connections
    let empty = [[Double]](repeating: [], count: parameters.count)
    fisher = empty
    jacobian = empty
    empirical = empty
    scaleFree = empty
    tempered = empty
    isTempered = first.isTempered
    diagonal = []
    layerSquares = [[Float]](repeating: [], count: first.sums.layers.count)
    unitSums = []
    recordingWidths = first.recordings.map { $0.shape.count / max(first.range.count, 1) }
    recordings = recordingWidths.map { width in
      var recording: [Float] = []
      recording.reserveCapacity(width * groups.examples)
      return recording
    }
  }

  mutating func add(_ block: FisherBlock) throws(Problem) {
    guard block.parameters.map(\.name) == parameters.map(\.name),
      block.recordings.map({ $0.shape.count })
        == recordingWidths.map({ $0 * block.range.count })
    else {
      throw Problem(
        "batch-dependent", at: "probe",
        "examples \(block.range) go through other shapes than those before: the graph makes a shape of "
          + "values in its inputs, as Unique does",
        remedy: "export the network without the operator that does so")
    }
    let n = block.range.count
    examples += n
    totals += (0..<n).map { local in
      parameters.indices.reduce(0) { $0 + block.sums.fisher[$1 * n + local] }
    }
    evenDraws += block.sums.evenDraws
    for p in parameters.indices {
      let range = p * n..<(p + 1) * n
      fisher[p] += block.sums.fisher[range]
      jacobian[p] += block.sums.jacobian[range]
      empirical[p] += block.sums.empirical[range]
      scaleFree[p] += block.sums.scaleFree[range]
      tempered[p] += block.sums.tempered[range]
    }
    Self.add(block.sums.diagonal, to: &diagonal)
    addLayers(block)
    if unitSums.isEmpty {
      unitSums = block.unitSums
    } else {
      for (l, sums) in block.unitSums.enumerated() {
        for (unit, sum) in sums.enumerated() { unitSums[l][unit] += sum }
      }
    }
    for l in recordings.indices { recordings[l] += block.recordings[l].values }
    losses += block.outputs.losses ?? []
    accuracies += block.outputs.accuracies ?? []
    confidences += block.outputs.confidences ?? []
    entropies += block.outputs.entropies ?? []
  }

  /// Adds a block's groups behind those that are complete.
  private mutating func addLayers(_ block: FisherBlock) {
    let touched = groups.groups(of: block.range)
    for (layer, part) in block.sums.layers.enumerated() where !part.isEmpty {
      let features = part.count / touched.count
      let count = touched.upperBound * features
      let missing = count - layerSquares[layer].count
      if missing > 0 { layerSquares[layer] += [Float](repeating: 0, count: missing) }
      let start = touched.lowerBound * features
      layerSquares[layer].withUnsafeMutableBufferPointer { sum in
        if let sum = sum.baseAddress { ck_add(part, part.count, sum + start) }
      }
    }
  }

  private static func add(_ parts: [[Float]], to sums: inout [[Float]]) {
    if sums.isEmpty { return sums = parts }
    for index in parts.indices {
      sums[index].withUnsafeMutableBufferPointer { sum in
        parts[index].withUnsafeBufferPointer { part in
          guard let sum = sum.baseAddress, let part = part.baseAddress else { return }
          ck_add(part, parts[index].count, sum)
        }
      }
    }
  }

  /// The finished estimate: sums become means.
  func estimate(
    estimator: FisherEstimator, weighted: Bool, of available: Int, stop: EstimationBudget.Stop
  ) -> FisherEstimate {
    // Rows are e − p_τ: the gradient of ln p_τ is theirs divided by τ.
    let share = 1 / (estimator.temperature * estimator.temperature)
    let measured = parameters.indices.map { p in
      var mean = diagonal[p]
      let count = mean.count
      mean.withUnsafeMutableBufferPointer { mean in
        if let mean = mean.baseAddress { ck_scale(mean, count, Float(share) / Float(examples)) }
      }
      return FisherEstimate.Parameter(
        name: parameters[p].name, shape: parameters[p].shape, layer: parameters[p].layer,
        fisher: fisher[p].map { $0 * share },
        empirical: estimator.measuresEmpirical && !losses.isEmpty
          ? empirical[p].map { $0 * share } : nil,
        jacobian: estimator.measuresJacobian ? jacobian[p] : nil,
        scaleFree: weighted ? scaleFree[p].map { $0 * share } : nil,
        tempered: isTempered ? tempered[p] : nil,
        diagonal: estimator.keepsDiagonal ? mean : nil)
    }
    return FisherEstimate(
      task: estimator.task, labels: estimator.labels, exampleCount: examples,
      positions: labels.countedPositions, classes: labels.classes, parameters: measured,
      layers: layers, connections: connections,
      performance: Performance(
        labels: labels, examples: Array(0..<examples), losses: losses, accuracies: accuracies,
        confidences: confidences, entropies: entropies),
      recordings: recordings.indices.map { l in
        Tensor(shape: Shape([examples, recordingWidths[l]]), values: recordings[l])
      },
      groups: groups, layerSquares: layerSquares.map { sums in sums.map { $0 * Float(share) } },
      unitSums: unitSums, availableExamples: available, stop: stop,
      samplingError: estimator.samplingError(totals: totals, evenDraws: evenDraws))
  }
}
