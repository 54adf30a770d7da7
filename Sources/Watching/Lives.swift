// A run that is resumed from an earlier checkpoint writes steps anew beside those of its first life
// (Lightning's `step=512-v1.ckpt`). Names do not tell the two apart; the times of writing do.

/// Which life of its run a checkpoint belongs to.
public enum Lives {
  /// A run that is resumed more often than this in one folder is none; its times are a copy's.
  private static let most = 8

  /// By path, counted from 0; a run whose names or times tell of one life only is not in it.
  ///
  /// Times are believed where steps occur twice and, in the order of writing, go back a few times only; where
  /// each life has several checkpoints; and where they took seconds to write, as no copy does.
  public static func byPath(_ candidates: [Candidate]) -> [String: Int] {
    var lives: [String: Int] = [:]
    // Names of another kind are another series.
    let series = Dictionary(grouping: candidates) {
      [$0.runDirectory, CheckpointNames.family(ofName: $0.name)]
    }
    for (_, run) in series {
      lives.merge(ofRun(run), uniquingKeysWith: { first, _ in first })
    }
    return lives
  }

  private static func ofRun(_ candidates: [Candidate]) -> [String: Int] {
    let written = candidates.compactMap { candidate in
      candidate.stepInName.map { step in
        (path: candidate.path, step: step, time: candidate.fingerprint.modifiedNanoseconds)
      }
    }.sorted { ($0.time, $0.step, $0.path) < ($1.time, $1.step, $1.path) }
    let repeated = written.count - Set(written.map(\.step)).count
    guard repeated > 0, let first = written.first, let last = written.last else { return [:] }
    let (span, overflow) = last.time.subtractingReportingOverflow(first.time)
    guard !overflow, span / Int64(written.count) >= 1_000_000_000 else { return [:] }
    var lives: [[String]] = [[first.path]]
    for (before, now) in zip(written, written.dropFirst()) {
      if now.step < before.step {
        lives.append([now.path])
      } else {
        lives[lives.count - 1].append(now.path)
      }
    }
    guard (2...most).contains(lives.count), lives.count - 1 <= repeated,
      lives.allSatisfy({ $0.count > 1 })
    else { return [:] }
    let numbered = lives.enumerated().flatMap { life, paths in paths.map { ($0, life) } }
    return Dictionary(numbered, uniquingKeysWith: { first, _ in first })
  }
}
