// Labelled folders in, the comparison of all methods out.

import CriticalPeriods
public import Diagnostics
public import Reports

/// Compares every detector on the labelled runs in these folders.
///
/// - Parameters:
///   - folders: labelled runs, or folders of them.
///   - reports: where checkpoints are measured into; by default only series.json is read.
///   - passOver: told of each run that cannot be read; the others are compared without it.
/// - Throws: `no-labels`, or what is wrong with the first run if none can be read.
public func evaluate(
  _ folders: [String], measuringInto reports: String? = nil,
  passOver: (Problem) -> Void = { _ in }
) throws(Problem) -> EvaluationReport {
  var series: [LabelledSeries] = []
  var unreadable: [Problem] = []
  for path in try LabelledFolder.paths(in: folders, passOver: { unreadable.append($0) }) {
    do {
      series.append(
        try LabelledFolder(path).series(measuringInto: reports) { unreadable.append($0) })
    } catch {
      unreadable.append(error)
    }
  }
  if series.isEmpty, let problem = unreadable.first { throw problem }
  unreadable.forEach(passOver)
  let scores = score(on: series) + [leaveOneOutScore(on: series)]
  return EvaluationReport(
    labelled: scores.first?.labelled.count ?? 0,
    neverEnding: series.filter { $0.label == .never }.count,
    unknown: series.filter { $0.label == .unknown }.count,
    unreadable: unreadable.map { "\($0)" },
    methods: scores.map(MethodReport.init),
    reliability: reliability(on: series).map {
      ReliabilityReport(
        stated: $0.stated.toThousandths, observed: $0.observed.toThousandths,
        observedInterval: [
          $0.interval.lowerBound.toThousandths, $0.interval.upperBound.toThousandths,
        ],
        checkpoints: $0.checkpoints)
    },
    runs: series.indices.map { index in
      EvaluatedRun(
        series[index], said: scores.map { MethodDecision($0.method, $0.rows[index]) })
    })
}

extension MethodReport {
  fileprivate init(_ score: MethodScore) {
    self.init(
      method: score.method, decisions: score.labelled.filter { $0.decision != nil }.count,
      falseEnds: score.falseEnds.count, unjudged: score.unjudged.count)
    errorLog2 = score.meanError?.toThousandths
    errorBeyondInterval = score.meanErrorBeyondInterval?.toThousandths
    delay = score.meanDelay?.toThousandths
    delayFromOwn = score.meanDelayFromOwn?.toThousandths
    stated = score.stated?.toThousandths
    observed = score.observed?.toThousandths
    coverage = score.coverage?.toThousandths
  }
}

extension EvaluatedRun {
  fileprivate init(_ series: LabelledSeries, said: [MethodDecision]) {
    var bounds: [Double]?
    var word: String?
    var end: Double?
    switch series.label {
    case .end(let step, let interval):
      end = step
      bounds = interval.map { [$0.lowerBound, $0.upperBound] }
    case .never: word = "never"
    case .unknown: word = "unknown"
    }
    self.init(run: series.name, label: word, step: end, interval: bounds, said: said)
  }
}

extension MethodDecision {
  fileprivate init(_ method: String, _ row: MethodScore.Row) {
    self.init(
      method: method, step: row.decision?.step, decidedAtStep: row.decision?.decidedAtStep,
      errorLog2: row.error?.toThousandths, probability: row.decision?.probability?.toThousandths)
  }
}
