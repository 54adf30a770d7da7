import Glibc

/// By which clock a run comes to the end of its period: that depends on its optimizer. Gradient descent moves
/// as far as its learning rate lets it; an optimizer that scales each weight's step by that weight's
/// gradients (Adam and the like) soon moves as far as it needs to, whatever the rate and its schedule. All of
/// it is dimensionless and fitted to labelled runs (measurements.md §7, deficit.md).
public struct EndClock: Sendable, Hashable {
  /// How many times its pace a run at a constant rate needs, for as much as a schedule's whole rest.
  public var paceMultiple: Double
  /// Whether what is spent and left of the learning rate counts, or only steps.
  public var countsRates: Bool
  /// A network that takes in what remains by less than this power of the rates spent is deprived of it, or
  /// on a plateau.
  public var leastExponent: Double
  /// The power of its layers by which a deep network's period is longer.
  public var depthExponent: Double
  /// How far runs scatter around the score of the end beyond those of gradient descent.
  public var addedDeviation: Double

  /// Gradient descent, with momentum or without.
  public static let gradientDescent = EndClock(
    paceMultiple: 3, countsRates: true, leastExponent: 0.7, depthExponent: 1, addedDeviation: 0)
  /// Optimizers that scale each weight's step: the period ends 2.6 paces from the start.
  public static let adaptive = EndClock(
    paceMultiple: 1.3, countsRates: false, leastExponent: 0.4, depthExponent: 0,
    addedDeviation: 0.7)
  /// Where neither the optimizer nor a learning rate is known: as many paces from the start as labelled runs of
  /// either kind took in the middle, 3.6, and they scatter widely around it.
  public static let unknown = EndClock(
    paceMultiple: 1.8, countsRates: false, leastExponent: 0.7, depthExponent: 0, addedDeviation: 0.7
  )
}

extension PeriodSettings {
  /// The clock of a run whose optimizer is adaptive or not; nil where nothing tells.
  func clock(isAdaptive: Bool?) -> EndClock {
    switch isAdaptive {
    case true: adaptive
    case false: gradientDescent
    case nil: unknown
    }
  }
}
