// The main path: one checkpoint in, one report out. The daemon runs it in a process of its own.

import Checkpoints
public import Diagnostics
import Information
public import Reports
import Tensors

/// Measures one checkpoint: open, bind, forward, backward, measure.
///
/// - Parameters:
///   - path: a checkpoint file, or the folder that a trainer makes of one.
///   - request: the probe and how to use it.
/// A probe that does not fit (an operator we lack, other names) is a finding, and the report falls
/// back to the evidence that is possible.
///
/// - Throws: one problem that says what is wrong with the checkpoint; `tryAgain` when it is still
///   being written.
public func probe(_ path: String, _ request: ProbeRequest) throws(Problem) -> CheckpointReport {
  let meter = CostMeter()
  let checkpoint = try Checkpoint.open(path)
  let survey = try checkpoint.survey()

  let network = try NetworkSection.measure(checkpoint, request)
  let section = network?.section

  var inventory = LayerInventory(of: checkpoint)
  if let section { inventory.arrange(by: section.forwardLayers) }
  let weights = try WeightSection(
    checkpoint, survey, inventory, keeps: request.keepsEvidence,
    held: section?.bound.weightsByCheckpointName ?? [:])
  var reason: SkippedReport?
  let moments = try MomentSection(
    checkpoint, inventory, batchSize: request.batchSize, reason: &reason)

  var report = CheckpointReport(checkpoint, survey, weights, run: request.run)
  if let reason { report.skipped.append(reason) }
  if let problem = network?.problem {
    report.findings.append(FindingReport(problem))
    report.skipped.append(
      SkippedReport(name: "probe", reason: "the probe does not fit; see the findings"))
  }
  section?.fill(&report, request)
  moments?.fill(&report, since: nil, sinceStep: 0)
  report.evidence =
    ["weights"] + (moments == nil ? [] : ["optimizer"]) + (section == nil ? [] : ["probe"])
  if let previous = request.previous {
    try Comparison(previous).fill(&report, checkpoint, inventory, moments, section, request)
  }
  if request.keepsEvidence {
    report.kept = KeptEvidence(
      fisherPerExample: section?.perExample(report), examples: section?.estimate.exampleCount,
      moments: moments?.kept, projections: weights.projections)
  }
  try checkpoint.verifyUnchanged()
  report.took = meter.cost
  return report
}
