// The measured sections of a checkpoint's report. Definitions: etc/doc/measurements.md, which
// cites the papers; every name carries its unit.

/// How well the network does on the probe's batch, in evaluation mode.
public struct Performance: Codable, Sendable {
  /// Mean negative log-likelihood, nats.
  public var loss: Quantity
  /// Fraction of the probe's labels (or next tokens) predicted; nil without classes.
  public var accuracy: Double?
  /// H(Y) − cross-entropy, bits.
  public var usableInformationBits: Quantity?

  /// Creates a section.
  public init(loss: Quantity, accuracy: Double?, usableInformationBits: Quantity?) {
    self.loss = loss
    self.accuracy = accuracy
    self.usableInformationBits = usableInformationBits
  }
}

/// Information of the whole network.
public struct NetworkInformation: Codable, Sendable {
  /// tr F summed over layers, labels drawn from the model (ICLR 2019, critical periods), nats².
  public var fisherTrace: Quantity
  /// The same with the data's labels: the empirical Fisher, a different quantity.
  public var empiricalFisherTrace: Quantity
  /// Mean over the probe of Σ p(1−p): how unsure the network still is.
  public var confidence: Quantity
  /// E‖∂z/∂w‖²/C of the logits: free of p(1−p).
  public var jacobianTrace: Quantity
  /// Σ F_ii w_i²: unchanged by rescaling a layer.
  public var scaleFreeTrace: Quantity
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

/// One layer.
public struct LayerReport: Codable, Sendable {
  /// The module's name, as the checkpoint spells it.
  public var name: String
  /// The operator (`Conv`, `Gemm`, …); nil without a graph.
  public var kind: String?
  /// Trainable scalars.
  public var parameters: Int
  /// The layer's part of the evidence's total, 0…1.
  public var share: Double?
  /// tr F of the layer.
  public var fisherTrace: Quantity?
  /// With the data's labels.
  public var empiricalFisherTrace: Quantity?
  /// E‖∂z/∂w‖²/C.
  public var jacobianTrace: Quantity?
  /// Σ F_ii w_i².
  public var scaleFreeTrace: Quantity?
  /// Code length at the tolerance, bits.
  public var informationBits: Quantity?
  /// `information_bits` per weight.
  public var channelBits: Double?
  /// sqrt(mean σ²)/rms(w) at the tolerance.
  public var noiseBudget: Quantity?
  /// The same as 20 log10 of it: how far the noise lies below the weights (negative) or above.
  public var noiseBudgetDecibels: Quantity?
  /// λ², the prior that costs least.
  public var priorVariance: Double?
  /// Of the layer's matrix.
  public var spectrum: SpectrumReport?
  /// From the optimizer's moments.
  public var optimizer: LayerOptimizer?
  /// Against earlier checkpoints.
  public var update: UpdateReport?
  /// The layer's tensors.
  public var tensors: [TensorReport]

  /// Creates a layer of the parts that always exist.
  public init(name: String, kind: String?, parameters: Int, tensors: [TensorReport]) {
    self.name = name
    self.kind = kind
    self.parameters = parameters
    self.tensors = tensors
  }
}

/// Singular-value summaries of the layer's largest matrix, kernels flattened to out × in·k.
public struct SpectrumReport: Codable, Sendable {
  /// ‖W‖_F²/‖W‖₂².
  public var stableRank: Quantity
  /// exp of the entropy of σ/Σσ.
  public var effectiveRank: Quantity
  /// Number of singular values that make 99 % of Σσ.
  public var srank99: Quantity
  /// Power-law exponent of the tail of the eigenvalues of WᵀW.
  public var alpha: Quantity
  /// ‖W‖₂.
  public var spectralNorm: Quantity
  /// ‖W‖_F.
  public var frobeniusNorm: Quantity

  private enum CodingKeys: String, CodingKey {
    case stableRank, effectiveRank
    case srank99 = "srank_99"
    case alpha, spectralNorm, frobeniusNorm
  }

