// How much an estimate may cost, and what it has got for it (measurements.md §1).
internal import Glibc

/// When to stop adding examples.
public struct EstimationBudget: Sendable, Hashable {
  /// The relative standard error of the total Fisher trace that is enough; nil for all examples.
  public var precision: Double?
  /// Seconds after which no more examples are added; nil for no limit. At least one block is measured.
  public var seconds: Double?

  /// Nothing is limited.
  public init(precision: Double? = nil, seconds: Double? = nil) {
    self.precision = precision
    self.seconds = seconds
  }

  /// Whether anything is limited.
  public var isLimited: Bool { precision != nil || seconds != nil }

  /// Examples below which a standard error is not believed.
  static let fewestExamples = 32

  /// Why an estimate stopped.
  public enum Stop: String, Sendable {
    /// The precision was reached.
    case precision
    /// The time was over.
    case seconds
    /// There were no more examples.
    case batch
  }

  /// Whether to stop after some examples, whose contributions to the total trace are given.
  ///
  /// The precision decides before the time does, and looks at the examples alone: with a precision the
  /// result is the same on every machine.
  func stops(after totals: [Double], elapsed: Double) -> Stop? {
    if let precision, totals.count >= Self.fewestExamples,
      let trace = Uncertain.mean(of: totals).value, let error = trace.relativeError,
      error <= precision
    {
      return .precision
    }
    if let seconds, elapsed >= seconds { return .seconds }
    return nil
  }
}

extension Uncertain {
  /// Standard error by value; nil without either.
  public var relativeError: Double? {
    guard let standardError, value > 0 else { return nil }
    return standardError / value
  }
}
