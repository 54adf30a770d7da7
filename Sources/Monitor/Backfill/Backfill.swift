// A finished run into a report folder: the same workers, recorder and documents as the daemon's,
// without watching.

public import Diagnostics
import Ledger
import Reports
import Watching

/// Measures every checkpoint of a folder, in order of the step in its name.
public struct Backfill {
  /// What is known after each checkpoint.
  public struct Progress: Sendable {
    /// Checkpoints ended, one way or the other.
    public let finished: Int
    /// Checkpoints in all.
    public let total: Int
    /// The checkpoint that ended last.
    public let path: String
    /// Why it was not reported, if it was not.
    public let problem: String?
    /// Seconds since the start.
    public let seconds: Double
    /// Checkpoints that were measured now, not known from before.
    public let measured: Int
  }

  let folder: String
  let reports: String
  let threads: Int
  let probe: Probe?
  let labels: String?
  let worker: String

  /// What is measured with.
  public struct Probe: Sendable {
    let folder: String
    let digest: String?

    /// - Parameter digest: of graph and batch, as reports have it; nil where nothing is to be measured again.
    public init(folder: String, digest: String? = nil) {
      self.folder = folder
      self.digest = digest
    }
  }

  /// - Parameters:
  ///   - folder: a run's folder, or one with runs below it; what a run's plasticity.yaml says holds here too.
  ///   - reports: the report folder; what backfill knows is kept in a hidden folder there.
  ///   - threads: of each worker.
  ///   - probe: in place of the runs' own; checkpoints that were measured without it, or with another, are
  ///     measured again.
  ///   - labels: `exact` or `sampled`, in place of what runs and probe say.
  public init(
    folder: String, reports: String, threads: Int = 2, probe: Probe? = nil, labels: String? = nil
  ) {
    self.folder = RealPath.resolve(RealPath.absolute(folder))
    self.reports = RealPath.resolve(RealPath.absolute(reports))
    self.threads = threads
    self.probe = probe
    self.labels = labels
    worker = ProgramCommand.ownExecutable()
  }

  /// A run whose checkpoints were measured.
  public struct Run: Sendable {
    /// What it is called in documents.
    public let name: String
    /// The folder of its reports.
    public let reports: String
  }

  /// Runs, and returns the runs that it found.
  ///
  /// - Throws: `nothing-found` when the folder holds no checkpoints, or what stops all of it; when all that
  ///   can be is done, what holds one of the runs back: `run-name-taken`, `reports-of-another`, or a mistake in
  ///   its settings. A bad checkpoint is a rejected report and does not stop the others.
  public func run(_ progress: (Progress) -> Void) throws(Problem) -> [Run] {
    let (candidates, links) = try found()
    try check(candidates)
    let fileSystem = PosixFileSystem()
    try DurableFile.makeDirectory(reports, on: fileSystem)
    let ledger = try Ledger.open(
      directory: Path.join(reports, ".backfill"), fileSystem: fileSystem)
    let recorder = ReportRecorder(reports: reports, ledger: ledger, fileSystem: fileSystem)
    try recorder.recover()

    let start = BootClock.now()
    let folders = Dictionary(grouping: candidates, by: \.runDirectory)
    var measured = 0
    var runs = FoundRuns()
    for (position, candidate) in candidates.enumerated() {
      let directory = candidate.runDirectory
      var problem: String?
      if runs.isNew(directory) {
        do throws(Problem) {
          // All names, before the first is measured: they tell whether networks were saved side by side.
          runs.know(directory, try observe(folders[directory] ?? [candidate], ledger))
        } catch {
          problem = runs.hold(directory, error)
        }
      }
      if let run = runs.known[directory] {
        var entry = try observe(candidate, run, ledger)
        let isOtherwise = try isOtherwise(entry, run.settings, ledger)
        if entry.state != .done || isOtherwise {
          problem = try measure(&entry, run.settings, recorder, ledger, again: isOtherwise)
          measured += 1
          try recorder.flushDue()
        }
        runs.name(entry.run)
      } else if problem == nil {
        continue
      }
      progress(
        Progress(
          finished: position + 1, total: candidates.count, path: candidate.path, problem: problem,
          seconds: (BootClock.now() - start).inSeconds, measured: measured))
    }
    for link in links {
      guard let entry = try ledger.entry(path: link.target), entry.state == .done else { continue }
      try recorder.alias(link.path, of: entry)
    }
    try recorder.flush()
    if let firstHeld = runs.firstHeld { throw firstHeld }
    let paths = ReportPaths(root: reports)
    return runs.names.map { Run(name: $0, reports: paths.folder(run: $0)) }
  }

  private func check(_ candidates: [Candidate]) throws(Problem) {
    guard !candidates.isEmpty else {
      throw Problem(
        "nothing-found", at: folder, "no checkpoints there",
        remedy: "name the folder that the training writes its checkpoints to", kind: .noInput)
    }
    guard Path.relative(reports, to: folder) == nil else {
      throw Problem(
        "folder-inside-root", at: reports, "the report folder lies in the folder of checkpoints",
        remedy:
          "give --reports a folder somewhere else: nothing is ever written beside checkpoints",
        kind: .usage)
    }
  }
}
