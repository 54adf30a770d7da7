// What the outputs say by themselves: loss, accuracy, confidence, usable information
// (measurements.md §2, §6).
internal import Glibc
internal import Tensors

/// Measurements of the network's outputs on the probe; each is a mean over the examples.
public struct Performance: Sendable {
  /// Mean negative log-likelihood of the targets, nats; per position for a language model, and
  /// half the squared error (the likelihood up to its constant) for a regression.
  public let loss: Measured<Uncertain>
  /// Share of rows whose largest logit is the label's.
  public let accuracy: Measured<Uncertain>
  /// Mean of Σ_c p_c(1 − p_c): what the Fisher information falls with when the network only
  /// becomes sure of itself.
  public let confidence: Measured<Uncertain>
  /// Mean entropy of the prediction, bits.
  public let entropyBits: Measured<Uncertain>
  /// H(Y) − cross-entropy, bits; H(Y) of the frequencies of the probe's labels. Negative when the
  /// network predicts worse than those frequencies.
  public let usableInformationBits: Measured<Uncertain>
  /// Loss of each example, nats, `[N]`; empty without targets.
  public let losses: [Double]

  init(
    task: ProbeTask, targets: BatchArray?, losses: [Double], accuracies: [Double],
    confidences: [Double], entropies: [Double]
  ) {
    let unlabelled = "the probe has no target"
    let continuous = "a regression has no classes"
    self.losses = losses
    loss = losses.isEmpty ? .absent(unlabelled) : Uncertain.mean(of: losses)
    func categorical(_ values: [Double], labelled: Bool) -> Measured<Uncertain> {
      if task == .regression { return .absent(continuous) }
      return labelled && values.isEmpty ? .absent(unlabelled) : Uncertain.mean(of: values)
    }
    accuracy = categorical(accuracies, labelled: true)
    confidence = categorical(confidences, labelled: false)
    entropyBits = categorical(entropies, labelled: false).map { entropy in
      Uncertain(
        value: entropy.value / M_LN2, standardError: entropy.standardError.map { $0 / M_LN2 })
    }
    switch (loss, task) {
    case (_, .regression): usableInformationBits = .absent(continuous)
    case (.absent(let reason), _): usableInformationBits = .absent(reason)
    case (.known(let loss), _):
      let bits = Self.labelEntropyBits(task, targets) - loss.value / M_LN2
      usableInformationBits = .known(
        Uncertain(value: bits, standardError: loss.standardError.map { $0 / M_LN2 }))
    }
  }

  /// Entropy of the frequencies of the labels that the loss is taken over, bits.
  private static func labelEntropyBits(_ task: ProbeTask, _ targets: BatchArray?) -> Double {
    guard case .integer(let tensor) = targets, let length = tensor.shape.dimensions.last else {
      return 0
    }
    var counts: [Int64: Int] = [:]
    var total = 0.0
    for (index, label) in tensor.values.enumerated()
    where task != .languageModel || index % length != 0 {
      counts[label, default: 0] += 1
      total += 1
    }
    // In the order of labels, so that the sum has the same last bit every time.
    return counts.sorted { $0.key < $1.key }.reduce(0) { sum, entry in
      let p = Double(entry.value) / total
      return sum - p * log2(p)
    }
  }
}
