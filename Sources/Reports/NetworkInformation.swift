// The information of the whole network, in a checkpoint's report (measurements.md §1–§3).

/// Information of the whole network.
public struct NetworkInformation: Codable, Sendable {
  /// tr F summed over layers, labels drawn from the model (ICLR 2019, critical periods), nats².
  public var fisherTrace: Quantity
  /// The part of its standard error that more drawn labels would take away; nil when labels are exact
  /// or drawn once.
  public var labelStandardError: Double?
  /// The same with the data's labels: the empirical Fisher, a different quantity.
  public var empiricalFisherTrace: Quantity
  /// Mean over the probe of Σ p(1−p): how unsure the network still is.
  public var confidence: Quantity
  /// E‖∂z/∂w‖²/C of the logits: free of p(1−p).
  public var jacobianTrace: Quantity
  /// Σ F_ii w_i²: unchanged by rescaling a layer.
  public var scaleFreeTrace: Quantity
  /// tr F of softmax(z/τ), τ such that the mean entropy is the reference's.
  public var temperedTrace: Quantity?
  /// That τ.
  public var temperature: Double?
  /// The mean entropy at the run's reference checkpoint, the one at the trace's peak so far, bits.
  public var referenceEntropyBits: Double?
  /// Code length of the weights at the tolerance, bits.
  public var informationBits: Quantity
  /// The tolerance ε, nats of loss.
  public var toleranceNats: Double
  /// How far the loss on the probe really rises under noise of that tolerance, nats: the mean over
  /// draws of the weights, with its standard error over pairs of draws.
  public var measuredLossRise: Quantity?
  /// How far the accuracy drops under it, 0…1.
  public var measuredAccuracyDrop: Quantity?
  /// Draws of the weights that these are the mean of.
  public var weightDraws: Int?
  /// β of the information Lagrangian at the tolerance, nats of loss per nat.
  public var beta: Quantity
  /// The rate–distortion curve of the weights.
  public var curve: [CurvePoint]

  /// Creates a section of what a trace's passes give.
  public init(
    fisherTrace: Quantity, empiricalFisherTrace: Quantity, confidence: Quantity,
    jacobianTrace: Quantity, scaleFreeTrace: Quantity, toleranceNats: Double
  ) {
    self.fisherTrace = fisherTrace
    self.empiricalFisherTrace = empiricalFisherTrace
    self.confidence = confidence
    self.jacobianTrace = jacobianTrace
    self.scaleFreeTrace = scaleFreeTrace
    self.toleranceNats = toleranceNats
    informationBits = .absent(reason: "not measured")
    beta = .absent(reason: "not measured")
    curve = []
  }
}

/// One point of the rate–distortion curve.
public struct CurvePoint: Codable, Sendable, FlowStyled {
  /// ε, nats of loss.
  public var toleranceNats: Double
  /// Code length at ε, bits.
  public var informationBits: Quantity
  /// Nats, from draws of the weights.
  public var measuredLossRise: Quantity?
  /// 0…1, from the same draws.
  public var measuredAccuracyDrop: Quantity?

  /// Creates a point.
  public init(
    toleranceNats: Double, informationBits: Quantity, measuredLossRise: Quantity?,
    measuredAccuracyDrop: Quantity?
  ) {
    self.toleranceNats = toleranceNats
    self.informationBits = informationBits
    self.measuredLossRise = measuredLossRise
    self.measuredAccuracyDrop = measuredAccuracyDrop
  }
}
