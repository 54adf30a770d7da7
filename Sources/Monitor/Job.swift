// One checkpoint on its way to a report.

public import Ledger
public import Watching

/// Which run a checkpoint belongs to.
public struct RunIdentity: Sendable, Hashable {
  /// The name that reports carry: the path under the root, or what the settings say.
  public let name: String
  /// The folder that holds the checkpoints.
  public let directory: String

  /// Names a run.
  public init(name: String, directory: String) {
    self.name = name
    self.directory = directory
  }
}

/// What is to be done with one checkpoint.
public struct Job: Sendable, Hashable {
  /// The checkpoint.
  public let candidate: Candidate
  /// Its run.
  public let run: RunIdentity
  /// Its line in the ledger.
  public let entry: Entry
  /// What the run's own settings say.
  public let settings: RunSettings
  /// The probe's folder, when there is one.
  public let probe: String?
  /// When it was first seen, in time since boot.
  public let firstSeen: Duration

  /// States a job.
  public init(
    candidate: Candidate, run: RunIdentity, entry: Entry, settings: RunSettings, probe: String?,
    firstSeen: Duration
  ) {
    self.candidate = candidate
    self.run = run
    self.entry = entry
    self.settings = settings
    self.probe = probe
    self.firstSeen = firstSeen
  }
}
