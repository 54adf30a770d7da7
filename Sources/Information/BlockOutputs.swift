// What a block's forward pass says by itself: losses, accuracy, confidence and entropy of each
// example.

/// A block's outputs and the measurements that need no gradient, one number per example.
struct BlockOutputs: Sendable {
  /// `[n] + output`.
  let outputs: [Float]
  /// Of every row of logits; nil for a regression.
  let distribution: ClassDistribution?
  /// Mean negative log-likelihood over the example's positions, nats; nil without targets.
  let losses: [Double]?
  /// Share of the example's positions whose largest logit is the label's; nil without labels.
  let accuracies: [Double]?
  /// Mean of Σ p(1−p) over the example's positions; nil for a regression.
  let confidences: [Double]?
  /// Mean entropy of the prediction over the example's positions, nats; nil for a regression.
  let entropies: [Double]?

  init(outputs: [Float], range: Range<Int>, labels: ProbeLabels) {
    self.outputs = outputs
    guard labels.task != .regression else {
      distribution = nil
      accuracies = nil
      confidences = nil
      entropies = nil
      losses = labels.values.map { values in
        range.map { example in
          // Half the squared error: the Gaussian's negative log-likelihood up to its constant.
          var sum = 0.0
          for o in 0..<labels.classes {
            let error =
              Double(values[example * labels.classes + o])
              - Double(outputs[(example - range.lowerBound) * labels.classes + o])
            sum += error * error / 2
          }
          return sum
        }
      }
      return
    }
    let distribution = ClassDistribution(logits: outputs, classes: labels.classes)
    self.distribution = distribution
    let positions = Double(labels.positions)
    func mean(_ value: (_ row: Int, _ position: Int, _ example: Int) -> Double) -> [Double] {
      range.map { example in
        let first = (example - range.lowerBound) * labels.logitRows
        return (0..<labels.positions).reduce(0) { $0 + value(first + $1, $1, example) } / positions
      }
    }
    confidences = mean { row, _, _ in distribution.confidence[row] }
    entropies = mean { row, _, _ in distribution.entropy[row] }
    guard labels.labels != nil else {
      losses = nil
      accuracies = nil
      return
    }
    losses = mean { row, position, example in
      labels.label(example: example, position: position)
        .map { distribution.loss(row: row, label: $0) } ?? .nan
    }
    accuracies = mean { row, position, example in
      labels.label(example: example, position: position) == distribution.top[row] ? 1 : 0
    }
  }
}
