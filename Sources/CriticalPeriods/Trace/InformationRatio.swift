import Glibc

/// A later information over an earlier one, with the interval that sampling of the probe leaves.
struct InformationRatio: Sendable {
  /// Where the interval comes from.
  enum Basis: String, Sendable {
    /// Resampled examples, the same ones at both checkpoints.
    case pairedBootstrap = "paired bootstrap over the probe's examples"
    /// The same pairing in closed form, where resampling could not change the answer.
    case pairedErrors = "paired standard errors over the probe's examples"
    /// Two standard errors taken as independent: wider than need be.
    case standardErrors = "standard errors"
    /// Nothing but the checkpoint-to-checkpoint noise of the series itself.
    case seriesNoise = "noise of the series itself"
  }

  let value: Double
  let interval: ClosedRange<Double>
  let basis: Basis

  /// The ratio of `later` to `earlier`, or nil when either has no information.
  ///
  /// - Parameters:
  ///   - logNoise: checkpoint-to-checkpoint noise of ln I, used when there is nothing else.
  ///   - resamples: the draws of the bootstrap, where they are kept.
  init?(
    _ later: Observation, over earlier: Observation, logNoise: Double, settings: PeriodSettings,
    resamples: PairedResamples? = nil
  ) {
    guard let a = later.information, let b = earlier.information else { return nil }
    value = a / b
    let tail = (1 - settings.confidenceLevel) / 2
    if let x = later.contributions, let y = earlier.contributions, x.count == y.count,
      let deviation = pairedDeviation(x, over: y)
    {
      // A bootstrap costs N × resamples per checkpoint and layer: it is kept for the ratios that it
      // decides on, neither above the level of a fall nor far below.
      let standing = 1 - settings.minimumFall
      if value < standing, value + 6 * deviation >= standing,
        x.count <= PairedResamples.mostExamples,
        let found = draws(of: x.count, kept: resamples, settings)
          .interval(of: x, over: y, level: settings.confidenceLevel)
      {
        interval = found
        basis = .pairedBootstrap
      } else {
        let reach = deviation * normalQuantile(1 - tail)
        interval = max(value - reach, 0)...value + reach
        basis = .pairedErrors
      }
    } else if let sa = later.standardError, let sb = earlier.standardError {
      // Delta method on the logarithm.
      let deviation = hypot(sa / a, sb / b) * normalQuantile(1 - tail)
      guard let found = spread(value, byLog: deviation) else { return nil }
      interval = found
      basis = .standardErrors
    } else {
      let deviation = sqrt(2) * logNoise * normalQuantile(1 - tail)
      guard let found = spread(value, byLog: deviation) else { return nil }
      interval = found
      basis = .seriesNoise
    }
  }
}

/// value·e^±deviation, or nil where that leaves the finite numbers.
private func spread(_ value: Double, byLog deviation: Double) -> ClosedRange<Double>? {
  let low = value * exp(-deviation)
  let high = value * exp(deviation)
  return low.isFinite && high.isFinite && low <= high ? low...high : nil
}

/// Standard error of Σx/Σy when examples are drawn in pairs (delta method); nil when it has none.
private func pairedDeviation(_ x: [Double], over y: [Double]) -> Double? {
  let n = Double(x.count)
  let whole = y.reduce(0, +)
  guard n > 1, whole > 0 else { return nil }
  let ratio = x.reduce(0, +) / whole
  var squares = 0.0
  for (a, b) in zip(x, y) {
    let residual = a - ratio * b
    squares += residual * residual
  }
  let deviation = sqrt(squares * n / (n - 1)) / whole
  return deviation.isFinite && ratio.isFinite ? deviation : nil
}

/// The kept draws, or new ones where the probe has another size.
private func draws(
  of examples: Int, kept: PairedResamples?, _ settings: PeriodSettings
) -> PairedResamples {
  if let kept, kept.examples == examples { return kept }
  return PairedResamples(examples: examples, settings: settings)
}
