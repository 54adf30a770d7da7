// How well the network does on the probe, in a checkpoint's report (measurements.md §6).

/// How well the network does on the probe's batch, in evaluation mode.
public struct Performance: Codable, Sendable {
  /// Mean negative log-likelihood, nats.
  public var loss: Quantity
  /// Fraction of the probe's labels (or next tokens) predicted; nil without classes.
  public var accuracy: Quantity?
  /// H(Y) − cross-entropy, bits.
  public var usableInformationBits: Quantity?
  /// True when that is within 10 % of log2 of the examples: it measures the probe's size.
  public var usableInformationSaturated: Bool?
  /// Mean entropy of the prediction, bits.
  public var entropyBits: Quantity?

  /// Creates a section.
  public init(loss: Quantity, accuracy: Quantity?, usableInformationBits: Quantity?) {
    self.loss = loss
    self.accuracy = accuracy
    self.usableInformationBits = usableInformationBits
  }
}
