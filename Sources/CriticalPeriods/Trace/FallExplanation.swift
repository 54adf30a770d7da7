/// What explains a fall of the trace other than the end of the period (measurements.md §2).
enum FallExplanation: Sendable, Hashable {
  /// Corrected for growing confidence there is no fall.
  case confidence
  /// Corrected for growing weights there is no fall.
  case weightScale
  /// Corrected for what is known there is still a fall.
  case none
  /// Neither confidence nor the Jacobian trace is known at both checkpoints.
  case untestable

  /// Compares the newest checkpoint with the one at the maximum.
  ///
  /// The Fisher trace of a softmax is about p(1−p) times the Jacobian trace. A fall that the
  /// Jacobian trace does not share, or that the trace over Σp(1−p) does not share, is confidence.
  static func of(
    fallTo now: Observation, from top: Observation, settings: PeriodSettings
  ) -> (explanation: FallExplanation, text: String) {
    guard let a = now.information, let b = top.information else {
      return (.untestable, "no information to compare")
    }
    let standing = 1 - settings.minimumFall
    var known: [String] = []
    if let jacobian = quotient(now.jacobianTrace, top.jacobianTrace) {
      known.append("the Jacobian trace is \(brief(jacobian)) of its value at the maximum")
      if jacobian >= standing { return (.confidence, known.joined(separator: ", ")) }
    }
    if let tempered = temperedQuotient(now, top) {
      known.append("the trace at the maximum's entropy is \(brief(tempered)) of its value there")
      if tempered >= standing { return (.confidence, known.joined(separator: ", ")) }
    }
    if let confidence = quotient(now.confidence, top.confidence) {
      let corrected = a / b / confidence
      known.append("the trace over Σp(1−p) is \(brief(corrected)) of its value at the maximum")
      if corrected >= standing { return (.confidence, known.joined(separator: ", ")) }
    }
    let testable = !known.isEmpty
    if let free = quotient(now.scaleFreeTrace, top.scaleFreeTrace) {
      known.append("the scale-free trace is \(brief(free)) of its value at the maximum")
      if free >= standing { return (.weightScale, known.joined(separator: ", ")) }
    } else if let norm = quotient(now.weightNorm, top.weightNorm) {
      let corrected = a / b * norm * norm
      known.append("the trace times ‖w‖² is \(brief(corrected)) of its value at the maximum")
      if corrected >= standing { return (.weightScale, known.joined(separator: ", ")) }
    }
    if !testable {
      known.append("confidence was not measured at both checkpoints")
      return (.untestable, known.joined(separator: ", "))
    }
    return (.none, known.joined(separator: ", "))
  }
}

/// The tempered trace over that at the maximum, where both were measured at one entropy: the
/// maximum's own, at which its trace is the tempered one, or one reference for both.
private func temperedQuotient(_ now: Observation, _ top: Observation) -> Double? {
  guard let reference = now.referenceEntropy else { return nil }
  if let own = top.entropy, abs(own - reference) <= 0.01 * reference {
    return quotient(now.temperedTrace, top.information)
  }
  guard top.referenceEntropy == reference else { return nil }
  return quotient(now.temperedTrace, top.temperedTrace)
}

private func quotient(_ a: Double?, _ b: Double?) -> Double? {
  guard let a, let b, b > 0 else { return nil }
  return a / b
}
