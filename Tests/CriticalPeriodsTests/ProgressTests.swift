import CriticalPeriods
import Foundation
import Testing

/// Ends decided on the task's progress, and what must not pass for progress.
@Suite struct ProgressTests {
  private func ends(_ series: SyntheticSeries) -> Set<PeriodState> {
    Set(judge(series.points, evidence: .probe).trajectory.map(\.state))
  }

  @Test func aTaskTakenInClosesThePeriodWithoutDelay() throws {
    let verdict = judge(SyntheticSeries.learning().points, evidence: .probe)
    let end = try #require(verdict.final?.end)
    // Labelled runs of this pace end between epochs 20 and 40, with rates that decay; at a constant one,
    // with no end of the schedule in sight, the rule is later.
    #expect((640...2048).contains(end.step), "\(end)")
    #expect(Double(end.decidedAtStep) <= 1.25 * Double(end.step))
    #expect(end.interval.contains(end.step))
    #expect(end.probability >= 0.5)
    #expect(end.basis == .progress)
    // The probability goes on rising.
    #expect(try #require(verdict.final?.endProbability) > 0.9)
    #expect(verdict.trajectory.filter { $0.step < 100 }.allSatisfy { $0.endProbability ?? 0 < 0.2 })
  }

  /// Few checkpoints must not make an end look surer: the interval reaches back before the first of them.
  @Test(arguments: [300, 400, 600]) func fewCheckpointsTellNoMore(spacing: Int) throws {
    var series = SyntheticSeries.learning()
    let dense = try #require(judge(series.points, evidence: .probe).final?.end)
    series.steps = Array(stride(from: 0, through: 6_400, by: spacing))
    let sparse = try #require(judge(series.points, evidence: .probe).final?.end)
    func doublings(_ end: End) -> Double {
      log2(Double(end.interval.upperBound) / Double(end.interval.lowerBound))
    }
    #expect(doublings(sparse) > 0.95 * doublings(dense), "\(sparse), \(dense)")
    if sparse.interval.upperBound > 2 * spacing, sparse.step < 2 * spacing {
      #expect(sparse.interval.lowerBound < spacing, "\(sparse)")
    }
  }

  @Test(arguments: [150, 300, 450]) func confidenceAloneIsNoProgress(still: Int) {
    // The function stands still and only its scale grows: the loss of the wrong answers grows too,
    // the error stays, p(1−p) vanishes.
    var series = SyntheticSeries.learning()
    let shrink: (Int) -> Double = { min(1, pow(250 / Double($0 + 1), 2)) }
    series.accuracy = { 1 - 0.9 * SyntheticSeries.part(min($0, still)) }
    series.loss = { 2.3 * SyntheticSeries.part(min($0, still)) * shrink($0) }
    series.confidence = { 0.9 * SyntheticSeries.part(min($0, still)) * shrink($0) }
    series.information = { SyntheticSeries.rise(until: 250, to: 100)($0) * shrink($0) }
    series.shares = { _ in [0.5, 0.3, 0.2] }
    #expect(!ends(series).contains(.closed))
    #expect(judge(series.points, evidence: .probe).final?.reason == .confidence)
  }

  @Test func confidenceWithoutLossAndAccuracyIsNoProgress() {
    var series = SyntheticSeries.learning()
    series.loss = { _ in nil }
    series.accuracy = { _ in nil }
    series.information = { Double($0 + 1) }
    #expect(!ends(series).contains(.closed))
  }

  @Test(arguments: [150, 300, 450]) func weightScaleAloneIsNoProgress(still: Int) {
    var series = SyntheticSeries.learning()
    let norm: (Int) -> Double = { max(1, Double($0 + 1) / 250) }
    series.loss = { 2.3 * SyntheticSeries.part(min($0, still)) }
    series.accuracy = { 1 - 0.9 * SyntheticSeries.part(min($0, still)) }
    series.confidence = { _ in 0.5 }
    series.information = { SyntheticSeries.rise(until: 250, to: 100)($0) / (norm($0) * norm($0)) }
    series.scaleFreeTrace = SyntheticSeries.rise(until: 250, to: 100)
    series.shares = { _ in [0.5, 0.3, 0.2] }
    #expect(!ends(series).contains(.closed))
    #expect(judge(series.points, evidence: .probe).final?.reason == .weightScale)
  }

