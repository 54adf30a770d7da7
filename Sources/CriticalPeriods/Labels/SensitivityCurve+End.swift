// The label: where a sensitivity curve last falls below a quarter of its maximum, with a bootstrap
// interval over seeds. A seed is the unit: its clean run and all its windows share weights and order.

extension SensitivityCurve {
  /// The part of the largest loss below which the period has ended.
  public static let endFraction = 0.25

  /// How many standard errors the largest loss must stand above nothing. The largest of a dozen means
  /// of pure noise is about 1.7 of them, and above 3 once in sixty.
  static let leastSignificance = 3.0

  /// The end of the period.
  public struct End: Sendable, Equatable {
    /// In epochs.
    public var place: Double
    /// Central 90 % of the resamples that have an end; nil when there are too few seeds.
    public var interval: ClosedRange<Double>?
    /// The part of the resamples in which the curve does not fall below the fraction.
    public var undetermined: Double
  }

  /// The end, or why there is none.
  public enum Label: Sendable, Equatable {
    /// The curve falls below the fraction for good.
    case end(End)
    /// There is none, and why: `few-windows`, `few-seeds`, `no-sensitivity` or `still-sensitive`.
    case none(code: String, reason: String)
  }

  /// The label of the curve.
  public func label(resamples: Int = 2000, seed: UInt64 = 0) -> Label {
    guard points.count > 1 else {
      return .none(
        code: "few-windows", reason: "a curve needs windows that start at two places at least")
    }
    let largest = points.max { $0.loss < $1.loss } ?? points[0]
    if let deviation = seedDeviation {
      let error = deviation / Double(max(largest.runs, 1)).squareRoot()
      guard largest.loss >= Self.leastSignificance * error else {
        return .none(
          code: "no-sensitivity",
          reason:
            "the largest loss of accuracy, \(brief(largest.loss)), is less than three standard errors "
            + "of \(brief(error)): no window leaves a lasting mark that can be measured")
      }
    }
    let places = points.map(\.place)
    switch LastFall.of(places: places, values: points.map(\.loss), fraction: Self.endFraction) {
    case .nothing:
      return .none(
        code: "no-sensitivity", reason: "no window lowers the final accuracy")
    case .stillAbove:
      return .none(
        code: "still-sensitive",
        reason:
          "the last window still costs a quarter of the largest loss or more; add later windows")
    case .at where !losses.isEmpty && seedDeviation == nil:
      return .none(
        code: "few-seeds",
        reason: "there is one run at each place, so that what a window costs cannot be told from "
          + "chance; train the same windows with more seeds")
    case .at(let place):
      let (interval, undetermined) = interval(resamples: resamples, seed: seed)
      return .end(End(place: place, interval: interval, undetermined: undetermined))
    }
  }

  // Seeds are drawn with replacement, the same ones for all places.
  private func interval(resamples: Int, seed: UInt64) -> (ClosedRange<Double>?, Double) {
    let seeds = Set(losses.flatMap(\.keys)).sorted()
    guard seeds.count > 1, resamples > 0 else { return (nil, 0) }
    var generator = SplitMix64(seed: seed)
    var ends: [Double] = []
    for _ in 0..<resamples {
      let drawn = seeds.map { _ in seeds[Int.random(in: 0..<seeds.count, using: &generator)] }
      var places: [Double] = []
      var values: [Double] = []
      for (point, losses) in zip(points, losses) {
        let found = drawn.compactMap { losses[$0] }
        if found.isEmpty { continue }
        places.append(point.place)
        values.append(mean(found))
      }
      if case .at(let place) = LastFall.of(
        places: places, values: values, fraction: Self.endFraction)
      {
        ends.append(place)
      }
    }
    let undetermined = 1 - Double(ends.count) / Double(resamples)
    guard !ends.isEmpty else { return (nil, undetermined) }
    ends.sort()
    return (quantile(ends, 0.05)...quantile(ends, 0.95), undetermined)
  }
}

/// Linear interpolation between order statistics; `sorted` is not empty.
private func quantile(_ sorted: [Double], _ level: Double) -> Double {
  let position = level * Double(sorted.count - 1)
  let below = Int(position)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}
