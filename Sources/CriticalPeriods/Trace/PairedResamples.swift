/// The draws of the paired bootstrap over a probe's examples: how often each example is in each
/// resample. They depend on the number of examples and the seed only, so that one table serves all
/// checkpoints and layers of a run.
struct PairedResamples: Sendable {
  /// Number of examples, and of each resample.
  let examples: Int
  /// Number of resamples.
  let count: Int
  /// [examples, count], how often example n is in resample r.
  private let multiplicities: [UInt16]

  /// With more examples than this the closed form is as good: what resampling corrects for, the skewness
  /// of a mean, falls with their number.
  static let mostExamples = 2048

  /// Draws the table.
  init(examples: Int, settings: PeriodSettings) {
    self.examples = examples
    count = max(settings.bootstrapResamples, 1)
    var generator = SplitMix64(seed: settings.seed)
    var drawn = [UInt16](repeating: 0, count: examples * count)
    for r in 0..<count {
      for _ in 0..<examples {
        let n = Int(generator.next() % UInt64(examples))
        if drawn[n * count + r] < .max { drawn[n * count + r] += 1 }
      }
    }
    multiplicities = drawn
  }

  /// The table for the contributions of a point; nil where it has none, or too many.
  init?(for point: SeriesPoint, settings: PeriodSettings) {
    let examples = (point.contributions ?? point.layers.first?.contributions)?.count
    guard let examples, 2...Self.mostExamples ~= examples else { return nil }
    self.init(examples: examples, settings: settings)
  }

  /// Percentile interval of Σx/Σy over the resamples; nil when a resample's denominator vanishes.
  ///
  /// - Parameters:
  ///   - x: [examples], the numerator's contributions.
  ///   - y: [examples], the denominator's.
  ///   - level: two-sided, in 0 … 1.
  func interval(of x: [Double], over y: [Double], level: Double) -> ClosedRange<Double>? {
    guard x.count == examples, y.count == examples else { return nil }
    // One example at a time over all resamples: independent sums side by side, which vectorise.
    var numerators = [Double](repeating: 0, count: count)
    var denominators = [Double](repeating: 0, count: count)
    for n in 0..<examples {
      let row = n * count
      for r in 0..<count {
        let times = Double(multiplicities[row + r])
        numerators[r] += times * x[n]
        denominators[r] += times * y[n]
      }
    }
    var ratios: [Double] = []
    ratios.reserveCapacity(count)
    for (numerator, denominator) in zip(numerators, denominators) {
      guard denominator > 0, numerator.isFinite, denominator.isFinite else { return nil }
      ratios.append(numerator / denominator)
    }
    ratios.sort()
    let tail = (1 - level) / 2
    let last = Double(count - 1)
    return ratios[Int((tail * last).rounded(.down))]...ratios[Int(((1 - tail) * last).rounded(.up))]
  }
}
