import Glibc

/// How much of the task a network has still to take in, by what its predictions show.
///
/// The remaining part is the loss over the loss of a network that knows nothing, or the error over its
/// error, whichever is larger. Confidence is left out on purpose: it can grow alone, by scale, while
/// nothing is learned (measurements.md §2), and then the error stays where it was. Nor does a loss count
/// that rises while the error does not: that is confidence too, in answers that were wrong before.
struct RemainingTask: Sendable {
  /// log2 of the remaining part, in −10 … 0.
  let log2Part: Double
  /// Which measure it is: `loss` or `error`.
  let measure: String

  /// The part, in 0 … 1.
  var part: Double { exp2(log2Part) }
}
