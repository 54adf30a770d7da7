// What can be done of a measurement before its checkpoint is there: everything about the earlier one.

public import Diagnostics
import Networks

/// The earlier checkpoint of a request, opened and run through the probe.
public struct Preparation: Sendable {
  let comparison: Comparison
  /// Nil when they are not known before the checkpoint is: under a budget, or without a probe.
  let recordings: [RecordedGram]?

  /// Bytes of an earlier checkpoint above which nothing is prepared: a process that waits holds what
  /// measuring it took, beside a job that may want the memory.
  private static let largest: Int64 = 64 << 20
  /// Bytes that a small network's measurement takes beyond that: clearing them is a sixth of its
  /// processor time.
  private static let touched = 56 << 20

  /// Opens the request's earlier checkpoint and measures what is compared with it; nil without one,
  /// and when it is large.
  ///
  /// - Throws: what is wrong with the earlier checkpoint.
  public init?(_ request: ProbeRequest) throws(Problem) {
    guard let previous = request.previous else { return nil }
    let comparison = try Comparison(previous, isSpared: request.keepsEvidence)
    guard comparison.bytes <= Self.largest else { return nil }
    self.comparison = comparison
    if let definition = request.probe, !request.isLimited {
      recordings = try comparison.recordings(
        definition, request, examples: definition.examples, threads: request.threads)
      FreedMemory.touch(bytes: Self.touched)
    } else {
      recordings = nil
    }
  }

  /// Whether the earlier checkpoint's files are still those that were read.
  var isCurrent: Bool { comparison.isUnchanged }
}
