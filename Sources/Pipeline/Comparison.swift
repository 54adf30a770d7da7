// `--previous`: the checkpoint against an earlier one of the same run, exactly.

import Checkpoints
import Diagnostics
import Information
import Reports
import Tensors

/// An earlier checkpoint, opened for comparison.
struct Comparison: Sendable {
  private let opened: Result<Checkpoint, Problem>
  private let isSpared: Bool

  /// Of the earlier checkpoint's files.
  var bytes: Int64 {
    if case .success(let earlier) = opened { earlier.bytes } else { 0 }
  }

  /// Whether those files are still what was opened.
  var isUnchanged: Bool {
    do throws(Problem) {
      return try opened.get().verifyUnchanged() == .unchanged
    } catch {
      return false
    }
  }

  /// The earlier checkpoint's recordings on a probe; nil when the probe does not fit it.
  func recordings(
    _ definition: ProbeDefinition, _ request: ProbeRequest, examples: Int, threads: Int
  ) throws(Problem) -> [RecordedGram]? {
    do {
      let bound = try BoundNetwork(definition, opened.get(), request)
      return RecordedGram.each(
        of: try bound.recordings(examples: examples, threads: threads), threads: threads)
    } catch {
      guard isSpared || NetworkSection.isProbeAtFault(error) else { throw error }
      return nil
    }
  }

  /// - Parameter isSpared: whether the report may do without the comparison. What was right when the
  ///   daemon chose it may be rotated away, written over or damaged by now: that is no fault of the
  ///   checkpoint that is measured.
  init(_ path: String, isSpared: Bool) throws(Problem) {
    self.isSpared = isSpared
    do throws(Problem) {
      opened = .success(try Checkpoint.open(path))
    } catch {
      guard isSpared else { throw error }
      opened = .failure(error)
    }
  }

  /// Fills what the report says against the earlier checkpoint; a finding where it is spared.
  func fill(
    _ report: inout CheckpointReport, _ checkpoint: Checkpoint, _ inventory: LayerInventory,
    _ moments: MomentSection?, _ section: NetworkSection?, recordings: [RecordedGram]?,
    _ request: ProbeRequest
  ) throws(Problem) {
    var compared = report
    do throws(Problem) {
      try compare(
        &compared, checkpoint, opened.get(), inventory, moments, section, recordings, request)
      report = compared
    } catch {
      guard isSpared else { throw error }
      report.findings.append(
        FindingReport(
          code: "not-compared", where: error.place,
          text: "the checkpoint before this one cannot be read (\(error.code): \(error.what))"))
    }
  }

  private func compare(
    _ report: inout CheckpointReport, _ checkpoint: Checkpoint, _ earlier: Checkpoint,
    _ inventory: LayerInventory, _ moments: MomentSection?, _ section: NetworkSection?,
    _ recordings: [RecordedGram]?, _ request: ProbeRequest
  ) throws(Problem) {
    let step = earlier.step
    report.findings += Self.doubts(earlier, checkpoint, isChosen: !request.keepsEvidence)
    let movement = try movement(from: earlier, to: checkpoint, inventory)
    let total = movement.total.wholeSquaredDistance ?? 0
    for (layer, sums) in movement.layers.enumerated() {
      report.layers[layer].update = UpdateReport(
        sinceStep: step, relative: sums.relative,
        share: sums.share(of: total), cosineToPrevious: sums.cosine,
        cosineToFirst: .absent(reason: "the first checkpoint of the run was not given"),
        method: "exact")
    }
    if let moments {
      var reason: SkippedReport?
      let before = try MomentSection(
        earlier, inventory.matched(to: earlier, from: checkpoint), request.training,
        reason: &reason)
      moments.fill(
        &report, since: before.map { ($0.kept, step) }, step: checkpoint.step)
    }
    if let section, let recordings {
      report.flow?.recordings = section.recordings(since: recordings, step: step)
      // The daemon has every example's part of both, and compares the shares itself.
      if !request.keepsEvidence, let step, let now = checkpoint.step {
        let bound = try BoundNetwork(section.bound.definition, earlier, request)
        let estimate = try bound.estimate(bound.estimator(request, like: section.estimate))
        let before = NetworkSection(
          bound: bound, estimate: estimate, seconds: 0, threads: request.threads)
        report.flow?.plasticity = section.plasticity(since: before, steps: (step, now))
      }
    }
    try earlier.verifyUnchanged()
  }

  /// What makes a comparison say nothing, or something else than a person meant who chose it.
  private static func doubts(
    _ earlier: Checkpoint, _ checkpoint: Checkpoint, isChosen: Bool
  ) -> [FindingReport] {
    var doubts: [FindingReport] = []
    let shapes = Dictionary(
      earlier.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    if !checkpoint.parameters.contains(where: { shapes[$0.name] == $0.shape }) {
      doubts.append(
        FindingReport(
          code: "not-compared", where: earlier.path,
          text: "no parameter of it has the name and shape of one of this checkpoint's"))
    }
    if isChosen, let before = earlier.step, let now = checkpoint.step, before >= now {
      doubts.append(
        FindingReport(
          code: "previous-later", where: earlier.path,
          text:
            "it is of step \(before), and this checkpoint of step \(now): changes are counted from it all "
            + "the same"))
    }
    return doubts
  }

  private func movement(
    from earlier: Checkpoint, to checkpoint: Checkpoint, _ inventory: LayerInventory
  ) throws(Problem) -> Movement {
    let stored = Dictionary(
      earlier.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var layers: [Movement.Sums] = []
    for layer in inventory.layers {
      var sums = Movement.Sums()
      for index in layer.tensors {
        let tensor = checkpoint.tensors[index]
        guard let before = stored[tensor.name], before.shape == tensor.shape else { continue }
        sums.add(try Self.change(earlier.read(before), checkpoint.read(tensor)))
      }
      layers.append(sums)
    }
    return Movement(layers: layers)
  }

  private static func change(_ earlier: Tensor, _ later: Tensor) -> Movement.Sums {
    guard let distance = WeightUpdate.squaredDistance(earlier, later) else { return .notFinite }
    return Movement.Sums(
      squaredDistance: distance, earlierSquare: RandomProjection.square(of: earlier.values),
      laterSquare: RandomProjection.square(of: later.values), relativeError: 0)
  }
}
