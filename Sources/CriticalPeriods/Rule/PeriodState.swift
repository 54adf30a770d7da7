/// Where a run, or one layer, stands in its critical period (measurements.md §7).
public enum PeriodState: String, Sendable, Hashable, CaseIterable {
  /// Too few checkpoints to say anything.
  case waiting
  /// Information is still being taken in, or nothing speaks against it.
  case acquiring
  /// The trace has fallen from its maximum by more than noise.
  case peaked
  /// After the peak: the fall is deep, or the shares have begun to hold still.
  case consolidating
  /// The shares of the layers are fixed and information no longer rises.
  case closed
  /// After `closed`, shares move again or information rises past its peak.
  case reopened
  /// Something fell or froze, but it has an explanation other than the end of the period.
  case ambiguous
}

/// Why a state is `ambiguous`.
public enum AmbiguityReason: String, Sendable, Hashable, CaseIterable {
  /// The fall is what growing confidence alone would do (measurements.md §2).
  case confidence
  /// The learning rate changed abruptly inside the window.
  case learningRate = "learning_rate"
  /// The fall is what growing weights alone would do (measurements.md §2, `scale_free_trace`).
  case weightScale = "weight_scale"
  /// Too few checkpoints around the peak or the freeze.
  case sparse
  /// The first checkpoint is already past the rise.
  case leftCensored = "left_censored"
  /// Update shares have settled, but norms alone cannot tell an end from a quiet schedule.
  case weightsOnly = "weights_only"

  /// The reason in plain words.
  public var explanation: String {
    switch self {
    case .confidence:
      "the fall is no more than what growing confidence alone does to the trace"
    case .learningRate: "the learning rate changed abruptly where the change was seen"
    case .weightScale: "the fall is no more than what growing weights alone do to the trace"
    case .sparse: "too few checkpoints around the change to place it"
    case .leftCensored: "no rise of the information was seen: the first checkpoint may be past it"
    case .weightsOnly: "update shares have settled, but norms alone cannot tell why"
    }
  }
}
