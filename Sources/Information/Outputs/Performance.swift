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

  /// - Parameters:
  ///   - examples: those that were measured, `[n]`.
  ///   - losses: of each, its labels' sum over the mean number of labels in the probe; empty without targets.
  ///   - accuracies, confidences, entropies: likewise.
  init(
    labels: ProbeLabels, examples: [Int], losses: [Double], accuracies: [Double],
    confidences: [Double], entropies: [Double]
  ) {
    let task = labels.task
    let unlabelled = "the probe has no target"
    let continuous = "a regression has no classes"
    // A mean over labels, of which examples have different numbers.
    let sizes = examples.map(labels.size)
    loss = losses.isEmpty ? .absent(unlabelled) : Uncertain.ratio(of: losses, to: sizes)
    func categorical(_ values: [Double], labelled: Bool) -> Measured<Uncertain> {
      if task == .regression { return .absent(continuous) }
      return labelled && values.isEmpty
        ? .absent(unlabelled) : Uncertain.ratio(of: values, to: sizes)
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
      // H(Y) is an estimate from the same labels: an example's part in both, so that what they share cancels.
      let surprisals = labels.surprisalBits
      let parts = zip(examples, losses).map { surprisals[$0] - $1 / M_LN2 }
      usableInformationBits = Uncertain.ratio(of: parts, to: sizes).map {
        Uncertain(
          value: labels.labelEntropyBits - loss.value / M_LN2, standardError: $0.standardError)
      }
    }
  }
}
