import CriticalPeriods
import Foundation
import Pipeline
import Reports
import TestSupport
import Testing

@testable import Monitor

/// Builds rows of a series as workers leave them.
struct Row {
  var step: Int?
  var digest: String
  var traces: [Double]
  var weights: [Float] = [1, 2]
  var secondMoment: [Double]?
  var probe: String? = "probe"
  /// What stands in front of the names of all modules.
  var wrapper = ""
  /// What the trainer wrote beside the weights.
  var metrics: [String: Quantity] = [:]

  /// Twelve examples that differ a little, so that a bootstrap has something to resample.
  func made() throws -> SeriesRow {
    try #require(SeriesRow(report, reportName: "step-\(digest).yaml"))
  }

  /// What the worker says.
  var report: CheckpointReport {
    var report = CheckpointReport(
      run: "r",
      checkpoint: CheckpointIdentity(
        path: "/runs/r/\(digest).pt", format: "pytorch-zip", bytes: 1, digest: digest, step: step,
        stepSource: nil, epoch: nil, learningRate: nil, parameters: 4, stateDict: "",
        written: Moment(unixSeconds: 0), metrics: metrics),
      evidence: ["weights"], took: CostReport(seconds: 0, peakMemoryBytes: 0))
    let total = traces.reduce(0, +)
    report.layers = traces.indices.map { layer in
      var made = LayerReport(name: "\(wrapper)layer\(layer)", kind: nil, parameters: 2, tensors: [])
      if probe != nil { made.fisherTrace = .estimate(traces[layer], standardError: 0.01) }
      return made
    }
    if let probe {
      report.probe = ProbeIdentity(
        name: probe, digest: probe, examples: 12, labels: "exact", draws: nil,
        sampling: nil, seed: 0)
      report.information = NetworkInformation(
        fisherTrace: .estimate(total, standardError: 0.01), empiricalFisherTrace: .exact(0),
        confidence: .exact(0.5), jacobianTrace: .exact(total), scaleFreeTrace: .exact(total),
        toleranceNats: 0.01)
    }
    report.kept = KeptEvidence(
      fisherPerExample: probe == nil
        ? nil
        : PackedFloats(
          traces.flatMap { trace in
            (0..<12).map { Float(trace * (1 + 0.02 * Double($0 % 5 - 2))) }
          }),
      examples: probe == nil ? nil : 12,
      moments: secondMoment.map {
        KeptMoments(
          beta2: 0.999, updates: step ?? 1, lowPrecision: false, sums: $0.map { $0 },
          elements: $0.map { _ in 2 })
      },
      projections: traces.indices.map {
        KeptProjection(
          name: "\(wrapper)layer\($0).weight", layer: $0, count: 2,
          square: Double(weights[0] * weights[0] + weights[1] * weights[1]),
          values: PackedFloats(weights))
      })
    return report
  }
}

/// A rise, a peak, a fall in which one layer after the other gives way.
func course(_ count: Int = 14) throws -> [SeriesRow] {
  try (0..<count).map { position in
    let time = Double(position) - 4
    let size = 1000 * (time < 0 ? 1 + time / 6 : 1 / (1 + time / 3))
    return try Row(
      step: 10 << position, digest: "d\(position)", traces: [size * 0.7, size * 0.3],
      weights: [1 + Float(position), 2]
    ).made()
  }
}

@Suite struct TimelineTests {
  /// torch.compile and data parallelism may come and go in the life of a run.
  @Test(arguments: ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
  func wrappersDoNotMakeAnotherNetwork(wrapper: String) throws {
    var cache = ComparisonCache()
    let plain = try course()
    let mixed = try plain.enumerated().map { position, row in
      guard position % 2 == 1 else { return row }
      return try Row(
        step: row.step, digest: row.digest,
        traces: row.layers.map { $0.fisherTrace?.value ?? 0 },
        weights: row.kept.projections[0].values.values, wrapper: wrapper
      ).made()
    }
    let expected = Timeline(plain, cache: &cache)
    let timeline = Timeline(mixed, cache: &cache)
    #expect(timeline.verdict == expected.verdict)
    #expect(timeline.verdict.layers.map(\.name) == ["layer0", "layer1"])
    #expect(
      timeline.entries.map(\.movement?.total.squaredDistance)
        == expected.entries.map(\.movement?.total.squaredDistance))
    let report = timeline.report(run: "r", aliases: [:], rejected: [], missed: 0)
    #expect(report.layers.map(\.name) == ["layer0", "layer1"])
  }

