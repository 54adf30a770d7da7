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

  private let folder: String
  private let reports: String
  private let options: [String]
  private let probe: Probe?
  private let worker: String

  /// What is measured with.
  public struct Probe: Sendable {
    let digest: String
    let labels: String?

    /// - Parameters:
    ///   - digest: of graph and batch, as reports have it.
    ///   - labels: `exact` or `sampled` if one of them is asked for.
    public init(digest: String, labels: String?) {
      self.digest = digest
      self.labels = labels
    }
  }

  /// - Parameters:
  ///   - folder: a run's folder, or one with runs below it.
  ///   - reports: the report folder; what backfill knows is kept in a hidden folder there.
  ///   - options: further options of `plasticityd probe`.
  ///   - probe: checkpoints that were measured without it, or with another, are measured again.
  public init(folder: String, reports: String, options: [String], probe: Probe? = nil) {
    self.folder = RealPath.resolve(RealPath.absolute(folder))
    self.reports = RealPath.resolve(RealPath.absolute(reports))
    self.options = options
    self.probe = probe
    worker = WorkerCommand.ownExecutable()
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
  /// - Throws: `nothing-found` when the folder holds no checkpoints, `run-name-taken`, or what stops all of
  ///   it. A bad checkpoint is a rejected report and does not stop the others.
  public func run(_ progress: (Progress) -> Void) throws(Problem) -> [Run] {
    let candidates = try candidates()
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
    let fileSystem = PosixFileSystem()
    try DurableFile.makeDirectory(reports, on: fileSystem)
    let ledger = try Ledger.open(
      directory: Path.join(reports, ".backfill"), fileSystem: fileSystem)
    let recorder = ReportRecorder(reports: reports, ledger: ledger, fileSystem: fileSystem)
    try recorder.recover()

    // All at once: a series must not be judged by two kinds of evidence on the way.
    for candidate in candidates {
      guard let entry = try ledger.entry(path: candidate.path), entry.state == .done,
        try isOtherwise(entry, ledger)
      else { continue }
      try recorder.forget(entry)
    }

    let start = BootClock.now()
    var measured = 0
    var names: [String: String] = [:]
    var runs: [String] = []
    for (position, candidate) in candidates.enumerated() {
      let directory = candidate.runDirectory
      let name: String
      if let known = names[directory] {
        name = known
      } else {
        name = try self.name(ofRunIn: directory, ledger)
        names[directory] = name
        runs.append(name)
      }
      let entry = try ledger.observe(
        path: candidate.path, run: name, fingerprint: .init(candidate.fingerprint.text))
      var problem: String?
      if entry.state != .done {
        problem = try measure(entry, recorder, ledger)
        measured += 1
        try recorder.flushDue()
      }
      progress(
        Progress(
          finished: position + 1, total: candidates.count, path: candidate.path, problem: problem,
          seconds: (BootClock.now() - start).inSeconds, measured: measured))
    }
    try recorder.flush()
    let paths = ReportPaths(root: reports)
    return runs.map { Run(name: $0, reports: paths.folder(run: $0)) }
  }

  private func candidates() throws(Problem) -> [Candidate] {
    do throws(Problem) {
      return try Scanner(root: folder).scan().candidates.sorted(by: Self.precedes)
    } catch  where error.code == "root-missing" {
      let isThere = FileSystemNames.exists(folder)
      throw Problem(
        "no-such-folder", at: folder, isThere ? "it is no folder" : "it is not there",
        remedy: "name the folder that the training writes its checkpoints to; one checkpoint is "
          + "measured by plasticityd probe", kind: .noInput)
    }
  }

  /// By run and step; checkpoints that are named another way come together, since they may count another way.
  private static func precedes(_ one: Candidate, _ other: Candidate) -> Bool {
    let (a, b) = (one.stepInName, other.stepInName)
    if one.runDirectory != other.runDirectory { return one.runDirectory < other.runDirectory }
    guard let a, let b else { return a == nil && b == nil ? one.path < other.path : a != nil }
    return (stem(one), a, one.path) < (stem(other), b, other.path)
  }

  /// A name without its numbers.
  private static func stem(_ candidate: Candidate) -> String {
    candidate.name.filter { !$0.isASCII || !$0.isNumber }
  }

  /// The run's place below the parent of what was named; and with as many more folders in front as it takes to
  /// be told from another run that is still there: `control-seed1` of two experiments are two runs.
  ///
  /// - Throws: `run-name-taken` where no folder is left.
  private func name(ofRunIn directory: String, _ ledger: Ledger) throws(Problem) -> String {
    var above = Path.parent(folder)
    var owner: String?
    while let name = Path.relative(directory, to: above), !name.isEmpty {
      owner = try ledger.owner(ofRun: name, besides: directory, isThere: FileSystemNames.exists)
      if owner == nil { return name }
      if above == "/" { break }
      above = Path.parent(above)
    }
    throw Problem(
      "run-name-taken", at: directory,
      "these reports have a run of that name already, of \(owner ?? "/")",
      remedy: "give --reports a folder of its own", kind: .usage)
  }

  /// Whether a checkpoint's report was made by other means than are asked for now.
  private func isOtherwise(_ entry: Entry, _ ledger: Ledger) throws(Problem) -> Bool {
    guard let probe, let digest = entry.digest,
      let known = try ledger.measurement(run: entry.run, digest: digest)
    else { return false }
    let row = try SeriesRow(yaml: known.document, path: known.reportPath)
    // A probe that did not fit may fit now.
    guard let used = row.probe?.split(separator: " "), used.count > 1 else { return true }
    return used[0] != probe.digest || probe.labels.map { used[1] != $0 } ?? false
  }

  /// Why the checkpoint was not reported, or nil. A worker that something else ended has a second try.
  private func measure(_ entry: Entry, _ recorder: ReportRecorder, _ ledger: Ledger)
    throws(Problem) -> String?
  {
    try ledger.settled(entry.id)
    var arguments = ["probe", entry.path, "--kept", "--run=\(entry.run)"] + options
    let standing = try recorder.standing(of: entry.run, at: entry.path)
      .keepingPrevious(where: FileSystemNames.exists)
    if let previous = standing.previous { arguments += ["--previous", previous] }
    if let bits = standing.referenceEntropyBits {
      arguments += ["--reference-entropy-bits", String(bits)]
    }
    let command = WorkerCommand(
      executable: worker, arguments: arguments, environment: WorkerCommand.environment())
    var isLast = false
    while true {
      try ledger.started(entry.id)
      switch WorkerVerdict(WorkerProcess().run(command, timeout: .seconds(3600))) {
      case .record(let document):
        do throws(Problem) {
          try recorder.record(document, of: entry)
          return nil
        } catch {
          guard error.kind == .data || error.kind == .software else { throw error }
          return try reject(entry.path, error.code, error.description, recorder, ledger)
        }
      case .hold(let line):
        // The probe is wrong: so it would be for every other checkpoint.
        throw Problem(
          "probe-refused", at: entry.path, line, remedy: "mend the probe and run it again",
          kind: .configuration)
      case .retry(let code, let reason):
        if isLast { return try reject(entry.path, code, reason, recorder, ledger) }
        isLast = true
      case .reject(let code, let reason):
        return try reject(entry.path, code, reason, recorder, ledger)
      case .postpone(let reason):
        let code = String(reason.prefix { $0 != ":" })
        return try reject(entry.path, code, reason, recorder, ledger)
      case .abandon: return "the worker was stopped"
      }
    }
  }

  private func reject(
    _ path: String, _ code: String, _ reason: String, _ recorder: ReportRecorder, _ ledger: Ledger
  ) throws(Problem) -> String {
    if let entry = try ledger.entry(path: path) {
      try recorder.reject(entry, code: code, reason: reason)
    }
    return reason.contains(path) ? reason : "\(path): \(reason)"
  }
}
