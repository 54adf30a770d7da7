/// One checkpoint of a run as the decision sees it: what was measured there, from one kind of
/// evidence. Whatever was not measured is nil; a value that is not finite counts as not measured.
public struct SeriesPoint: Sendable, Hashable {
  /// Counts the resumptions of the run: 0 until the step first goes back, then 1, ….
  public var segment: Int
  /// Optimisation steps taken when the checkpoint was written.
  public var step: Int
  /// Total of the evidence: Fisher trace in nats² (measurements.md §1) or windowed second moment (§4).
  public var information: Double?
  /// Standard error of `information`, in its unit.
  public var informationStandardError: Double?
  /// Each probe example's contribution: N numbers whose mean is `information`, the same examples in
  /// the same order at every point; by default the sum of the layers'. Without them there is no
  /// paired bootstrap.
  public var contributions: [Double]?
  /// The layers, in forward order; the same names at every point of a series.
  public var layers: [LayerPoint]
  /// Mean negative log-likelihood on the probe, or logged by the trainer, in nats.
  public var loss: Double?
  /// Fraction of correct answers.
  public var accuracy: Double?
  /// Mean over the probe of Σ_c p_c (1 − p_c) (measurements.md §2).
  public var confidence: Double?
  /// E ‖∂z/∂w‖² / C of the logits (measurements.md §2).
  public var jacobianTrace: Double?
  /// Σ_i F_ii w_i², which no rescaling of a layer changes (measurements.md §2).
  public var scaleFreeTrace: Double?
  /// The trace at the entropy that the prediction had at the reference checkpoint (measurements.md
  /// §2): comparable between checkpoints of one `referenceEntropy` only.
  public var temperedTrace: Double?
  /// The entropy that `temperedTrace` was measured at.
  public var referenceEntropy: Double?
  /// Mean entropy of the prediction, in the unit of `referenceEntropy`.
  public var entropy: Double?
  /// H(Y) of the probe's targets in nats: the loss of a network that knows nothing but their frequency.
  public var targetEntropy: Double?
  /// Passes over the training data, as the checkpoint counts them.
  public var epoch: Double?
  /// Mean over layers of the cosine distance of the weights to the run's first checkpoint.
  public var rotation: Double?
  /// The learning rate the checkpoint was trained with last.
  public var learningRate: Double?
  /// Whether the optimizer scales each weight's step by that weight's gradients, as Adam does; nil
  /// where the checkpoint does not show it.
  public var isAdaptive: Bool?
  /// Frobenius norm of all weights together.
  public var weightNorm: Double?
  /// Speed of the shares since the point before, where the caller measured it with an interval;
  /// otherwise it is taken from the layers' shares.
  public var plasticity: Plasticity?

  /// Creates a point; only the step is indispensable.
  public init(
    segment: Int = 0, step: Int, information: Double? = nil,
    informationStandardError: Double? = nil, contributions: [Double]? = nil,
    layers: [LayerPoint] = [], loss: Double? = nil,
    accuracy: Double? = nil, confidence: Double? = nil, jacobianTrace: Double? = nil,
    scaleFreeTrace: Double? = nil, temperedTrace: Double? = nil,
    referenceEntropy: Double? = nil, entropy: Double? = nil, targetEntropy: Double? = nil,
    epoch: Double? = nil,
    rotation: Double? = nil, learningRate: Double? = nil, isAdaptive: Bool? = nil,
    weightNorm: Double? = nil,
    plasticity: Plasticity? = nil
  ) {
    self.segment = segment
    self.step = step
    self.information = information
    self.informationStandardError = informationStandardError
    self.contributions = contributions
    self.layers = layers
    self.loss = loss
    self.accuracy = accuracy
    self.confidence = confidence
    self.jacobianTrace = jacobianTrace
    self.scaleFreeTrace = scaleFreeTrace
    self.temperedTrace = temperedTrace
    self.referenceEntropy = referenceEntropy
    self.entropy = entropy
    self.targetEntropy = targetEntropy
    self.epoch = epoch
    self.rotation = rotation
    self.learningRate = learningRate
    self.isAdaptive = isAdaptive
    self.weightNorm = weightNorm
    self.plasticity = plasticity
  }
}

/// One layer of a `SeriesPoint`.
public struct LayerPoint: Sendable, Hashable {
  /// The module's name, `conv1`.
  public var name: String
  /// The layer's part of the information, in the unit of the total.
  public var information: Double?
  /// Its standard error.
  public var informationStandardError: Double?
  /// Each probe example's contribution to this layer, as in `SeriesPoint.contributions`.
  public var contributions: [Double]?
  /// The layer's part of the whole, summing to 1 over layers; by default from `information`.
  public var share: Double?

  /// Creates a layer's point.
  public init(
    name: String, information: Double? = nil, informationStandardError: Double? = nil,
    contributions: [Double]? = nil, share: Double? = nil
  ) {
    self.name = name
    self.information = information
    self.informationStandardError = informationStandardError
    self.contributions = contributions
    self.share = share
  }
}

/// Speed of the shares on the simplex between a checkpoint and the one before (measurements.md §5.2).
public struct Plasticity: Sendable, Hashable {
  /// Jensen–Shannon divergence in bits, per doubling of the step.
  public var bitsPerDoubling: Double
  /// Lower end of its interval.
  public var lower: Double?
  /// Upper end of its interval.
  public var upper: Double?

  /// Creates a measured speed.
  public init(bitsPerDoubling: Double, lower: Double? = nil, upper: Double? = nil) {
    self.bitsPerDoubling = bitsPerDoubling
    self.lower = lower
    self.upper = upper
  }
}
