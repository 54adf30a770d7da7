// The temperature at which a network is as sure of itself as another was (measurements.md §2).
internal import Glibc

/// softmax(z/τ) with τ chosen by its mean entropy over the probe.
enum Tempering {
  /// The τ at which a mean entropy is a given one: regula falsi on ln τ (the Illinois variant), from a
  /// bracket that grows from τ = 1, as the entropy rises with τ.
  ///
  /// - Parameters:
  ///   - target: the entropy that is wanted, nats.
  ///   - entropy: the mean entropy at a temperature, nats.
  /// - Returns: absent when no temperature between e⁻⁴⁰ and e⁴⁰ gives it, or an entropy is not finite.
  static func temperature(
    entropy target: Double, _ entropy: (_ temperature: Double) -> Double
  ) -> Measured<Double> {
    func excess(_ logarithm: Double) -> Double { entropy(exp(logarithm)) - target }
    let tolerance = 1e-7 * target
    guard target > 0, target.isFinite else { return .absent("the reference's entropy is zero") }
    var (near, nearExcess) = (0.0, excess(0))
    guard nearExcess.isFinite else { return .absent("a logit is not finite") }
    if abs(nearExcess) <= tolerance { return .known(1) }
    var step = nearExcess > 0 ? -0.5 : 0.5
    var (far, farExcess) = (near, nearExcess)
    while nearExcess * farExcess > 0 {
      (near, nearExcess) = (far, farExcess)
      far += step
      step *= 2
      farExcess = excess(far)
      guard abs(far) <= 64, farExcess.isFinite else {
        return .absent("no temperature gives the reference's entropy, \(target / M_LN2) bits")
      }
    }
    for _ in 0..<100 {
      let middle = far - farExcess * (far - near) / (farExcess - nearExcess)
      let middleExcess = excess(middle)
      guard middleExcess.isFinite else { break }
      if abs(middleExcess) <= tolerance { return .known(exp(middle)) }
      if middleExcess * farExcess < 0 {
        (near, nearExcess) = (far, farExcess)
      } else {
        nearExcess /= 2
      }
      (far, farExcess) = (middle, middleExcess)
    }
    return .absent("no temperature gives the reference's entropy, \(target / M_LN2) bits")
  }
}
