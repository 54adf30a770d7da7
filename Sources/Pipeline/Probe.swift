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
/// - Throws: one problem that says what is wrong with the checkpoint or the probe; `tryAgain` when
///   the checkpoint is still being written.
public func probe(_ path: String, _ request: ProbeRequest) throws(Problem) -> CheckpointReport {
  let meter = CostMeter()
  let checkpoint = try Checkpoint.open(path)
  let survey = try checkpoint.survey()

  let bound = try request.probe.map { (definition) throws(Problem) in
    try BoundNetwork(definition, checkpoint)
  }
  let section = try bound.map { (bound) throws(Problem) in
    NetworkSection(bound: bound, estimate: try bound.estimate(request))
  }

  var inventory = LayerInventory(of: checkpoint)
  if let section { inventory.arrange(by: section.forwardLayers) }
  let weights = try WeightSection(
    checkpoint, survey, inventory, keeps: request.keepsEvidence,
    held: bound?.weightsByCheckpointName ?? [:])
  var reason: SkippedReport?
  let moments = try MomentSection(
    checkpoint, inventory, batchSize: request.batchSize, reason: &reason)

  var report = CheckpointReport(checkpoint, survey, weights, run: request.run)
  if let reason { report.skipped.append(reason) }
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
