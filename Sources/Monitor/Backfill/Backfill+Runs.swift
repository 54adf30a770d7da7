// What runs are called, and what is said about them.

internal import Diagnostics
internal import Ledger
internal import Watching

extension Backfill {
  /// A run, by what is said about it and where it lies.
  struct KnownRun {
    let name: String
    let settings: RunSettings
  }

  /// The runs as they are come upon, by their folders.
  struct FoundRuns {
    private(set) var known: [String: KnownRun] = [:]
    private var held: Set<String> = []
    /// What holds the first of those back that are.
    private(set) var firstHeld: Problem?
    /// What the runs are called, in the order in which they were come upon.
    private(set) var names: [String] = []

    func isNew(_ directory: String) -> Bool {
      known[directory] == nil && !held.contains(directory)
    }

    mutating func know(_ directory: String, _ run: KnownRun) {
      known[directory] = run
      name(run.name)
    }

    /// Holds one back, and says why; the first is not told here, it is thrown in the end.
    mutating func hold(_ directory: String, _ problem: Problem) -> String? {
      held.insert(directory)
      guard firstHeld != nil else {
        firstHeld = problem
        return nil
      }
      return problem.description
    }

    mutating func name(_ run: String) {
      if !names.contains(run) { names.append(run) }
    }
  }

  /// Takes note of all checkpoints of one folder.
  ///
  /// - Throws: as `knownRun`.
  func observe(_ candidates: [Candidate], _ ledger: Ledger) throws(Problem) -> KnownRun {
    let run = try knownRun(in: candidates[0].runDirectory, ledger)
    for candidate in candidates { try observe(candidate, run, ledger) }
    return run
  }

  @discardableResult
  func observe(_ candidate: Candidate, _ run: KnownRun, _ ledger: Ledger) throws(Problem) -> Entry {
    try ledger.observe(
      path: candidate.path, run: ledger.run(ofCheckpoint: candidate.path, in: run.name),
      fingerprint: .init(candidate.fingerprint.text))
  }

  /// - Throws: `run-name-taken`, `reports-of-another`, and what is wrong with the run's settings.
  func knownRun(in directory: String, _ ledger: Ledger) throws(Problem) -> KnownRun {
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
}
