// An optimizer's running second moment (measurements.md §4): it is linear, so that sums over a layer are
// all that has to be kept between checkpoints.

/// Squared gradients gathered over updates, summed over a layer, at one step.
public struct SecondMoment: Sendable, Hashable {
  /// How an optimizer gathers squared gradients.
  public enum Gathering: Sendable, Hashable {
    /// Adam's and RMSprop's running mean: v ← β2 v + (1 − β2) g², from 0.
    case mean(beta2: Double)
    /// Adagrad's sum: v ← v + g², from a value at every element; nil where nobody knows it.
    case sum(from: Double?)
  }

  /// How it came about.
  public let gathering: Gathering
  /// Updates made so far.
  public let step: Int
  /// Σ v over the layer's elements, as stored: without any correction.
  public let sum: Double
  /// Elements summed over.
  public let elements: Int
  /// Whether v was stored in 16 bits.
  public let lowPrecision: Bool

  /// Creates a layer's moment.
  public init(
    _ gathering: Gathering, step: Int, sum: Double, elements: Int, lowPrecision: Bool
  ) {
    self.gathering = gathering
    self.step = step
    self.sum = sum
    self.elements = elements
    self.lowPrecision = lowPrecision
  }
}
