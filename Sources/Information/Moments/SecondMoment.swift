// An optimizer's running second moment (measurements.md §4): it is linear, so that sums over a layer are
// all that has to be kept between checkpoints.

/// An exponential running mean of squared gradients, summed over a layer, at one step.
public struct SecondMoment: Sendable, Hashable {
  /// Updates made so far.
  public let step: Int
  /// Σ v over the layer's elements, as stored: without bias correction.
  public let sum: Double
  /// Elements summed over.
  public let elements: Int
  /// Whether v was stored in 16 bits.
  public let lowPrecision: Bool

  /// Creates a layer's moment.
  public init(step: Int, sum: Double, elements: Int, lowPrecision: Bool) {
    self.step = step
    self.sum = sum
    self.elements = elements
    self.lowPrecision = lowPrecision
  }
}
