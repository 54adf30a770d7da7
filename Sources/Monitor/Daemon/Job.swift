// One checkpoint on its way through a worker.

internal import Ledger
internal import Watching

struct Job: Sendable, Hashable {
  let candidate: Candidate
  let entry: Entry
  /// What the run's own settings say.
  let settings: RunSettings
  /// The probe's folder, when there is one.
  let probe: String?
}
