import Checkpoints
public import Diagnostics
public import Reports
import Tensors

/// What is in a checkpoint: every tensor, the step, the moments, and what is odd about it.
///
/// - Throws: what makes it unreadable.
public func inspect(_ path: String) throws(Problem) -> InspectionReport {
  let checkpoint = try Checkpoint.open(path)
  let survey = try checkpoint.survey(threads: 2)
  let tensors = zip(checkpoint.tensors, survey.summaries).map { tensor, summary in
    let nonfinite = summary.nanCount + summary.infiniteCount
    return InspectedTensor(
      name: tensor.name, shape: tensor.shape.dimensions, type: tensor.type.rawValue,
      frobeniusNorm: Quantity(
        summary.frobeniusNorm,
        otherwise: nonfinite > 0 ? "\(nonfinite) elements are not finite" : "a square is not finite"
      ),
      nonfinite: nonfinite > 0 ? nonfinite : nil, sharedWith: tensor.sharedWith)
  }
  let isComputed = checkpoint.tensors.map(\.isComputed)
  try checkpoint.verifyUnchanged()
  return InspectionReport(
    path: checkpoint.path, format: checkpoint.format, writer: checkpoint.writer,
    bytes: Int(checkpoint.bytes),
    digest: survey.digest, step: checkpoint.step, stepSource: checkpoint.stepSource,
    epoch: checkpoint.epoch, learningRate: checkpoint.learningRate,
    metrics: checkpoint.metrics.mapValues { Quantity($0) }, stateDict: checkpoint.stateDictPath,
    parameters: checkpoint.parameters.reduce(0) { $0 + $1.shape.count },
    moments: checkpoint.moments.map {
      MomentsInspection(
        kind: $0.kind, matched: $0.entries.count, beta2: $0.beta2, step: $0.step)
    },
    tensors: zip(tensors, isComputed).filter { !$0.1 }.map(\.0),
    products: isComputed.contains(true) ? zip(tensors, isComputed).filter(\.1).map(\.0) : nil,
    findings: (checkpoint.findings + survey.findings).map(FindingReport.init))
}
