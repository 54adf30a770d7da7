// The result of an experiment from its label.json: the end is read off the curve again; the interval
// over seeds is the file's, because a curve of means no longer holds the seeds.

internal import CriticalPeriods
internal import Diagnostics
internal import Reports

extension SensitivityReport {
  init(label: LabelFile, path: String, reports: String?) {
    self.init(
      experiment: path, seeds: label.seeds ?? [],
      control: ControlScores(
        accuracy: label.controlAccuracy, seedDeviation: label.controlSeedDeviation,
        runs: label.seeds?.count ?? 0))
    network = label.network
    data = label.data
    schedule = label.learningRate
    epochs = label.epochs
    if let rows = recorded(path, reports: reports) {
      information = [RunInformation(run: path, deficit: nil, trajectory: rows)]
      stepsPerEpoch = rows.last.flatMap { row in
        row.epoch.flatMap { $0 > 0 ? Double(row.step) / $0 : nil }
      }
    }
    if stepsPerEpoch == nil, let epoch = label.endEpoch, epoch > 0, let step = label.endStep {
      stepsPerEpoch = (step / epoch).rounded()
    }
    let curve = SensitivityCurve(
      means: (label.sensitivity ?? []).map {
        SensitivityCurve.Point(
          place: $0.start, loss: $0.accuracyLoss, standardError: nil,
          accuracy: (label.controlAccuracy ?? 0) - $0.accuracyLoss, runs: $0.runs ?? 1)
      })
    var report = SensitivityCurveReport(
      deficit: label.deficit ?? "deficit", strength: nil, kind: "windows", windowEpochs: nil,
      points: curve.points.map(point))
    self.label(&report, curve.label())
    if let interval = label.endEpochInterval, interval.count == 2, report.end != nil {
      report.end?.epochInterval = interval
      report.end?.stepInterval = interval.compactMap(step)
      report.end?.undeterminedFraction = label.undeterminedFraction
    }
    curves = [report]
  }
}
