// A checkpoint between first sight and report, and the order in which such are taken.

internal import Ledger
internal import Watching

struct Pending {
  enum Stage: Hashable {
    /// It must stay unchanged until then.
    case settling(until: Duration)
    /// Something is missing; hints and scans tell when it is whole.
    case incomplete(reason: String, since: Duration)
    /// It waits for a worker.
    case queued
    /// A worker is at it.
    case working
    /// It is tried again then, or when it changes.
    case postponed(until: Duration, reason: String)
    /// Its run's settings are wrong; looked at again then.
    case held(until: Duration, reason: String)
  }

  var candidate: Candidate
  /// Number of its root.
  let root: Int
  /// Its run's name.
  var run: String
  var stage: Stage
  /// Which life of its run it is of, where that is told.
  var life = 0
  let firstSeen: Duration
  var backoff = Backoff()
  /// Workers that failed on this content.
  var failures = 0
  /// Since when workers have said "not yet" of this content.
  var notYetSince: Duration?

  /// When something is to be done without a hint.
  func due(givingUpAfter patience: Duration) -> Duration? {
    switch stage {
    case .settling(let until), .postponed(let until, _), .held(let until, _): until
    case .incomplete(_, let since): since + patience
    case .queued, .working: nil
    }
  }

  /// The one to take next: of each run the first of its earliest life, and of those the lowest step.
  static func next(of queued: [Pending]) -> Pending? {
    let runs = Dictionary(grouping: queued, by: \.candidate.runDirectory).values
    let firsts = runs.compactMap { run in
      run.min {
        $0.life == $1.life ? comesBefore($0.candidate, $1.candidate) : $0.life < $1.life
      }
    }
    return firsts.min { comesBefore($0.candidate, $1.candidate) }
  }

  /// Lower steps first, so that a run's reports come in its own order; then by path.
  static func comesBefore(_ left: Candidate, _ right: Candidate) -> Bool {
    let (first, second) = (left.stepInName ?? .max, right.stepInName ?? .max)
    return first == second ? left.path < right.path : first < second
  }
}