  /// Nothing is learned after step 150 but what a change of the rate alone brings.
  @Test(arguments: ["step", "steps", "cool-down", "restarts"])
  func theLearningRateAloneIsNoProgress(kind: String) {
    var series = SyntheticSeries.learning()
    let rates: [String: (Int) -> Double] = [
      "step": { $0 < 600 ? 0.1 : 0.01 },
      "steps": { $0 < 400 ? 0.1 : $0 < 800 ? 0.03 : 0.003 },
      "cool-down": { 0.1 * max(0.01, min(1, (2000 - Double($0)) / 600)) },
      "restarts": { $0 % 700 < 350 ? 0.1 : 0.02 },
    ]
    let rate = rates[kind] ?? { _ in 0.1 }
    series.steps = [0] + Array(stride(from: 16, through: 2000, by: 16))
    series.learningRate = rate
    // A lower rate takes noise out of the loss; nothing more.
    let level = SyntheticSeries.part(150)
    series.loss = { 2.3 * min(SyntheticSeries.part($0), level) * (0.7 + 3 * rate(max($0 - 1, 0))) }
    series.accuracy = { 1 - 0.9 * max(SyntheticSeries.part($0), level) }
    #expect(!ends(series).contains(.closed), "\(kind)")
  }

  @Test func theProgressThatComesWithARateStepIsSetAsideAndSaid() throws {
    // Where no epoch is named, only what remains tells how long the run has been.
    var series = SyntheticSeries.learning()
    series.epoch = { _ in nil }
    series.steps = [0] + Array(stride(from: 16, through: 1600, by: 16))
    series.learningRate = { $0 < 800 ? 0.1 : 0.01 }
    series.loss = { $0 == 0 ? 2.3 : $0 < 800 ? 1.2 : 0.0012 }
    series.accuracy = { $0 == 0 ? 0.1 : $0 < 800 ? 0.5 : 0.999 }
    let verdict = judge(series.points, evidence: .probe)
    #expect(verdict.trajectory.first { $0.step == 800 }?.reason == .learningRate)
    #expect(!verdict.trajectory.contains { $0.state == .closed })
  }

