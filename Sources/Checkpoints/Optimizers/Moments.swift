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
    /// The decays of this parameter's own moments, where they are not the same for all; nil otherwise.
    public var ownBetas: Betas?
  }

  /// Decays per step of a first and a second moment; nil when that is not kept, a sum, or not told.
  public struct Betas: Sendable, Hashable {
    /// Of the first moment.
    public var first: Double?
    /// Of the second.
    public var second: Double?

    /// States decays.
    public init(first: Double? = nil, second: Double? = nil) {
      (self.first, self.second) = (first, second)
    }
  }

  /// `adam` (also AdamW, NAdam, RAdam), `rmsprop` or `adagrad`.
  public let kind: String
  /// Decay of the first moment per step; nil when not kept or not the same for all parameters.
  public var beta1: Double?
  /// Decay of the second moment per step; nil when it is a sum, or not the same for all.
  public var beta2: Double?
  /// What every element of a sum began at; nil when it is not told, or there is none.
  public var initialSum: Double?
  /// Steps that the optimizer has made; the largest of its parameters'.
  public let step: Int?
  /// The type in which the second moments are stored.
  public let elementType: ElementType
  /// One per parameter that has moments, in the optimizer's order.
  public let entries: [Entry]
  /// `low_precision_moments`, `uneven_steps`, `mixed_betas`, `amsgrad`.
  public var flags: [String]
}

extension Moments {
  /// Whether squared gradients are summed over all updates, as Adagrad does, and not averaged.
  public var isSum: Bool { kind == "adagrad" }

  /// Whether the decays are the same for all parameters and yet unknown: the file does not tell them.
  public var lacksDecay: Bool {
    !isSum && beta2 == nil && !flags.contains("mixed_betas")
  }

  /// The decays of a parameter's moments.
  public func betas(of entry: Entry) -> Betas {
    entry.ownBetas ?? Betas(first: beta1, second: beta2)
  }
}
