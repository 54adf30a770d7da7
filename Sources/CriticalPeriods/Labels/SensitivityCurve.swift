// What windows of spoilt data cost in final accuracy, against where they start: the sensitivity curve
// of a deficit experiment (Achille, Rovere and Soatto, ICLR 2019; measurements.md §7).

/// The loss of final accuracy by the place of the deficit, over seeds.
public struct SensitivityCurve: Sendable {
  /// The outcome of one training run.
  public struct Run: Sendable {
    /// The seed of weights and order: runs of one seed differ in the deficit only.
    public var seed: Int
    /// Where the deficit starts, in epochs; unused for a clean run.
    public var place: Double
    /// Final accuracy on clean data.
    public var accuracy: Double

    /// Creates an outcome.
    public init(seed: Int, place: Double = 0, accuracy: Double) {
      self.seed = seed
      self.place = place
      self.accuracy = accuracy
    }
  }

  /// One place on the curve.
  public struct Point: Sendable {
    /// In epochs.
    public var place: Double
    /// Mean loss of accuracy against the clean run.
    public var loss: Double
    /// Its standard error over seeds; nil with one.
    public var standardError: Double?
    /// The mean final accuracy.
    public var accuracy: Double
    /// How many runs it is the mean of.
    public var runs: Int

    /// Creates a point.
    public init(
      place: Double, loss: Double, standardError: Double?, accuracy: Double, runs: Int
    ) {
      self.place = place
      self.loss = loss
      self.standardError = standardError
      self.accuracy = accuracy
      self.runs = runs
    }
  }

  /// By place, ascending.
  public let points: [Point]

  /// Losses by seed, one list per point: what is resampled.
  let losses: [[Int: Double]]

  /// The curve of runs with a deficit against clean runs. A run is compared with the clean run of its
  /// own seed, and with their mean where there is none; nil without a clean run or without others.
  public init?(control: [Run], windows: [Run]) {
    guard !control.isEmpty, !windows.isEmpty else { return nil }
    let clean = Dictionary(grouping: control, by: \.seed).mapValues { mean($0.map(\.accuracy)) }
    let overall = mean(control.map(\.accuracy))
    let places = Dictionary(grouping: windows, by: \.place).sorted { $0.key < $1.key }
    losses = places.map { _, runs in
      Dictionary(grouping: runs, by: \.seed).mapValues { same in
        (clean[same[0].seed] ?? overall) - mean(same.map(\.accuracy))
      }
    }
    points = zip(places, losses).map { place, losses in
      let values = losses.sorted { $0.key < $1.key }.map(\.value)
      return Point(
        place: place.key, loss: mean(values),
        standardError: values.count < 2
          ? nil : (squares(values) / Double(values.count - 1) / Double(values.count)).squareRoot(),
        accuracy: mean(place.value.map(\.accuracy)), runs: place.value.count)
    }
  }

  /// A curve of which only the means are known.
  public init(means: [Point]) {
    points = means.sorted { $0.place < $1.place }
    losses = []
  }

  /// The standard deviation of one run's loss over seeds, pooled over the points; nil when no point
  /// has two seeds.
  public var seedDeviation: Double? {
    let several = losses.map { Array($0.values) }.filter { $0.count > 1 }
    let freedom = several.reduce(0) { $0 + $1.count - 1 }
    guard freedom > 0 else { return nil }
    return (several.reduce(0) { $0 + squares($1) } / Double(freedom)).squareRoot()
  }
}

/// The arithmetic mean; 0 of nothing.
func mean(_ values: [Double]) -> Double {
  values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
}

/// The sum of squared differences from the mean.
private func squares(_ values: [Double]) -> Double {
  let centre = mean(values)
  return values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
}
