import CriticalPeriods
import Testing

@Suite struct EndDetectorTests {
  private func series(_ information: [Double]) -> [SeriesPoint] {
    information.enumerated().map { SeriesPoint(step: 10 * $0, information: $1) }
  }

  @Test func argmaxWaitsItsPatience() {
    let detector = ArgmaxDetector(patience: 3)
    #expect(
      detector.end(of: series([1, 5, 4, 6, 5, 5, 4, 3]))
        == DetectedEnd(step: 30, decidedAtStep: 60))
    #expect(detector.end(of: series([1, 5, 4, 6, 5, 5])) == nil)
  }

  @Test func accordionEndsWithTheFirstQuietWindow() {
    // Norms 1, 2, 4, 5, 9: changes of 100 %, 100 %, 25 %.
    #expect(
      AccordionDetector().end(of: series([1, 4, 16, 25, 81]))
        == DetectedEnd(step: 20, decidedAtStep: 30))
    #expect(AccordionDetector().end(of: series([1, 1, 1])) == nil)
    #expect(AccordionDetector(window: 0).end(of: series([1, 4, 16, 25])) == nil)
  }

  @Test func oursSaysWhatTheVerdictSays() throws {
    let points = try RecordedSeries.named("mlp-exp")
    let end = judge(points, evidence: .probe).final?.end
    let detected = PeriodDetector().end(of: points)
    #expect(detected?.step == end?.step)
    #expect(detected?.decidedAtStep == end?.decidedAtStep)
    #expect(detected != nil)
  }

  @Test(arguments: endDetectors.indices)
  func decisionsAreOnline(index: Int) throws {
    let detector = endDetectors[index]
    let points = try RecordedSeries.named("digits-resnet")
    let whole = detector.end(of: points)
    for count in points.indices {
      let early = detector.end(of: Array(points.prefix(count)))
      let known = points.prefix(count).contains { $0.step == whole?.decidedAtStep }
      #expect(early == (known ? whole : nil), "\(detector.name), \(count) points")
    }
  }

  @Test func namesAreDistinct() {
    #expect(Set(endDetectors.map(\.name)).count == endDetectors.count)
  }
}
