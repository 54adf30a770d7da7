// How information is shared and flows between layers, in a checkpoint's report (measurements.md §5).

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
  /// True when that is within 10 % of log2 of the examples, or above.
  public var saturated: Bool?

  private enum CodingKeys: String, CodingKey {
    case from, to, cka
    case ckaNull95 = "cka_null_95"
    case capacityBits, saturated
  }

  /// Creates an edge.
  public init(
    from: String, to: String, cka: Quantity, ckaNull95: Double?, capacityBits: Quantity?,
    saturated: Bool?
  ) {
    self.from = from
    self.to = to
    self.cka = cka
    self.ckaNull95 = ckaNull95
    self.capacityBits = capacityBits
    self.saturated = saturated
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
