// What the optimizer's moments tell, in a checkpoint's report (measurements.md §4).

/// Optimizer evidence of the whole network, free of data.
public struct OptimizerSummary: Codable, Sendable {
  /// `adam`, `rmsprop`, `adagrad`.
  public var kind: String
  /// Σ over parameters of the mean squared mini-batch gradient in the window, nats².
  public var windowedSecondMoment: Quantity
  /// The step at which the window began; 0 for the whole history.
  public var sinceStep: Int
  /// What limits the numbers.
  public var flags: [String]

  /// Creates a summary.
  public init(kind: String, windowedSecondMoment: Quantity, sinceStep: Int, flags: [String]) {
    self.kind = kind
    self.windowedSecondMoment = windowedSecondMoment
    self.sinceStep = sinceStep
    self.flags = flags
  }
}

/// A layer's optimizer evidence.
public struct LayerOptimizer: Codable, Sendable {
  /// Σ over the layer of the mean squared mini-batch gradient in the window, nats².
  public var windowedSecondMoment: Quantity
  /// Per-example empirical Fisher; absent when the batch size is not known.
  public var empiricalFisher: Quantity
  /// What limits them.
  public var flags: [String]

  /// Creates a section.
  public init(windowedSecondMoment: Quantity, empiricalFisher: Quantity, flags: [String]) {
    self.windowedSecondMoment = windowedSecondMoment
    self.empiricalFisher = empiricalFisher
    self.flags = flags
  }
}
