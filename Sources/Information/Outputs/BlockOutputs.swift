// What a block's forward pass says by itself: losses, accuracy, confidence and entropy of each
// example.
internal import Tensors

/// A block's outputs and the measurements that need no gradient, one number per example.
///
/// Each number is a sum over the example's counted positions, divided by the mean count over the
/// probe's examples: their mean over the examples is the mean over all counted positions.
struct BlockOutputs: Sendable {
  /// `[n] + output`.
  let outputs: [Float]
  /// Of every row of logits; nil where outputs are independent.
  let distribution: ClassDistribution?
  /// `[n] + output`: the Fisher information in each independent output, 0 where it is ignored.
  let variances: [Float]
  /// Negative log-likelihood, nats; nil without targets.
  let losses: [Double]?
  /// Share of the labels that the prediction's most likely ones equal; nil without labels.
  let accuracies: [Double]?
  /// Σ p(1−p) over a label's values; nil for a regression.
  let confidences: [Double]?
  /// Entropy of the prediction, nats; nil for a regression.
  let entropies: [Double]?

  init(outputs: [Float], range: Range<Int>, labels: ProbeLabels) {
    switch labels.task.likelihood {
    case .categorical: self.init(categorical: outputs, range: range, labels: labels)
    case .independent(let family):
      self.init(independent: outputs, family, range: range, labels: labels)
    }
  }

  private init(categorical outputs: [Float], range: Range<Int>, labels: ProbeLabels) {
    self.outputs = outputs
    variances = []
    let distribution = ClassDistribution(
      logits: Self.logitRows(of: outputs, range: range, labels: labels), classes: labels.classes)
    self.distribution = distribution
    func mean(_ value: (_ row: Int, _ position: Int, _ example: Int) -> Double) -> [Double] {
      range.map { example in
        let first = (example - range.lowerBound) * labels.logitRows
        return (0..<labels.positions).reduce(0) { sum, position in
          labels.isCounted(example: example, position: position)
            ? sum + value(first + position, position, example) : sum
        } / labels.countedPositions
      }
    }
    confidences = mean { row, _, _ in distribution.confidence[row] }
    entropies = mean { row, _, _ in distribution.entropy[row] }
    guard labels.isLabelled else {
      losses = nil
      accuracies = nil
      return
    }
    losses = mean { row, position, example in
      labels.label(example: example, position: position)
        .map { distribution.loss(row: row, label: $0) } ?? .nan
    }
    accuracies = mean { row, position, example in
      // Of outputs that are no numbers none is the most likely.
      guard distribution.entropy[row].isFinite else { return .nan }
      return labels.label(example: example, position: position) == distribution.top[row] ? 1 : 0
    }
  }

  private init(
    independent outputs: [Float], _ family: OutputFamily, range: Range<Int>, labels: ProbeLabels
  ) {
    self.outputs = outputs
    distribution = nil
    let size = labels.classes
    let first = range.lowerBound * size
    variances = outputs.indices.map { index in
      let example = range.lowerBound + index / size
      return labels.isCounted(example: example, output: index % size)
        ? family.variance(outputs[index]) : 0
    }
    func mean(_ value: (_ index: Int) -> Double) -> [Double] {
      (0..<range.count).map { local in
        (local * size..<(local + 1) * size).reduce(0) { sum, index in
          labels.isCounted(example: range.lowerBound + local, output: index % size)
            ? sum + value(index) : sum
        } / labels.countedPositions
      }
    }
    losses = labels.values.map { values in
      mean { family.loss(values[first + $0], outputs[$0]) }
    }
    guard family == .bernoulli else {
      accuracies = nil
      confidences = nil
      entropies = nil
      return
    }
    accuracies = labels.values.map { values in
      mean { index in
        outputs[index].isNaN ? .nan : (outputs[index] > 0) == (values[first + index] > 0.5) ? 1 : 0
      }
    }
    // Over the two values of a label: p(1−p) each.
    let variances = variances
    confidences = mean { 2 * Double(variances[$0]) }
    entropies = mean { family.entropy(outputs[$0]) ?? 0 }
  }

  /// `[n · rows, classes]`: a copy only where classes come before pixels.
  static func logitRows(
    of outputs: [Float], range: Range<Int>, labels: ProbeLabels
  ) -> [Float] {
    guard labels.task == .segmentation else { return outputs }
    var rows = [Float](repeating: 0, count: outputs.count)
    let size = labels.output.count
    for n in 0..<range.count {
      let base = n * size
      for position in 0..<labels.logitRows {
        for c in 0..<labels.classes {
          rows[base + position * labels.classes + c] =
            outputs[base + labels.offset(position: position, class: c)]
        }
      }
    }
    return rows
  }
}
