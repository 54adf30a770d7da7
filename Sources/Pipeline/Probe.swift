// The main path: one checkpoint in, one report out. The daemon runs it in a process of its own.

import Checkpoints
public import Diagnostics
import Information
public import Reports
import Tensors
import Threads

/// Measures one checkpoint: open, bind, forward, backward, measure.
///
/// - Parameters:
///   - path: a checkpoint file, or the folder that a trainer makes of one.
///   - request: the probe and how to use it.
///   - prepared: what was done of this very request before the checkpoint was there.
/// A probe that does not fit (an operator we lack, other names) is a finding, and the report falls
/// back to the evidence that is possible.
///
/// - Throws: one problem that says what is wrong with the checkpoint; `tryAgain` when it is still
///   being written.
public func probe(
  _ path: String, _ request: ProbeRequest, prepared: Preparation? = nil
) throws(Problem) -> CheckpointReport {
  let meter = CostMeter()
  var checkpoint = try Checkpoint.open(path)
  var inventory = LayerInventory(of: checkpoint)
  let (survey, figures) = try checkpoint.survey(
    inventory, spectra: request.measures == .everything, projections: request.keepsEvidence,
    threads: request.threads)
  if checkpoint.takeMasks(of: survey) { inventory = LayerInventory(of: checkpoint) }

  let prepared = prepared.flatMap { $0.isCurrent ? $0 : nil }
  var comparison = prepared?.comparison
  if comparison == nil, let previous = request.previous {
    comparison = try Comparison(previous, isSpared: request.keepsEvidence)
  }
  let (network, recordings) = try measureBoth(
    checkpoint, comparison, prepared?.recordings, request)
  let section = network?.section

  if let section { inventory.arrange(by: section.forwardLayers) }
  let weights = WeightSection(checkpoint, survey, figures, inventory)
  var reason: SkippedReport?
  let moments =
    request.measures == .trace
    ? nil
    : try MomentSection(checkpoint, inventory, request.training, reason: &reason)

  var report = CheckpointReport(checkpoint, survey, weights, run: request.run)
  if let reason { report.skipped.append(reason) }
  if let problem = network?.problem {
    report.findings.append(FindingReport(problem))
    report.skipped.append(
      SkippedReport(name: "probe", reason: "it does not fit: \(problem)"))
  }
  section?.fill(&report, request)
  moments?.fill(&report, since: nil, step: checkpoint.step)
  report.evidence =
    ["weights"] + (moments == nil ? [] : ["optimizer"]) + (section == nil ? [] : ["probe"])
  try comparison?.fill(
    &report, checkpoint, inventory, moments, section, recordings: recordings, request)
  section?.doubtFrozen(&report)
  if request.keepsEvidence {
    report.kept = KeptEvidence(
      fisherPerExample: section?.perExample(report), examples: section?.estimate.exampleCount,
      moments: moments?.kept, projections: weights.projections)
  }
  try report.confirm(checkpoint)
  report.took = meter.cost
  report.took.networkSeconds = section?.seconds
  return report
}

private typealias Network = (section: NetworkSection?, problem: Problem?)

/// The checkpoint on the probe, and beside it the recordings of the earlier one where they are not
/// known yet.
private func measureBoth(
  _ checkpoint: Checkpoint, _ comparison: Comparison?, _ known: [RecordedGram]?,
  _ request: ProbeRequest
) throws(Problem) -> (Network?, [RecordedGram]?) {
  if known != nil { return (try NetworkSection.measure(checkpoint, request), known) }
  enum Part: Sendable {
    case network(Network?)
    case recordings([RecordedGram]?)
  }
  var network: Network?
  var recordings: [RecordedGram]?
  let isCompared = comparison != nil && request.probe != nil
  if let comparison, let definition = request.probe, request.isLimited {
    // Which examples are compared is known only when the first is done.
    network = try NetworkSection.measure(checkpoint, request)
    guard let section = network?.section else { return (network, nil) }
    let examples = section.estimate.exampleCount
    return (
      network,
      try comparison.recordings(
        definition, request, examples: examples, threads: request.threads)
    )
  }
  try forEachBlock(count: isCompared ? 2 : 1, threads: min(2, request.threads)) {
    (part) throws(Problem) -> Part in
    guard part == 1, let comparison, let definition = request.probe else {
      return .network(try NetworkSection.measure(checkpoint, request))
    }
    return .recordings(
      try comparison.recordings(definition, request, examples: definition.examples, threads: 1))
  } combine: { (_, part) throws(Problem) in
    switch part {
    case .network(let measured): network = measured
    case .recordings(let measured): recordings = measured
    }
  }
  return (network, recordings)
}
