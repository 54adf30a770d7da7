// The result of an experiment from its runs' descriptions.

internal import CriticalPeriods
internal import Diagnostics
internal import Reports

extension SensitivityReport {
  typealias Described = (path: String, run: DeficitRunReport)

  /// - Parameters:
  ///   - runs: one at least.
  ///   - unreadable: what is wrong with the runs that cannot be read, which are left out.
  init(runs: [Described], unreadable: [Problem], reports: String?) throws(Problem) {
    let first = runs[0].run
    for (path, run) in runs.dropFirst() where run.setting != first.setting {
      throw Problem(
        "mixed-runs", at: path, "it differs from \(runs[0].path) in more than seed and deficit",
        remedy: "name the runs of one experiment: same network, data, epochs, batch and schedule")
    }
    let scored = runs.filter { $0.run.final?.testAccuracy.isFinite == true }
    // Where most are fractions, a percentage or a negative number is a mistake, which would hide every other.
    let fractions = scored.filter { (0...1).contains($0.run.final?.testAccuracy ?? 0) }
    let ended = 2 * fractions.count > scored.count ? fractions : scored
    let clean = ended.filter { $0.run.window == nil }
    guard !clean.isEmpty else {
      throw unreadable.first
        ?? Problem(
          "no-clean-run", at: runs[0].path,
          "no run without a deficit has ended among the \(runs.count)",
          remedy: "name the folder that holds the control runs too, or wait for their end")
    }
    let control = clean.map { $0.run.outcome(at: 0) }
    self.init(
      experiment: first.experiment, seeds: Set(ended.map(\.run.seed)).sorted(),
      control: ControlScores(control.map(\.accuracy)))
    network = first.network
    data = first.data
    schedule = first.schedule
    epochs = first.epochs
    stepsPerEpoch = Double(first.stepsPerEpoch)
    findings =
      unreadable.map {
        FindingReport(code: "unreadable-run", where: $0.place, text: "it is left out: \($0)")
      }
      + scored.filter { run in !ended.contains { $0.path == run.path } }.map { path, run in
        FindingReport(
          code: "impossible-accuracy", where: path,
          text:
            "it is left out: its test_accuracy is \(run.final?.testAccuracy ?? 0), and that of most "
            + "runs lies between 0 and 1")
      }
      + runs.filter { $0.run.final == nil }.map { path, _ in
        FindingReport(
          code: "unfinished-run", where: path, text: "it has no final accuracy yet and is left out")
      }
    record(runs.filter { $0.run.window == nil || $0.run.isPermanent }, reports: reports)
    let (paired, remarks) = Self.paired(ended, clean)
    findings += remarks
    seeds = Set(paired.map(\.run.seed)).sorted()
    // What is still spoilt when the accuracy is taken says nothing of a lasting mark.
    let compared = paired.filter { !$0.run.endsSpoilt }
    findings += paired.filter { $0.run.endsSpoilt }.map { path, _ in
      FindingReport(
        code: "no-recovery", where: path,
        text: "its window lasts until the run ends: it is on no curve")
    }
    let groups = DeficitGroup.all(compared)
    let placed = Set(groups.flatMap(\.members))
    findings += compared.filter { path, run in
      run.window != nil && !run.isPermanent && !placed.contains(path)
    }.map { path, _ in
      FindingReport(
        code: "no-curve", where: path,
        text: "it is on no curve: no other run has the same deficit, strength and length of window "
          + "at another place")
    }
    for group in groups {
      guard let curve = SensitivityCurve(control: control, windows: group.outcomes) else {
        continue
      }
      curves.append(report(curve, group))
    }
    if control.count < 3 {
      findings.append(
        FindingReport(
          code: "few-seeds", where: first.experiment,
          text:
            "\(control.count) clean run\(control.count == 1 ? "" : "s"); intervals over seeds need "
            + "three at least, better five"))
    }
  }