  /// Bare weights under the epoch's number, beside checkpoints that know their step, in whatever order they come.
  @Test(arguments: [(6, 6, 6), (6, 2, 6), (1, 6, 6), (2, 6, 2), (4, 0, 4), (0, 4, 4)])
  func stepsAndEpochsAreNotMixed(withSteps: Int, withEpochs: Int, judged: Int) throws {
    var rows: [SeriesRow] = []
    for epoch in 0..<max(withSteps, withEpochs) {
      if epoch < withSteps {
        rows.append(
          try Row(step: 50 * (epoch + 1), digest: "s\(epoch)", traces: [3, 1]).made())
        rows[rows.count - 1].stepSource = "global_step"
      }
      if epoch < withEpochs {
        rows.append(try Row(step: epoch + 1, digest: "e\(epoch)", traces: [3, 1]).made())
        rows[rows.count - 1].stepSource = "file name (epoch)"
      }
    }
    var cache = ComparisonCache()
    let timeline = Timeline(rows, cache: &cache)
    #expect(timeline.entries.count == judged)
    #expect(Set(timeline.entries.map { StepTrust($0.row) }).count == 1)
    let report = timeline.report(run: "r", aliases: [:], rejected: [], missed: 0)
    #expect(report.trajectory.count == rows.count)
    let isMixed = withSteps > 0 && withEpochs > 0
    #expect(report.findings.contains { $0.code == "other-step-unit" } == isMixed)
    // One at a time, made anew where that is asked for: the same.
    var grown = Timeline([], cache: &cache)
    for (count, row) in rows.enumerated() where !grown.append(row, cache: &cache) {
      grown = Timeline(Array(rows[...count]), cache: &cache)
    }
    #expect(
      try grown.report(run: "r", aliases: [:], rejected: [], missed: 0).yaml() == report.yaml())
  }

  /// A probe of shuffled targets, or of inputs that were not scaled as the training's.
  @Test(arguments: [
    ([0.2, 0.2], [11.7, 11.0], true), ([0.2, 0.2], [2.0, 2.1], false),
    ([2.2, 2.2], [11.7, 11], false),
    ([0.2, 0.2], [2.1, 11.7], false),
  ])
  func aProbeThatTrainingContradictsIsNamed(logged: [Double], onProbe: [Double], isNamed: Bool)
    throws
  {
    var rows = try Array(course(4))
    for (offset, index) in rows.indices.suffix(2).enumerated() {
      rows[index].loggedLoss = logged[offset]
      rows[index].loss = onProbe[offset]
      // Ten classes.
      rows[index].targetEntropyBits = 3.32
    }
    var cache = ComparisonCache()
    let report = Timeline(rows, cache: &cache).report(
      run: "r", aliases: [:], rejected: [], missed: 0)
    let finding = report.findings.first { $0.code == "probe-contradicted" }
    #expect((finding != nil) == isNamed)
    if let finding {
      #expect(finding.text.contains("is \(logged[1]), and on the probe \(onProbe[1])"))
    }
  }

  /// Without a step nothing is judged, but what was measured stands in the row.
  @Test func checkpointsWithoutAStepSayWhatTheyAre() throws {
    var cache = ComparisonCache()
    let rows = try (0..<3).map { try Row(digest: "d\($0)", traces: [3, 1]).made() }
    let report = Timeline(rows, cache: &cache).report(
      run: "r", aliases: [:], rejected: [], missed: 0)
    #expect(report.evidence == "probe")
    #expect(report.trajectory.compactMap { $0.fisherTrace?.value } == [4, 4, 4])
    #expect(report.findings.map(\.code) == ["no-step"])
  }

  private func document(_ rows: [SeriesRow]) throws -> [UInt8] {
    var cache = ComparisonCache()
    return try document(Timeline(rows, cache: &cache))
  }

  private func document(_ timeline: Timeline) throws -> [UInt8] {
    try timeline.report(run: "r", aliases: [:], rejected: [], missed: 0).yaml()
  }

  @Test(arguments: 0..<5) func theOrderOfArrivalDoesNotMatter(seed: UInt64) throws {
    let rows = try course()
    var generator = Seeded(seed: seed)
    #expect(try document(rows.shuffled(using: &generator)) == document(rows), "seed \(seed)")
  }

  @Test func aRiseAndAFallReachThePeak() throws {
    var cache = ComparisonCache()
    let timeline = Timeline(try course(), cache: &cache)
    #expect(timeline.evidence == .probe)
    let states = timeline.verdict.trajectory.map(\.state)
    #expect(states.contains(.peaked) || states.contains(.consolidating), "\(states)")
    #expect(timeline.verdict.final?.peak?.step == 10 << 4)
  }

  @Test func theStateAtACheckpointUsesNoLaterOne() throws {
    let rows = try course()
    var cache = ComparisonCache()
    let whole = Timeline(rows, cache: &cache)
    for count in 1...rows.count {
      let partial = Timeline(Array(rows.prefix(count)), cache: &cache)
      #expect(partial.judgement(at: count - 1) == whole.judgement(at: count - 1))
    }
  }

  /// Row after row as they arrive, against all of it made anew: in and out of order, resumed, with another
  /// probe or none, without a step.
  @Test(arguments: 0..<12) func whatGrowsIsWhatIsMadeAnew(seed: UInt64) throws {
    var generator = Seeded(seed: seed)
    var rows = try course(20)
    for index in rows.indices {
      let step = 10 << index
      switch Int.random(in: 0..<20, using: &generator) {
      case 0: rows[index] = try Row(digest: "d\(index)", traces: [5, 5]).made()
      case 1:
        rows[index] = try Row(step: step, digest: "d\(index)", traces: [0], probe: nil).made()
      case 2:
        rows[index] = try Row(step: step, digest: "d\(index)", traces: [5, 5], probe: "new").made()
      case 3: rows[index] = try Row(step: 10 << (index / 2), digest: "r", traces: [4, 1]).made()
      case 4 where index > 0: rows.swapAt(index, index - 1)
      default: break
      }
    }
    var cache = ComparisonCache()
    var grown = Timeline([], cache: &cache)
    var appended = 0
    for count in 1...rows.count {
      let known = Array(rows.prefix(count))
      let anew = Timeline(known, cache: &cache)
      if grown.append(known[count - 1], cache: &cache) { appended += 1 } else { grown = anew }
      #expect(try document(grown) == document(anew), "seed \(seed), \(count) rows")
      #expect(grown.verdict == anew.verdict, "seed \(seed), \(count) rows")
    }
    #expect(appended > 5, "seed \(seed)")
  }

  @Test func whatRowsAreComparedByIsForgotten() throws {
    var cache = ComparisonCache()
    let timeline = Timeline(try course(), cache: &cache)
    let kept = timeline.entries.map(\.row.kept)
    #expect(kept.dropLast().allSatisfy { $0.fisherPerExample == nil })
    #expect(kept.dropFirst().dropLast().allSatisfy { $0.projections.isEmpty })
    #expect(timeline.entries.allSatisfy { $0.point.layers.allSatisfy { $0.contributions == nil } })
  }

  @Test func aStepWrittenAnewStartsASegment() throws {
    let first = try course(6)
    let again = try (3..<6).map {
      try Row(step: 10 << $0, digest: "again\($0)", traces: [1, 1]).made()
    }
    let placed = SeriesSegments(first + again).placed
    #expect(placed.map(\.segment) == [0, 0, 0, 0, 0, 0, 1, 1, 1])
    #expect(placed.suffix(3).map(\.row.digest) == ["again3", "again4", "again5"])
  }

  @Test func theLossOfTrainingIsFoundUnderItsUsualNames() throws {
    let losses = try [
      ["loss": 1.5, "train_loss": 2], ["val_loss": 3, "train_loss": 2], ["train/loss": 0.5],
      ["val_loss": 3],
    ].map { metrics in
      try Row(
        step: 1, digest: "a", traces: [1], probe: nil, metrics: metrics.mapValues { .exact($0) }
      ).made().loss
    }
    #expect(losses == [1.5, 2, 0.5, nil])
  }

  /// A network that grows, or loses a layer, is another one to the probe that was made of it.
  @Test func layersThatComeAndGoAreTold() throws {
    func rows(_ steps: ClosedRange<Int>, _ traces: [Double]) throws -> [SeriesRow] {
      try steps.map { (step: Int) in
        try Row(step: step, digest: "\(traces.count)-\(step)", traces: traces).made()
      }
    }
    let (before, after) = (try rows(1...2, [3, 1]), try rows(3...4, [3, 1, 2]))
    func text(_ rows: [SeriesRow]) -> String? {
      var cache = ComparisonCache()
      return Timeline(rows, cache: &cache).report(run: "r", aliases: [:], rejected: [], missed: 0)
        .findings.first { $0.code == "layers-changed" }?.text
    }
    #expect(text(before) == nil)
    #expect(
      text(before + after)
        == "from step 3 on there is layer2: a probe of the network before measures another one")
    let lost = try Row(step: 5, digest: "c", traces: [3, 1], probe: nil).made()
    #expect(
      text([try Row(step: 4, digest: "a", traces: [3, 1, 2], probe: nil).made(), lost])
        == "from step 5 on there is no layer2")
  }

  @Test func rowsOfAnotherProbeAreLeftOut() throws {
    var rows = try course(6)
    rows.insert(
      try Row(step: 15, digest: "old", traces: [5, 5], probe: "former").made(), at: 0)
    var cache = ComparisonCache()
    let timeline = Timeline(rows, cache: &cache)
    #expect(timeline.findings.map(\.code) == ["other-evidence"])
    #expect(timeline.verdict.trajectory.count == 6)
    #expect(timeline.entries.count == 7)
  }

  @Test func momentsAreWindowedBetweenCheckpoints() throws {
    // A constant squared gradient q gives v = q (1 − β2^t): every window's mean is q again.
    let rows = try [100, 200, 400].map { step in
      var power = 1.0
      for _ in 0..<step { power *= 0.999 }
      return try Row(
        step: step, digest: "m\(step)", traces: [0, 0], secondMoment: [3 * (1 - power), 1 - power],
        probe: nil
      ).made()
    }
    var cache = ComparisonCache()
    let timeline = Timeline(rows, cache: &cache)
    #expect(timeline.evidence == .optimizer)
    for entry in timeline.entries {
      let window = try #require(entry.window)
      #expect(abs(window.values[0] - 3) < 1e-9 && abs(window.values[1] - 1) < 1e-9)
      #expect(entry.shares.map { abs($0[0] - 0.75) < 1e-9 } == true)
    }
  }

  /// 1 − cos of the angle to the first checkpoint of the segment, which is 0 there itself.
  @Test func rotationIsCountedFromTheStartOfItsSegment() throws {
    let rows = try [(1, 0.0), (2, 0.5), (4, 1), (2, 2), (8, 1)].map { step, angle in
      try Row(
        step: step, digest: "d\(step)\(angle)", traces: [1, 1],
        weights: [Float(step) * Float(cos(angle)), Float(step) * Float(sin(angle))]
      ).made()
    }
    var cache = ComparisonCache()
    let points = Timeline(rows, cache: &cache, keepsExamples: true).pointsWithRotation
    let expected = [0, 0.5, 1, 0, -1].map { 1 - cos($0) }
    #expect(points.map(\.segment) == [0, 0, 0, 1, 1])
    for (point, expected) in zip(points, expected) {
      #expect(abs(try #require(point.rotation) - expected) < 1e-6, "step \(point.step)")
    }
    // The bootstrap of an evaluation needs each example's part.
    #expect(points.allSatisfy { $0.layers.allSatisfy { $0.contributions?.count == 12 } })
  }

  @Test func movementComesFromTheProjections() throws {
    let rows = try [
      Row(step: 1, digest: "a", traces: [0], weights: [3, 4], probe: nil).made(),
      Row(step: 2, digest: "b", traces: [0], weights: [3, 4.5], probe: nil).made(),
    ]
    var cache = ComparisonCache()
    let timeline = Timeline(rows, cache: &cache)
    #expect(timeline.evidence == .weights)
    let movement = try #require(timeline.entries[1].movement)
    #expect(abs(try #require(movement.total.relative.value) - 0.1) < 1e-6)
    let cosine = 27.0 / (5 * (9 + 20.25).squareRoot())
    #expect(abs(try #require(movement.total.cosine.value) - cosine) < 1e-6)
  }
}
