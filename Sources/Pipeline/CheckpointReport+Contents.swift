import Checkpoints
import Diagnostics
import Reports

extension CheckpointReport {
  /// A report of what the file holds, before anything is computed with it.
  init(_ checkpoint: Checkpoint, _ survey: Survey, _ weights: WeightSection, run: String?) {
    self.init(
      run: run ?? folderName(of: checkpoint.path),
      checkpoint: CheckpointIdentity(
        path: checkpoint.path, format: checkpoint.format, bytes: Int(checkpoint.bytes),
        digest: survey.digest, step: checkpoint.step, stepSource: checkpoint.stepSource,
        epoch: checkpoint.epoch, learningRate: checkpoint.learningRate,
        parameters: weights.parameterCount, stateDict: checkpoint.stateDictPath,
        written: Moment(unixSeconds: Int(checkpoint.writtenSeconds)),
        metrics: checkpoint.metrics.mapValues { Quantity($0) }),
      evidence: ["weights"], took: CostReport(seconds: 0, peakMemoryBytes: 0))
    layers = weights.layers
    skipped = weights.skipped
    findings = (checkpoint.findings + survey.findings).map(FindingReport.init)
  }
}

extension CheckpointReport {
  /// Proves that all was read from one state of the files, and remarks when they are gone.
  ///
  /// - Throws: `changed-during-read`, to be tried again.
  mutating func confirm(_ checkpoint: Checkpoint) throws(Problem) {
    guard try checkpoint.verifyUnchanged() == .deleted else { return }
    findings.append(
      FindingReport(
        code: "deleted-during-read", where: checkpoint.path,
        text: "it was deleted while it was read; all of it was still read"))
  }
}

extension FindingReport {
  init(_ finding: Finding) {
    self.init(code: finding.code, where: finding.place, text: finding.text)
  }
}

extension FindingReport {
  init(_ problem: Problem) {
    self.init(
      code: problem.code, where: problem.place, text: "\(problem.what); \(problem.remedy)")
  }
}

/// The folder that holds a checkpoint, for a run without a name.
private func folderName(of path: String) -> String {
  let parts = path.split(separator: "/")
  return parts.count >= 2 ? String(parts[parts.count - 2]) : "run"
}
