// What noise on the weights really does to the loss, beside what the curvature predicts
// (measurements.md §3).

/// The rise of the loss and the drop of the accuracy over draws from Q.
public struct MeasuredRise: Sendable {
  /// E_Q L − L, nats; its standard error is over the pairs of draws.
  public let lossRise: Measured<Uncertain>
  /// Accuracy − E_Q accuracy; its standard error is over the pairs of draws.
  public let accuracyDrop: Measured<Uncertain>
  /// Draws that it is the mean of.
  public let draws: Int

  /// Collects what the draws gave.
  ///
  /// - Parameters:
  ///   - performance: of the weights themselves.
  ///   - pairs: of the two draws of each pair.
  public init(of performance: Performance, pairs: [(plus: Performance, minus: Performance)]) {
    draws = 2 * pairs.count
    lossRise = Self.change(performance, pairs, sign: 1) { $0.loss }
    accuracyDrop = Self.change(performance, pairs, sign: -1) { $0.accuracy }
  }

  private static func change(
    _ performance: Performance, _ pairs: [(plus: Performance, minus: Performance)], sign: Double,
    _ quantity: (Performance) -> Measured<Uncertain>
  ) -> Measured<Uncertain> {
    guard !pairs.isEmpty else { return .absent("no weights were drawn") }
    let before: Double
    switch quantity(performance) {
    case .known(let known): before = known.value
    case .absent(let reason): return .absent(reason)
    }
    var changes: [Double] = []
    for pair in pairs {
      guard let plus = quantity(pair.plus).value, let minus = quantity(pair.minus).value else {
        return .absent("a draw of the weights gave no finite output")
      }
      changes.append(sign * ((plus.value - before) + (minus.value - before)) / 2)
    }
    return Uncertain.mean(of: changes)
  }

  /// Whether the measured rise is beyond a factor of `factor` of the predicted one, by more than two
  /// of its standard errors: the quadratic picture has failed there.
  ///
  /// - Returns: nil when the rise was not measured.
  public func disagrees(with predicted: Double, factor: Double = 2) -> Bool? {
    guard let rise = lossRise.value else { return nil }
    let margin = 2 * (rise.standardError ?? 0)
    return rise.value - margin > factor * predicted || rise.value + margin < predicted / factor
  }
}
