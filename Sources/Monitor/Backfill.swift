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
  private let threads: Int
  private let probe: Probe?
  private let labels: String?
  private let worker: String

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
  /// - Throws: `nothing-found` when the folder holds no checkpoints, or what stops all of it; when all that
  ///   can be is done, what holds one of the runs back: `run-name-taken`, `reports-of-another`, or a mistake in
  ///   its settings. A bad checkpoint is a rejected report and does not stop the others.
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

    let start = BootClock.now()
    var measured = 0
    var known: [String: KnownRun] = [:]
    var held: [String: Problem] = [:]
    var firstHeld: Problem?
    var runs: [String] = []
    for (position, candidate) in candidates.enumerated() {
      let directory = candidate.runDirectory
      if known[directory] == nil, held[directory] == nil {
        do throws(Problem) {
          let run = try knownRun(in: directory, ledger)
          known[directory] = run
          runs.append(run.name)
        } catch {
          held[directory] = error
          // The first is what is thrown in the end.
          if firstHeld != nil {
            progress(
              Progress(
                finished: position + 1, total: candidates.count, path: candidate.path,
                problem: error.description, seconds: (BootClock.now() - start).inSeconds,
                measured: measured))
          }
          firstHeld = firstHeld ?? error
        }
      }
      guard let run = known[directory] else { continue }
      let entry = try ledger.observe(
        path: candidate.path, run: run.name, fingerprint: .init(candidate.fingerprint.text))
      var problem: String?
      let isOtherwise = try isOtherwise(entry, ledger)
      if entry.state != .done || isOtherwise {
        problem = try measure(entry, run.settings, recorder, ledger, again: isOtherwise)
        measured += 1
        try recorder.flushDue()
      }
      progress(
        Progress(
          finished: position + 1, total: candidates.count, path: candidate.path, problem: problem,
          seconds: (BootClock.now() - start).inSeconds, measured: measured))
    }
    try recorder.flush()
    if let firstHeld { throw firstHeld }
    let paths = ReportPaths(root: reports)
    return runs.map { Run(name: $0, reports: paths.folder(run: $0)) }
  }

  private func candidates() throws(Problem) -> [Candidate] {
    do throws(Problem) {
      let found = try Scanner(root: folder).scan().candidates
      let lives = Lives.byPath(found)
      return found.sorted { Self.precedes($0, $1, lives) }
    } catch  where error.code == "root-missing" {
      let isThere = FileSystemNames.exists(folder)
      throw Problem(
        "no-such-folder", at: folder, isThere ? "it is no folder" : "it is not there",
        remedy: "name the folder that the training writes its checkpoints to; one checkpoint is "
          + "measured by plasticityd probe", kind: .noInput)
    }
  }

  /// By run, by its lives where it was resumed, and by step; otherwise checkpoints that are named another way come
  /// together, since they may count another way.
  private static func precedes(
    _ one: Candidate, _ other: Candidate, _ lives: [String: Int]
  ) -> Bool {
    let (a, b) = (one.stepInName, other.stepInName)
    if one.runDirectory != other.runDirectory { return one.runDirectory < other.runDirectory }
    guard let a, let b else { return a == nil && b == nil ? one.path < other.path : a != nil }
    if let life = lives[one.path], let otherLife = lives[other.path] {
      return (life, a, one.path) < (otherLife, b, other.path)
    }
    return (stem(one), a, one.path) < (stem(other), b, other.path)
  }

  /// A name without its numbers.
  private static func stem(_ candidate: Candidate) -> String {
    candidate.name.filter { !$0.isASCII || !$0.isNumber }
  }

  /// A run, by what is said about it and where it lies.
  private struct KnownRun {
    let name: String
    let settings: RunSettings
  }

  /// - Throws: `run-name-taken`, `reports-of-another`, and what is wrong with the run's settings.
  private func knownRun(in directory: String, _ ledger: Ledger) throws(Problem) -> KnownRun {
    var settings = RunSettings()
    do throws(Problem) {
      settings = try RunSettings.load(runDirectory: directory, probes: [:])
    } catch {
      // The daemon's configuration may name probes that nobody knows here.
      guard probe != nil, error.code == "probe-missing" else { throw error }
    }
    let name: String
    if let stated = settings.name {
      name = stated
    } else {
      name = try self.name(ofRunIn: directory, ledger)
    }
    if let owner = try ledger.owner(
      ofRun: name, besides: directory, isThere: FileSystemNames.exists)
    {
      throw taken(name, directory, by: owner)
    }
    let paths = ReportPaths(root: reports)
    if try ledger.entries(run: name).isEmpty, FileSystemNames.exists(paths.runReport(name)) {
      throw Problem(
        "reports-of-another", at: paths.folder(run: name),
        "another program, such as the daemon, has written reports of a run of that name",
        remedy: "give --reports a folder of its own", kind: .usage)
    }
    return KnownRun(name: name, settings: settings)
  }

  private func taken(_ name: String, _ directory: String, by owner: String) -> Problem {
    Problem(
      "run-name-taken", at: directory,
      "these reports have a run called \"\(name)\" already, of \(owner)",
      remedy: "give --reports a folder of its own", kind: .usage)
  }

  /// The run's place below the parent of what was named; and with as many more folders in front as it takes to
  /// be told from another run that is still there: `control-seed1` of two experiments are two runs.
  ///
  /// - Throws: `run-name-taken` where no folder is left.
  private func name(ofRunIn directory: String, _ ledger: Ledger) throws(Problem) -> String {
    var above = Path.parent(folder)
    var last = (name: "", owner: "/")
    while let name = Path.relative(directory, to: above), !name.isEmpty {
      let owner = try ledger.owner(
        ofRun: name, besides: directory, isThere: FileSystemNames.exists)
      guard let owner else { return name }
      last = (name, owner)
      if above == "/" { break }
      above = Path.parent(above)
    }
    throw taken(last.name, directory, by: last.owner)
  }

  /// Whether a checkpoint's report was made by other means than are asked for now.
  private func isOtherwise(_ entry: Entry, _ ledger: Ledger) throws(Problem) -> Bool {
    guard let wanted = probe?.digest, let digest = entry.digest,
      let known = try ledger.measurement(run: entry.run, digest: digest)
    else { return false }
    let row = try SeriesRow(yaml: known.document, path: known.reportPath)
    // A probe that did not fit may fit now.
    guard let used = row.probe?.split(separator: " "), used.count > 1 else { return true }
    return used[0] != wanted || labels.map { used[1] != $0 } ?? false
  }

  /// Why the checkpoint was not reported, or nil. A worker that something else ended has a second try.
  ///
  /// - Parameter again: whether what is known of it gives way to what is measured now.
  private func measure(
    _ entry: Entry, _ settings: RunSettings, _ recorder: ReportRecorder, _ ledger: Ledger,
    again: Bool
  ) throws(Problem) -> String? {
    try ledger.settled(entry.id)
    var arguments = ["probe", entry.path, "--kept", "--run=\(entry.run)", "--threads=\(threads)"]
    func add(_ option: String, _ value: (some CustomStringConvertible)?) {
      if let value { arguments.append("\(option)=\(value)") }
    }
    add("--probe", probe?.folder ?? settings.probe)
    let stated = settings.labels.flatMap { $0 == .auto ? nil : $0.rawValue }
    add("--labels", labels ?? stated)
    arguments += settings.training.options
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
          try recorder.record(document, of: entry, again: again)
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
