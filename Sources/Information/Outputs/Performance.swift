// What the outputs say by themselves: loss, accuracy, confidence, usable information
// (measurements.md §2, §6).
internal import Glibc

/// Measurements of the network's outputs on the probe; each is a mean over the examples.
public struct Performance: Sendable {
  /// Mean negative log-likelihood of the targets over all labels that count, nats; half the squared
  /// error (the likelihood up to its constant) of an example for a regression.
  public let loss: Measured<Uncertain>
  /// Share of labels that the prediction's most likely ones equal.
  public let accuracy: Measured<Uncertain>
  /// Mean of Σ_c p_c(1 − p_c): what the Fisher information falls with when the network only
  /// becomes sure of itself.
  public let confidence: Measured<Uncertain>
  /// Mean entropy of the prediction, bits.
  public let entropyBits: Measured<Uncertain>
  /// H(Y) − cross-entropy, bits; H(Y) of the frequencies of the probe's labels. Negative when the
  /// network predicts worse than those frequencies.
  public let usableInformationBits: Measured<Uncertain>
  /// What each example adds to the loss, nats, `[N]`: their mean is the loss. Empty without targets.
  public let losses: [Double]

  init(
    labels: ProbeLabels, losses: [Double], accuracies: [Double], confidences: [Double],
    entropies: [Double]
  ) {
    let task = labels.task
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
      let bits = labels.labelEntropyBits - loss.value / M_LN2
      usableInformationBits = .known(
        Uncertain(value: bits, standardError: loss.standardError.map { $0 / M_LN2 }))
    }
  }
}
