// How far a layer has moved, in a checkpoint's report (measurements.md §4).

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
