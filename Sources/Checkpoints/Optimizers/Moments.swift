public import Tensors

/// The running means of gradients that an adaptive optimizer keeps, matched to parameters.
public struct Moments: Sendable {
  /// One parameter's moments.
  public struct Entry: Sendable {
    /// The checkpoint's name of the parameter.
    public let parameter: String
    /// Running mean of the gradient (`exp_avg`), of the parameter's shape; nil when not kept.
    public let firstMoment: StoredTensor?
    /// Running mean (Adagrad: sum) of the squared gradient, of the parameter's shape.
    public let secondMoment: StoredTensor
    /// Updates that this parameter has had, where the optimizer counts them for each: one that was frozen at
    /// first has had fewer.
    public var updates: Int?
  }

  /// `adam` (also AdamW, NAdam, RAdam), `rmsprop` or `adagrad`.
  public let kind: String
  /// Decay of the first moment per step; nil when not kept or not the same for all parameters.
  public let beta1: Double?
  /// Decay of the second moment per step; nil when it is a sum, or not the same for all.
  public let beta2: Double?
  /// Steps that the optimizer has made; the largest of its parameters'.
  public let step: Int?
  /// The type in which the second moments are stored.
  public let elementType: ElementType
  /// One per parameter that has moments, in the optimizer's order.
  public let entries: [Entry]
  /// `low_precision_moments`, `uneven_steps`, `mixed_betas`, `amsgrad`.
  public let flags: [String]
}
