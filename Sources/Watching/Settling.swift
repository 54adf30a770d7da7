// When a checkpoint may be read: complete, and seen twice unchanged for long enough
// (reliability.md §2.5). Pure: the caller brings observations and the time since boot.

/// Which checkpoints are being waited for, and since when each has stood as it stands.
public struct Settling: Sendable {
  /// What an observation leads to.
  public enum Verdict: Sendable, Hashable {
    /// It may be read now.
    case ready
    /// Look again at this time since boot.
    case wait(until: Duration)
    /// It is not whole: the next hint or scan tells when it is. Since when nothing has changed.
    case incomplete(String, since: Duration)
  }

  private struct Standing: Sendable {
    var fingerprint: Fingerprint
    var since: Duration
    var observations: Int
  }

  private var standings: [String: Standing] = [:]

  /// Begins with nothing observed.
  public init() {}

  /// How many checkpoints are waited for.
  public var count: Int { standings.count }

  /// Takes note of one observation and says what follows from it.
  ///
  /// - Parameters:
  ///   - path: the checkpoint.
  ///   - fingerprint: its files as they stood *before* `completeness` was found.
  ///   - completeness: what a look at its ends has told.
  ///   - quiet: how long two equal observations must lie apart; at 0 a second one at once is
  ///     enough.
  ///   - now: the time since boot.
  public mutating func judge(
    _ path: String, _ fingerprint: Fingerprint, _ completeness: Completeness, quiet: Duration,
    at now: Duration
  ) -> Verdict {
    var standing =
      standings[path]
      ?? Standing(fingerprint: fingerprint, since: now, observations: 0)
    if standing.fingerprint == fingerprint {
      standing.observations += 1
    } else {
      standing.fingerprint = fingerprint
      standing.since = now
      standing.observations = 1
    }
    defer { standings[path] = standing }
    let needed: Duration
    switch completeness {
    case .incomplete(let reason): return .incomplete(reason, since: standing.since)
    case .doubtful(_, let patience): needed = max(quiet, patience)
    case .complete: needed = quiet
    }
    if standing.observations >= 2, now >= standing.since + needed { return .ready }
    return .wait(until: max(standing.since + needed, now))
  }

  /// Forgets a checkpoint that is gone or taken.
  public mutating func forget(_ path: String) { standings[path] = nil }
}