  /// Adam moves a weight by the learning rate at every step: its rates are small. Such runs end
  /// at their own pace, and less is known of them.
  @Test func anAdaptiveOptimizerHasItsOwnPaceAndLeavesMoreDoubt() throws {
    func end(rate: Double?, isAdaptive: Bool? = nil) throws -> End {
      var series = SyntheticSeries.learning()
      series.learningRate = { _ in rate }
      let points = series.points.map { point in
        var point = point
        point.isAdaptive = isAdaptive
        return point
      }
      return try #require(judge(points, evidence: .probe).final?.end)
    }
    let width = { (end: End) in
      log2(Double(end.interval.upperBound) / Double(end.interval.lowerBound))
    }
    let plain = try end(rate: 0.05)
    let unknown = try end(rate: nil)
    let settings = PeriodSettings()
    let pace = try #require(
      (1...2000).first { SyntheticSeries.part($0) <= settings.paceRemaining })
    let ended = { (clock: EndClock) in
      Double(pace) * clock.paceMultiple * exp2(settings.endScore)
    }
    for doubtful in [try end(rate: 0.001), try end(rate: 0.05, isAdaptive: true)] {
      #expect(abs(log2(Double(doubtful.step) / ended(settings.adaptive))) < 0.05, "\(doubtful)")
      #expect(width(doubtful) > 1.5 * width(plain), "\(doubtful), \(plain)")
      #expect(doubtful.probability <= plain.probability)
    }
    // Where nothing tells the optimizer, its doubt is as large.
    #expect(abs(log2(Double(unknown.step) / ended(settings.unknown))) < 0.05, "\(unknown)")
    #expect(width(unknown) > 1.5 * width(plain))
    #expect(try end(rate: 0.001, isAdaptive: false) == plain)
  }

  /// A network that takes twice as long for its first part takes longer for all.
  @Test func thePaceStretchesThePeriod() throws {
    let ends = try [0.5, 1, 2].map { stretch in
      var series = SyntheticSeries.learning()
      series.steps = [0] + Array(stride(from: 16, through: 8000, by: 16))
      series.loss = { 2.3 * SyntheticSeries.part(Int(Double($0) / stretch)) }
      series.accuracy = { 1 - 0.9 * SyntheticSeries.part(Int(Double($0) / stretch)) }
      return Double(try #require(judge(series.points, evidence: .probe).final?.end).step)
    }
    for (fast, slow) in zip(ends, ends.dropFirst()) {
      #expect((1.9...2.1).contains(slow / fast), "\(ends)")
    }
  }

  /// The period of a deep network is longer, in proportion to its layers; that of few layers is not shorter,
  /// nor that of very many longer still.
  @Test(arguments: [(2, 1.0), (4, 1.0), (6, 1.5), (8, 2.0), (40, 2.0)])
  func depthStretchesThePeriod(layers: Int, stretch: Double) throws {
    func end(layers: Int, rate: Double) throws -> Double {
      var series = SyntheticSeries.learning()
      series.steps = [0] + Array(stride(from: 8, through: 4000, by: 8))
      series.learningRate = { _ in rate }
      series.shares = { _ in Array(repeating: 1 / Double(layers), count: layers) }
      return Double(try #require(judge(series.points, evidence: .probe).final?.end).step)
    }
    let ratio = try end(layers: layers, rate: 0.05) / end(layers: 3, rate: 0.05)
    #expect(abs(ratio / stretch - 1) < 0.01, "\(ratio)")
    // Of optimizers that scale each weight's step depth tells nothing.
    #expect(try end(layers: layers, rate: 0.001) == end(layers: 3, rate: 0.001))
  }

  /// The schedule of an adaptive optimizer does not move its end.
  @Test func theScheduleOfAnAdaptiveOptimizerDoesNotCount() throws {
    let ends = try [1, 0.997, 0.99].map { decay in
      var series = SyntheticSeries.learning()
      series.learningRate = { 0.001 * pow(decay, Double($0) / 16) }
      return try #require(judge(series.points, evidence: .probe).final?.end).step
    }
    #expect(Set(ends).count == 1, "\(ends)")
  }

  /// Whoever stands still with half of the task before them goes on learning later: the end is named when
  /// the plateau lies behind, and not before.
  @Test func anEndIsNotNamedOnAPlateau() throws {
    let (from, to) = (300, 2400)
    let part = { (step: Int) in
      SyntheticSeries.part(step < from ? step : max(from, step - (to - from)))
    }
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 16, through: 8000, by: 16))
    series.loss = { 2.3 * part($0) }
    series.accuracy = { 1 - 0.9 * part($0) }
    #expect(part(from) > PeriodSettings().plateauRemaining)
    let verdict = judge(series.points, evidence: .probe)
    let end = try #require(verdict.final?.end)
    #expect(end.step > to, "\(end)")
    #expect(end.interval.contains(end.step))
    #expect(verdict.trajectory.filter { $0.step < to }.allSatisfy { $0.end == nil })
  }

  /// What a deficit hides is taken in slowly for ever, and half of the task seems within reach some day.
  @Test(arguments: [(0.3, false), (0.8, true)]) func aDeprivedNetworkStaysOpen(
    exponent: Double, isClosed: Bool
  ) {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 16, through: 4000, by: 16))
    let part = { (step: Int) in
      let time = Double(step) / 200
      return 1 / (1 + 0.4 * pow(time, time < 1 ? 1.6 : exponent))
    }
    series.loss = { 2.3 * part($0) }
    series.accuracy = { 1 - 0.9 * part($0) }
    #expect(part(4000) < 0.51)
    #expect(ends(series).contains(.closed) == isClosed)
  }

  @Test func aFirstEpochNeverCloses() {
    var series = SyntheticSeries.learning()
    series.epoch = { Double($0) / 5000 }
    #expect(ends(series) == [.waiting, .acquiring])
  }

  @Test func aTaskThatIsHardlyTakenInStaysOpen() {
    var series = SyntheticSeries.learning()
    series.information = { Double($0 + 1) }
    series.loss = { 2.3 * max(0.75, SyntheticSeries.part($0)) }
    series.accuracy = { 1 - 0.9 * max(0.75, SyntheticSeries.part($0)) }
    #expect(ends(series) == [.waiting, .acquiring])
  }

  @Test func theFirstCheckpointMayBeMissingWhereTheTargetsEntropyIsKnown() throws {
    var series = SyntheticSeries.learning()
    let whole = try #require(judge(series.points, evidence: .probe).final?.end)
    series.targetEntropy = 2.302_585
    series.steps.removeAll { $0 < 100 }
    let late = try #require(judge(series.points, evidence: .probe).final?.end)
    #expect(abs(log2(Double(late.step) / Double(whole.step))) < 0.1)
  }

  /// What an untrained network would show is then estimated, closely where there is accuracy.
  @Test(arguments: [40, 80, 160, 240])
  func theFirstCheckpointMayBeMissingWhereAccuracyIsKnown(first: Int) throws {
    var series = SyntheticSeries.learning()
    let whole = try #require(judge(series.points, evidence: .probe).final?.end)
    series.steps.removeAll { $0 < first }
    let late = try #require(judge(series.points, evidence: .probe).final?.end)
    #expect(abs(log2(Double(late.step) / Double(whole.step))) < 0.1)
  }

  /// The loss alone tells it roughly, and the end is said with as much more doubt.
  @Test(arguments: [40, 80, 160, 240])
  func theFirstCheckpointMayBeMissingWhereTheLossIsKnown(first: Int) throws {
    var series = SyntheticSeries.learning()
    series.accuracy = { _ in nil }
    let whole = try #require(judge(series.points, evidence: .probe).final?.end)
    series.steps.removeAll { $0 < first }
    let late = try #require(judge(series.points, evidence: .probe).final?.end)
    #expect(abs(log2(Double(late.step) / Double(whole.step))) < 1.1)
    let width = { (end: End) in
      log2(Double(end.interval.upperBound) / Double(end.interval.lowerBound))
    }
    #expect(width(late) > 1.2 * width(whole))
  }

  /// Of two classes a network knows one by chance: its error is small beside its loss, as if there were many.
  @Test(arguments: [40, 80]) func twoClassesAreNotTakenForMany(first: Int) throws {
    var series = SyntheticSeries.learning()
    series.loss = { 0.693 * SyntheticSeries.part($0) }
    series.accuracy = { 1 - 0.5 * pow(SyntheticSeries.part($0), 1.5) }
    let whole = try #require(judge(series.points, evidence: .probe).final?.end)
    series.steps.removeAll { $0 < first }
    let late = try #require(judge(series.points, evidence: .probe).final?.end)
    #expect(abs(log2(Double(late.step) / Double(whole.step))) < 0.6)
  }

  @Test func untilTheStepHasDoubledAMissingStartLeavesAllOpen() throws {
    var series = SyntheticSeries.learning()
    series.steps = Array(stride(from: 2000, through: 6000, by: 250))
    let judged = judge(series.points, evidence: .probe).trajectory
    for one in judged where one.step < 4000 {
      #expect(one.state != .closed, "\(one)")
      #expect(one.endProbability == nil)
    }
    let spoken = try #require(judged.first { $0.step == 3500 })
    #expect(spoken.evidence.contains { $0.text.contains("from step 4000 on") })
    #expect(judged.last?.endProbability != nil)
  }

  @Test func aRunFirstSeenAfterItsEndIsLeftCensored() {
    var series = SyntheticSeries.learning()
    series.targetEntropy = 2.302_585
    series.steps = Array(stride(from: 3000, through: 6000, by: 250))
    let final = judge(series.points, evidence: .probe).final
    #expect(final?.state == .ambiguous)
    #expect(final?.reason == .leftCensored)
  }

  @Test func anEndBetweenDistantCheckpointsIsSparse() {
    var series = SyntheticSeries.learning()
    series.steps = [0, 4, 100, 2000, 2500, 3000]
    let final = judge(series.points, evidence: .probe).final
    #expect(final?.state == .ambiguous)
    #expect(final?.reason == .sparse)
  }

  /// Irregular spacing moves the end by less than the gaps.
  @Test func spacingDoesNotMoveTheEnd() throws {
    let whole = try #require(
      judge(SyntheticSeries.learning().points, evidence: .probe).final?.end)
    for seed in 0..<20 as Range<UInt64> {
      var generator = Congruential(state: seed)
      var series = SyntheticSeries.learning()
      series.steps =
        [0] + (0..<60).map { _ in Int.random(in: 1...3000, using: &generator) }.sorted()
      series.noise = 0.05
      series.seed = seed
      guard let end = judge(series.points, evidence: .probe).final?.end else {
        Issue.record("no end, seed \(seed)")
        continue
      }
      #expect(abs(log2(Double(end.step) / Double(whole.step))) < 0.2, "seed \(seed): \(end)")
    }
  }

  @Test func anotherTaskReopensAndEndsAgainLater() throws {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 32, through: 4000, by: 32))
    let part: (Int) -> Double = { SyntheticSeries.part($0 < 2000 ? $0 : $0 - 2000) }
    series.loss = { $0 == 2000 ? 12 : 2.3 * part($0) }
    series.accuracy = { 1 - 0.9 * part($0) }
    let verdict = judge(series.points, evidence: .probe)
    let states = verdict.trajectory.map(\.state)
    let reopened = try #require(verdict.trajectory.first { $0.state == .reopened })
    #expect((2000...2200).contains(reopened.step))
    #expect(reopened.evidence.contains { $0.name == .reopening && $0.text.contains("knew less") })
    #expect(reopened.end != nil)
    #expect(states.last == .closed)
    let second = try #require(verdict.final?.end)
    #expect(second.step > 2300, "passes count anew: \(second)")
    // Each decision is told, also the second of its kind.
    let told = transitions(from: verdict.trajectory).filter { $0.state != .peaked }
    #expect(told.map(\.state) == [.closed, .reopened, .closed])
    #expect(told.map(\.occurrence) == [1, 1, 2])
  }

  /// A probe that holds another task from the start: half of it stays undone, and nothing more is taken in,
  /// until that task's turn comes.
  @Test func anotherTaskOnAProbeOfBothReopens() throws {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 32, through: 4000, by: 32))
    let part: (Int) -> Double = {
      $0 < 2000
        ? 0.55 + 0.45 * SyntheticSeries.part(4 * $0) : 0.55 * SyntheticSeries.part($0 - 2000)
    }
    series.loss = { 2.3 * part($0) }
    series.accuracy = { 1 - 0.9 * part($0) }
    series.learningRate = { 0.05 * exp(-Double($0 % 2000) / 800) }
    let shares = SyntheticSeries.fluid(until: 3000)
    series.shares = {
      $0 < 300 || $0 > 1990 ? shares($0 > 1990 ? 8 * ($0 - 1980) : $0) : shares(300)
    }
    let said = transitions(from: judge(series.points, evidence: .probe).trajectory)
    let reopened = try #require(said.first)
    #expect(reopened.state == .reopened, "\(said.map(\.state))")
    #expect((2000...2200).contains(reopened.judgement.step))
    #expect(
      reopened.judgement.evidence.contains {
        $0.name == .reopening && $0.text.contains("nothing was taken in")
      })
    let closed = try #require(said.first { $0.state == .closed })
    #expect(closed.judgement.step > 2300)
  }

  /// Deprived of what it would need, a network stands at half of its task; time does not end that.
  @Test(arguments: ["constant", "decaying"]) func deprivationDoesNotClose(rate: String) {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 32, through: 16000, by: 32))
    series.information = { sqrt(Double($0 + 1)) }
    series.loss = { 2.3 * (0.55 + 0.45 * SyntheticSeries.part($0)) }
    series.accuracy = { 1 - 0.9 * (0.55 + 0.45 * SyntheticSeries.part($0)) }
    series.learningRate = { rate == "constant" ? 0.05 : 0.05 * exp(-Double($0) / 3200) }
    #expect(ends(series) == [.waiting, .acquiring])
    let said = judge(series.points, evidence: .probe).final?.evidence.map(\.text) ?? []
    #expect(said.contains { $0.contains("would be left undone") }, "\(said)")
  }

  /// The nearer the schedule's end, the less is left to mend what a deficit spoils.
  @Test func aShorterScheduleEndsSooner() throws {
    let ends = try [.infinity, 3200, 1600, 800].map { decay -> Int in
      var series = SyntheticSeries.learning()
      series.steps = [0] + Array(stride(from: 16, through: 8000, by: 16))
      series.learningRate = { 0.05 * exp(-Double($0) / decay) }
      return try #require(judge(series.points, evidence: .probe).final?.end).step
    }
    #expect(ends == ends.sorted(by: >))
    #expect(2 * ends[3] < ends[0], "\(ends)")
  }

  @Test func passesAreTakenFromTwoCheckpoints() throws {
    // Epochs counted from 1, or named for the epoch that begins, move the end hardly at all.
    let plain = try #require(
      judge(SyntheticSeries.learning().points, evidence: .probe).final?.end)
    for offset in [1.0, -0.0, 7] {
      var series = SyntheticSeries.learning()
      series.epoch = { Double($0) / 32 + offset }
      let end = try #require(judge(series.points, evidence: .probe).final?.end)
      #expect(end == plain, "\(offset)")
    }
  }

  @Test func withoutEpochsTheEndIsLessSure() throws {
    var series = SyntheticSeries.learning()
    let known = try #require(judge(series.points, evidence: .probe).final?.end)
    series.epoch = { _ in nil }
    let unknown = try #require(judge(series.points, evidence: .probe).final?.end)
    #expect(abs(log2(Double(unknown.step) / Double(known.step))) < 1)
    let width = { (end: End) in
      log2(Double(end.interval.upperBound) / Double(end.interval.lowerBound))
    }
    #expect(width(unknown) > width(known))
  }

  /// The loss of a language model falls as far within its first epoch, and that is no end.
  @Test(arguments: [EvidenceKind.optimizer, .weights])
  func aLoggedLossWithoutEpochOrAccuracyDoesNotTell(evidence: EvidenceKind) throws {
    var series = SyntheticSeries.learning()
    series.epoch = { _ in nil }
    series.accuracy = { _ in nil }
    let silent = judge(series.points, evidence: evidence)
    #expect(!silent.trajectory.contains { $0.state == .closed })
    let said = silent.final?.evidence.map(\.text) ?? []
    #expect(said.contains { $0.contains("no accuracy, and no epoch that goes up") }, "\(said)")
    series.epoch = { Double($0) / 32 }
    #expect(judge(series.points, evidence: evidence).final?.state == .closed)
  }

  @Test func layersAreFixedOneByOne() throws {
    var series = SyntheticSeries.learning()
    series.shares = { step in
      // The first layer holds from step 128 on, the others trade until 1024.
      let still = SyntheticSeries.fluid(until: 128)(min(step, 128))[0] * 0.3
      let rest = 1 - still
      let moving = SyntheticSeries.fluid(until: 1024)(step)[0]
      return [still, rest * moving, rest * (1 - moving)]
    }
    let verdict = judge(series.points, evidence: .probe)
    let fixed = verdict.layers.compactMap { layer in
      layer.trajectory.first { $0.state == .closed }.map { (layer.name, $0.step) }
    }
    let first = try #require(fixed.min { $0.1 < $1.1 })
    #expect(first.0 == "l0", "\(fixed)")
  }

  /// A trained network goes on with noisier data: it never shows a rise, whatever else it shows.
  @Test(arguments: [0.3, 1.0, 6.0]) func fineTuningIsLeftCensored(firstLoss: Double) {
    var series = SyntheticSeries.learning()
    series.targetEntropy = 2.302_585
    series.information = { 800 / (1 + Double($0) / 2000) }
    series.loss = { $0 == 0 ? firstLoss : 0.5 * SyntheticSeries.part($0) }
    series.accuracy = { 1 - 0.4 * SyntheticSeries.part($0) }
    let verdict = judge(series.points, evidence: .probe)
    #expect(!ends(series).contains(.closed))
    #expect(verdict.final?.state == .ambiguous)
    #expect(verdict.final?.reason == .leftCensored)
    #expect(transitions(from: verdict.trajectory).isEmpty)
  }

  /// A probe that is not trained on: the loss rises with the confidence of wrong answers.
  @Test func overfittingIsNoLossOfKnowledge() throws {
    var series = SyntheticSeries.learning()
    series.steps = [0] + Array(stride(from: 32, through: 4000, by: 32))
    let part = { max(0.35, SyntheticSeries.part($0)) }
    series.accuracy = { 1 - 0.9 * part($0) }
    series.loss = { 2.3 * part($0) * max(1, Double($0) / 900) }
    let states = judge(series.points, evidence: .probe).trajectory.map(\.state)
    #expect(states.contains(.closed))
    #expect(!states.contains(.reopened))
  }
}
