// What `plasticityd distance` prints: how far two checkpoints' tasks are apart. Field names are fixed:
// add, never rename. Definitions: etc/doc/measurements.md §8.

/// Two checkpoints compared as tasks.
public struct DistanceReport: Document {
  /// `plasticityd/distance/v1`.
  public static var schema: String { "plasticityd/distance/v1" }

  /// The first checkpoint.
  public var a: DistanceEnd
  /// The second.
  public var b: DistanceEnd
  /// What the curvature is from: `probe` (Fisher information) or `optimizer` (second moments).
  public var evidence: String
  /// ε of the noise that the costs are counted at, nats of loss.
  public var toleranceNats: Double
  /// The layer that has no part in the embedding; nil when the network has no classifier of its own.
  public var classifier: String?
  /// Filters of the embedding.
  public var filters: Int
  /// The symmetric distance of the embeddings, 0…1.
  public var symmetric: Quantity
  /// From the first to the second.
  public var aToB: DistanceDirection
  /// From the second to the first.
  public var bToA: DistanceDirection
  /// The same by layer, in forward order.
  public var layers: [LayerDistance]
  /// Remarks that a person may want to act on.
  public var findings: [FindingReport]
  /// What it cost.
  public var took: CostReport

  /// Creates a report.
  public init(
    a: DistanceEnd, b: DistanceEnd, evidence: String, toleranceNats: Double, classifier: String?,
    filters: Int, symmetric: Quantity, aToB: DistanceDirection, bToA: DistanceDirection,
    layers: [LayerDistance], findings: [FindingReport], took: CostReport
  ) {
    self.a = a
    self.b = b
    self.evidence = evidence
    self.toleranceNats = toleranceNats
    self.classifier = classifier
    self.filters = filters
    self.symmetric = symmetric
    self.aToB = aToB
    self.bToA = bToA
    self.layers = layers
    self.findings = findings
    self.took = took
  }
}

/// One of the two.
public struct DistanceEnd: Codable, Sendable {
  /// The checkpoint's path.
  public var path: String
  /// Its content.
  public var digest: String
  /// Its step, if known.
  public var step: Int?
  /// The probe that was used, if any.
  public var probe: ProbeIdentity?
  /// Its code length at the tolerance, bits.
  public var informationBits: Quantity
  /// The distance of its task from the trivial one: how complex it is, 0…1.
  public var fromTrivial: Quantity

  /// Creates an end.
  public init(
    path: String, digest: String, step: Int?, probe: ProbeIdentity?, informationBits: Quantity,
    fromTrivial: Quantity
  ) {
    self.path = path
    self.digest = digest
    self.step = step
    self.probe = probe
    self.informationBits = informationBits
    self.fromTrivial = fromTrivial
  }
}

/// What depends on where one starts.
public struct DistanceDirection: Codable, Sendable, FlowStyled {
  /// d(start, end) − 0.15 d(start, trivial).
  public var asymmetric: Quantity
  /// KL(N(w_end, Σ_end) ‖ N(w_start, Σ_start)), bits.
  public var fineTuningCostBits: Quantity

  /// Creates a direction.
  public init(asymmetric: Quantity, fineTuningCostBits: Quantity) {
    self.asymmetric = asymmetric
    self.fineTuningCostBits = fineTuningCostBits
  }
}

/// One layer.
public struct LayerDistance: Codable, Sendable {
  /// The module's name.
  public var name: String
  /// Trainable scalars.
  public var parameters: Int
  /// Its filters in the embedding.
  public var filters: Int
  /// As of the whole network.
  public var symmetric: Quantity
  /// From the first checkpoint to the second.
  public var aToB: DistanceDirection
  /// From the second to the first.
  public var bToA: DistanceDirection

  /// Creates a layer.
  public init(
    name: String, parameters: Int, filters: Int, symmetric: Quantity, aToB: DistanceDirection,
    bToA: DistanceDirection
  ) {
    self.name = name
    self.parameters = parameters
    self.filters = filters
    self.symmetric = symmetric
    self.aToB = aToB
    self.bToA = bToA
  }
}
