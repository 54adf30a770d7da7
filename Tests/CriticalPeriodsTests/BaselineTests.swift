import CriticalPeriods
import Testing

/// Each baseline on a series made for it.
@Suite struct BaselineTests {
  private func series(_ information: [Double], step: (Int) -> Int = { 10 * ($0 + 1) })
    -> [SeriesPoint]
  {
    information.enumerated().map { SeriesPoint(step: step($0), information: $1) }
  }

  @Test func layerRotationEndsWhenTheSlopeFallsBelowFortyFiveDegrees() {
    // Slope 2 over the scaled run, then 0.
    let points = (0...20).map { n in
      SeriesPoint(step: n, rotation: min(2 * Double(n) / 20, 0.5))
    }
    // The window of steps 4…8 holds 0.4, 0.5, 0.5, 0.5, 0.5: slope 0.4; that of 3…7 has 1.0.
    #expect(
      LayerRotationDetector().end(of: points) == DetectedEnd(step: 8, decidedAtStep: 8))
    #expect(LayerRotationDetector().end(of: series([1, 2, 3])) == nil)
  }

  @Test func federatedNormEndsWhenTheWindowedNormGrowsNoMore() {
    // Means of a window of two of the norms 1 2 3 3 3: 1, 1.5, 2.5, 3, 3.
    let end = FederatedNormDetector(window: 2).end(of: series([1, 4, 9, 9, 9]))
    #expect(end == DetectedEnd(step: 50, decidedAtStep: 50))
    #expect(FederatedNormDetector().end(of: series([1, 4, 9, 16])) == nil)
    #expect(FederatedNormDetector(window: 0).end(of: series([1, 4, 9, 16])) == nil)
  }

  /// Rises as step^2 up to the tenth doubling and then falls.
  private var bent: [SeriesPoint] {
    (0..<30).map { n in
      let wobble = 1 + 0.01 * Double((n * 7) % 5)
      let level = n <= 10 ? Double(n) * 2 : 20 - Double(n - 10) * 3
      return SeriesPoint(step: 1 << n, information: wobble * pow2(level))
    }
  }

  private func pow2(_ x: Double) -> Double {
    var value = 1.0
    for _ in 0..<Int(abs(x)) { value *= x < 0 ? 0.5 : 2 }
    return value
  }

  @Test func statisticsFindTheBend() {
    for detector in [OutlierDetector(), CumulativeSumDetector(), ChangePointDetector()]
      as [any EndDetector]
    {
      let end = detector.end(of: bent)
      #expect(
        end.map { (1 << 9...1 << 10).contains($0.step) } == true,
        "\(detector.name): \(String(describing: end))")
      #expect(end.map { $0.decidedAtStep > 1 << 10 } == true, "\(detector.name)")
    }
  }

  @Test func pageHinkleyNeedsItsThirtyValues() {
    let level = Array(repeating: 0.0, count: 40)
    #expect(PageHinkleyDetector().end(of: series(level)) == nil)
    let jump = level + Array(repeating: 40.0, count: 5)
    // The mean lags behind: 39 after one value of 40, 38 after the next.
    #expect(PageHinkleyDetector().end(of: series(jump))?.decidedAtStep == 420)
    #expect(PageHinkleyDetector().end(of: series([0, 0, 0, 900])) == nil)
  }

  @Test(arguments: endDetectors.indices)
  func nothingTrapsOnWildValues(index: Int) {
    let wild: [Double] = [
      .nan, .infinity, -1, 0, .greatestFiniteMagnitude, 1e-300, 5, 5, 5, 5, 5, 5,
    ]
    let points = wild.enumerated().map { n, value in
      SeriesPoint(
        step: n % 3 == 0 ? n : Int.max - 100 + n, information: value, loss: value, accuracy: value,
        epoch: value, rotation: value, learningRate: value)
    }
    _ = endDetectors[index].end(of: points.sorted { $0.step < $1.step })
    _ = endDetectors[index].end(of: [])
  }
}