  // The runs that can be compared with a clean one of their own seed, and what is to be said of the others: all
  // seeds differ by more than most windows cost.
  private static func paired(
    _ ended: [Described], _ clean: [Described]
  ) -> (runs: [Described], remarks: [FindingReport]) {
    let bySeed = Dictionary(grouping: clean, by: \.run.seed)
    var remarks = bySeed.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map {
      seed, runs in
      FindingReport(
        code: "same-seed", where: runs[0].path,
        text:
          "\(runs.count) clean runs have seed \(seed): their mean is what others are compared with")
    }
    let alone = ended.filter { $0.run.window != nil && bySeed[$0.run.seed] == nil }
    guard !alone.isEmpty else { return (ended, remarks) }
    let isAnyPaired = ended.contains { $0.run.window != nil && bySeed[$0.run.seed] != nil }
    for (seed, runs) in Dictionary(grouping: alone, by: \.run.seed).sorted(by: { $0.key < $1.key })
    {
      remarks.append(
        FindingReport(
          code: "no-clean-seed", where: runs[0].path,
          text: "there is no clean run of seed \(seed): its \(runs.count) others "
            + (isAnyPaired ? "are left out" : "are compared with the mean of those there are")))
    }
    return (
      isAnyPaired ? ended.filter { $0.run.window == nil || bySeed[$0.run.seed] != nil } : ended,
      remarks
    )
  }

  // What was recorded of these runs; a remark when there is nothing of the clean one.
  private mutating func record(_ runs: [Described], reports: String?) {
    let (clean, spoilt) = (
      runs.filter { $0.run.window == nil }, runs.filter { $0.run.window != nil }
    )
    for (path, run) in clean + spoilt {
      guard let rows = recorded(path, reports: reports) else { continue }
      information.append(
        RunInformation(run: path, deficit: run.window == nil ? nil : run.deficit, trajectory: rows))
    }
    let isInformed = information.contains { run in
      run.deficit == nil
        && run.trajectory.contains { $0.fisherTrace != nil || $0.informationBits != nil }
    }
    if !isInformed {
      findings.append(
        FindingReport(
          code: "no-information", where: clean.first?.path ?? experiment,
          text:
            "neither a report of a clean run (--reports), measured with a probe, nor its series.json "
            + "tells the information in it"))
    }
  }

  /// What was recorded of a run; nil, with a remark, where that cannot be read.
  mutating func recorded(_ run: String, reports: String?) -> [InformationRow]? {
    do {
      return try RecordedInformation.rows(run: run, reports: reports)
    } catch {
      findings.append(
        FindingReport(
          code: "unreadable-information", where: error.place, text: "it is left out: \(error)"))
      return nil
    }
  }

  private func report(_ curve: SensitivityCurve, _ group: DeficitGroup) -> SensitivityCurveReport {
    var report = SensitivityCurveReport(
      deficit: group.deficit, strength: group.strength,
      kind: group.length == nil ? "removals" : "windows", windowEpochs: group.length,
      points: curve.points.map(point))
    if group.length == nil {
      report.reason =
        "removals: the deficit is there from the start in every run; windows that start at "
        + "different epochs tell where its harm ends"
    } else {
      label(&report, curve.label())
    }
    return report
  }

  /// A point with what the first clean run held there: at its last checkpoint up to the step.
  func point(_ point: SensitivityCurve.Point) -> SensitivityPoint {
    var written = SensitivityPoint(
      epoch: point.place, step: step(point.place),
      accuracyLoss: Quantity(point.loss, standardError: point.standardError), runs: point.runs)
    let rows = information.first { $0.deficit == nil }?.trajectory ?? []
    if let step = written.step, let row = rows.last(where: { $0.step <= step }) {
      written.fisherTrace = row.fisherTrace
      written.informationBits = row.informationBits
    }
    return written
  }

  func label(_ report: inout SensitivityCurveReport, _ label: SensitivityCurve.Label) {
    switch label {
    case .none(let code, let reason): report.reason = "\(code): \(reason)"
    case .end(let end):
      var written = SensitivityEnd(
        epoch: end.place, epochInterval: end.interval.map { [$0.lowerBound, $0.upperBound] },
        fraction: SensitivityCurve.endFraction)
      written.step = step(end.place)
      if let interval = end.interval, let low = step(interval.lowerBound),
        let high = step(interval.upperBound)
      {
        written.stepInterval = [low, high]
      }
      if end.interval != nil { written.undeterminedFraction = end.undetermined }
      report.end = written
    }
  }

  /// The step at which an epoch starts, if it is known how many steps one has.
  func step(_ epoch: Double) -> Int? {
    stepsPerEpoch.flatMap { Int(exactly: (epoch * $0).rounded()) }
  }
}

extension ControlScores {
  init(_ accuracies: [Double]) {
    let mean = accuracies.reduce(0, +) / Double(max(accuracies.count, 1))
    let squares = accuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.init(
      accuracy: accuracies.isEmpty ? nil : mean,
      seedDeviation: accuracies.count < 2
        ? nil : (squares / Double(accuracies.count - 1)).squareRoot(),
      runs: accuracies.count)
  }
}