  /// Creates a section.
  public init(
    stableRank: Quantity, effectiveRank: Quantity, srank99: Quantity, alpha: Quantity,
    spectralNorm: Quantity, frobeniusNorm: Quantity
  ) {
    self.stableRank = stableRank
    self.effectiveRank = effectiveRank
    self.srank99 = srank99
    self.alpha = alpha
    self.spectralNorm = spectralNorm
    self.frobeniusNorm = frobeniusNorm
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

/// How far a layer's weights have moved.
public struct UpdateReport: Codable, Sendable {
  /// The step compared with.
  public var sinceStep: Int?
  /// ‖ΔW‖/‖W‖.
  public var relative: Quantity
  /// The layer's part of Σ‖ΔW‖², 0…1.
  public var share: Double?
  /// Cosine to the previous checkpoint.
  public var cosineToPrevious: Quantity
  /// Cosine to the first checkpoint of the run.
  public var cosineToFirst: Quantity
  /// `exact`, or `projection` (estimated from a seeded random projection).
  public var method: String

  /// Creates a section.
  public init(
    sinceStep: Int?, relative: Quantity, share: Double?, cosineToPrevious: Quantity,
    cosineToFirst: Quantity, method: String
  ) {
    self.sinceStep = sinceStep
    self.relative = relative
    self.share = share
    self.cosineToPrevious = cosineToPrevious
    self.cosineToFirst = cosineToFirst
    self.method = method
  }
}

/// One tensor of a layer.
public struct TensorReport: Codable, Sendable, FlowStyled {
  /// The checkpoint's own name.
  public var name: String
  /// Extents.
  public var shape: [Int]
  /// Stored element type.
  public var type: String
  /// ‖W‖_F over the finite elements.
  public var frobeniusNorm: Quantity
  /// Mean |w|.
  public var meanMagnitude: Quantity?
  /// Elements that are NaN or infinite, if any.
  public var nonfinite: Int?
  /// tr F of the tensor.
  public var fisherTrace: Quantity?
  /// With the data's labels.
  public var empiricalFisherTrace: Quantity?

  /// Creates a tensor of the parts that always exist.
  public init(name: String, shape: [Int], type: String, frobeniusNorm: Quantity) {
    self.name = name
    self.shape = shape
    self.type = type
    self.frobeniusNorm = frobeniusNorm
  }
}

/// How information is shared and how it flows.
public struct FlowReport: Codable, Sendable {
  /// Which quantity the shares are of: `fisher_trace`, `windowed_second_moment`, `update`.
  public var sharesOf: String
  /// The speed of the shares, bits per doubling of the step.
  public var plasticity: PlasticityReport?
  /// Along the graph's real connections.
  public var connections: [ConnectionReport]
  /// Each layer's recording against the previous checkpoint's.
  public var recordings: [RecordingReport]

  /// Creates a section.
  public init(
    sharesOf: String, plasticity: PlasticityReport?, connections: [ConnectionReport],
    recordings: [RecordingReport]
  ) {
    self.sharesOf = sharesOf
    self.plasticity = plasticity
    self.connections = connections
    self.recordings = recordings
  }
}

/// Jensen–Shannon divergence of the shares per doubling of the step.
public struct PlasticityReport: Codable, Sendable, FlowStyled {
  /// Bits per doubling of the step.
  public var value: Double?
  /// Central 95 % of a paired bootstrap over examples; nil without per-example evidence.
  public var interval: [Double]?
  /// The step compared with.
  public var sinceStep: Int
  /// Why there is no value.
  public var reason: String?

  /// Creates a value.
  public init(value: Double?, interval: [Double]?, sinceStep: Int, reason: String? = nil) {
    self.value = value
    self.interval = interval
    self.sinceStep = sinceStep
    self.reason = reason
  }
}

/// One edge of the flow graph.
public struct ConnectionReport: Codable, Sendable, FlowStyled {
  /// The layer whose output is read.
  public var from: String
  /// The layer that reads it.
  public var to: String
  /// Debiased linear CKA of their recordings (can be negative).
  public var cka: Quantity
  /// 95th percentile of CKA when the examples of one side are permuted.
  public var ckaNull95: Double?
  /// ½ log2 det(I + Σ/σ²) of the reading layer at σ = 0.1 of its RMS, bits.
  public var capacityBits: Quantity?

  private enum CodingKeys: String, CodingKey {
    case from, to, cka
    case ckaNull95 = "cka_null_95"
    case capacityBits
  }

  /// Creates an edge.
  public init(
    from: String, to: String, cka: Quantity, ckaNull95: Double?, capacityBits: Quantity?
  ) {
    self.from = from
    self.to = to
    self.cka = cka
    self.ckaNull95 = ckaNull95
    self.capacityBits = capacityBits
  }
}

/// A layer's recording now against then.
public struct RecordingReport: Codable, Sendable, FlowStyled {
  /// The layer.
  public var layer: String
  /// Debiased linear CKA to the previous checkpoint's recording.
  public var ckaToPrevious: Quantity
  /// The step compared with.
  public var sinceStep: Int?

  /// Creates a comparison.
  public init(layer: String, ckaToPrevious: Quantity, sinceStep: Int?) {
    self.layer = layer
    self.ckaToPrevious = ckaToPrevious
    self.sinceStep = sinceStep
  }
}
