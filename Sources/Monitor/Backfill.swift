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
  private let worker: String

  /// - Parameters:
  ///   - folder: a run's folder, or one with runs below it.
  ///   - reports: the report folder; what backfill knows is kept in a hidden folder there.
  ///   - options: further options of `plasticityd probe`.
  public init(folder: String, reports: String, options: [String]) {
    self.folder = RealPath.resolve(RealPath.absolute(folder))
    self.reports = RealPath.resolve(RealPath.absolute(reports))
    self.options = options
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
    let candidates = try Scanner(root: folder).scan().candidates.sorted(by: Self.precedes)
    guard !candidates.isEmpty else {
      throw Problem(
        "nothing-found", at: folder, "no checkpoints there",
        remedy: "name the folder that the training writes its checkpoints to", kind: .noInput)
    }
    let fileSystem = PosixFileSystem()
    try DurableFile.makeDirectory(reports, on: fileSystem)
    let ledger = try Ledger.open(
      directory: Path.join(reports, ".backfill"), fileSystem: fileSystem)
    let recorder = ReportRecorder(reports: reports, ledger: ledger, fileSystem: fileSystem)
    try recorder.recover()

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

  /// Why the checkpoint was not reported, or nil.
  private func measure(_ entry: Entry, _ recorder: ReportRecorder, _ ledger: Ledger)
    throws(Problem) -> String?
  {
    try ledger.settled(entry.id)
    _ = try ledger.started(entry.id)
    var arguments = ["probe", entry.path, "--kept", "--run", entry.run] + options
    let standing = try recorder.standing(of: entry.run, at: entry.path)
      .keepingPrevious(where: FileSystemNames.exists)
    if let previous = standing.previous { arguments += ["--previous", previous] }
    if let bits = standing.referenceEntropyBits {
      arguments += ["--reference-entropy-bits", String(bits)]
    }
    let outcome = WorkerProcess().run(
      WorkerCommand(
        executable: worker, arguments: arguments, environment: WorkerCommand.environment()),
      timeout: .seconds(3600))
    switch outcome {
    case .document(let document):
      do throws(Problem) {
        try recorder.record(document, of: entry)
        return nil
      } catch {
        guard error.kind == .data || error.kind == .software else { throw error }
        try recorder.reject(entry, code: error.code, reason: error.description)
        return error.description
      }
    case .refused(let code, let line)
    where code == Problem.Kind.configuration.rawValue
      || code == Problem.Kind.usage.rawValue:
      // The probe or the options are wrong: so they would be for every other checkpoint.
      throw Problem(
        "probe-refused", at: entry.path, line, remedy: "mend the probe and run it again",
        kind: .configuration)
    default:
      let (code, reason) = Self.explanation(outcome)
      try recorder.reject(entry, code: code, reason: reason)
      return reason
    }
  }

  private static func explanation(_ outcome: WorkerOutcome) -> (code: String, reason: String) {
    switch outcome {
    case .refused(let code, let line):
      (String(line.prefix { $0 != ":" }), line.isEmpty ? "exit code \(code)" : line)
    case .crashed(let signal, let line):
      ("worker-crashed", "the worker ended by signal \(signal) \(line)")
    case .timedOut(let time): ("worker-timeout", "the worker was killed after \(time)")
    case .tooLarge(let bytes): ("worker-output-too-large", "it said more than \(bytes) bytes")
    case .notStarted(let problem): (problem.code, problem.description)
    case .cancelled, .document: ("worker-cancelled", "the worker was stopped")
    }
  }
}
