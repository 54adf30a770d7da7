// From the queue to the report: one worker at a time, lower steps first.

internal import Diagnostics
internal import Ledger
internal import Reports
internal import Watching

extension Daemon {
  // A worker cannot take the daemon with it, but what it says might: after so many starts without
  // an end the checkpoint is given up (reliability.md).
  private static let startLimit = 12

  /// Starts a worker on the first checkpoint of the queue, if none is at work.
  func startNextWorker() {
    while worker == nil, BootClock.now() >= recording.until {
      let queued = pending.values.filter { $0.stage == .queued && !roots[$0.root].isMissing }
      guard let next = Pending.next(of: queued) else { return }
      do throws(Problem) {
        try start(next)
      } catch {
        trouble(error)
      }
    }
  }

  private func start(_ next: Pending) throws(Problem) {
    let candidate = next.candidate
    let settings: RunSettings
    let run: String
    do throws(Problem) {
      settings = try runSettings(of: candidate.runDirectory, in: next.root)
      let folderRun = try claimRunName(settings, candidate.runDirectory, next.root)
      run = try ledger.run(ofCheckpoint: candidate.path, in: folderRun)
    } catch {
      // A root that does not answer holds all of it back already.
      if !roots[next.root].isMissing { hold(next, error.description) }
      return
    }
    pending[candidate.path]?.run = run
    var entry = try ledger.observe(
      path: candidate.path, run: run, fingerprint: .init(candidate.fingerprint.text))
    if [.done, .rejected, .missed].contains(entry.state) { return finish(candidate) }
    let attempts = try ledger.started(entry.id)
    entry = try ledger.entry(path: candidate.path) ?? entry
    if attempts > Self.startLimit {
      return try refuse(
        candidate, entry, code: "too-many-starts",
        reason: "\(attempts - 1) workers were started on it and none came to an end")
    }
    let job = Job(
      candidate: candidate, entry: entry, settings: settings,
      probe: settings.probe ?? roots[next.root].settings.probe)
    let options = ProgramCommand.options(
      for: job, standing: try standing(of: entry.run, at: entry.path), configuration)
    let command = ProgramCommand(
      executable: parts.workerExecutable, arguments: ["probe", candidate.path] + options,
      environment: ProgramCommand.environment())
    let child = waitingWorker(for: candidate.path, options: options)
    let timeout = BoundedProcess.timeout(
      bytes: candidate.fingerprint.bytes, least: .seconds(configuration.worker.timeoutSeconds))
    let (worker, mailbox) = (BoundedProcess(), mailbox)
    try DedicatedThread.start("worker") {
      mailbox.post(.workerEnded(job: job, worker.run(command, as: child, timeout: timeout)))
    }
    self.worker = worker
    pending[candidate.path]?.stage = .working
    status.working = candidate.path
    parts.log(.debug, "started on \(candidate.path)")
  }

  /// What a worker's end leads to.
  func take(_ outcome: ProcessOutcome, of job: Job) {
    worker = nil
    status.working = nil
    let verdict = WorkerVerdict(
      outcome, memoryLimitMebibytes: configuration.worker.memoryLimitMebibytes)
    switch outcome {
    case .crashed, .timedOut, .tooLarge: status.counters.workersLost += 1
    default: break
    }
    do throws(Problem) {
      try act(on: verdict, job)
    } catch {
      trouble(error)
      again(job, at: recording.until, error.description, settled: true)
    }
  }

  private func act(on verdict: WorkerVerdict, _ job: Job) throws(Problem) {
    let path = job.candidate.path
    if verdict == .abandon {
      pending[path]?.stage = .settling(until: BootClock.now())
      return try ledger.postpone(
        job.entry.id, reason: stopsBy == nil ? "its root does not answer" : "the daemon stopped",
        countsAttempt: false)
    }
    guard let known = pending[path] else { return }
    guard try ledger.entry(path: path)?.id == job.entry.id else {
      // The ledger was begun afresh meanwhile: this line is not in it.
      pending[path]?.stage = .settling(until: BootClock.now())
      return
    }
    let seen = look(at: job.candidate, in: known.root)
    let now = seen ?? nil
    if let now, now.fingerprint != job.candidate.fingerprint {
      // Written to while it was read: whatever was found belongs to neither version.
      try ledger.postpone(
        job.entry.id, reason: "it changed while it was read", to: .seen, countsAttempt: false)
      pending[path]?.candidate = now
      pending[path]?.failures = 0
      pending[path]?.stage = .settling(until: BootClock.now())
      return
    }
    if seen == nil, !verdict.isReport {
      // Its root does not answer: what the worker says of the file is the mount's fault.
      try ledger.postpone(
        job.entry.id, reason: "the root does not answer", to: .seen, countsAttempt: false)
      pending[path]?.stage = .settling(until: BootClock.now())
      return
    }
    switch verdict {
    case .record(let document):
      // A checkpoint that went away while it was read was still read whole.
      try record(document, job)
    case .reject(let code, let reason):
      if now == nil, !exists(path, in: known.root) { return drop(known) }
      try refuse(job.candidate, job.entry, code: code, reason: reason)
    case .retry(let code, let reason):
      if now == nil, !exists(path, in: known.root) { return drop(known) }
      pending[path]?.failures += 1
      if known.failures >= 1 {
        return try refuse(job.candidate, job.entry, code: code, reason: reason)
      }
      parts.log(.warning, "\(path): \(reason); once more")
      status.counters.retried += 1
      try ledger.postpone(job.entry.id, reason: reason)
      pending[path]?.stage = .queued
    case .postpone(let reason):
      if now == nil, !exists(path, in: known.root) { return drop(known) }
      try ledger.postpone(job.entry.id, reason: reason, countsAttempt: false)
      let since = known.notYetSince ?? BootClock.now()
      pending[path]?.notYetSince = since
      if BootClock.now() >= since + incompletePatience { return giveUp(known, reason) }
      pending[path]?.backoff.failed(at: BootClock.now(), longest: longestPause(since))
      let until = pending[path]?.backoff.until ?? BootClock.now()
      parts.log(.debug, "\(path): not now: \(reason)")
      pending[path]?.stage = .postponed(until: until, reason: reason)
    case .hold(let reason):
      try ledger.postpone(job.entry.id, reason: reason, countsAttempt: false)
      hold(known, reason)
    case .abandon: break
    }
  }

  /// At most 5 min, and once when it is time to give up.
  private func longestPause(_ since: Duration) -> Duration {
    min(.seconds(300), max(.seconds(1), since + incompletePatience - BootClock.now()))
  }

  /// Whether something waits for a worker that could be started.
  var hasWork: Bool {
    pending.values.contains { $0.stage == .queued && !roots[$0.root].isMissing }
  }

  private func record(_ document: [UInt8], _ job: Job) throws(Problem) {
    let path = job.candidate.path
    do throws(Problem) {
      if try recorder.record(document, of: job.entry) == nil {
        let run = try ledger.entry(path: path)?.run ?? job.entry.run
        parts.log(
          .info,
          run == job.entry.run
            ? "the series beside \(path) is a run of its own from here on"
            : "\(path) is of another series than \(job.entry.run): its run is \(run)")
        return try beginAgain(job)
      }
    } catch {
      guard error.kind == .data || error.kind == .software else { throw error }
      return try refuse(
        job.candidate, job.entry, code: error.code, reason: error.description)
    }
    recovered()
    status.counters.reported += 1
    let waited = pending[path].map { (BootClock.now() - $0.firstSeen).inSeconds } ?? 0
    let milliseconds = Int((waited * 1_000).rounded())
    parts.log(.info, "reported \(path) of \(job.entry.run) after \(milliseconds) ms")
    finish(job.candidate)
    anticipate(after: job)
    nameLinks(to: path)
  }

  /// All that lies beside a checkpoint is looked at anew, in its order: some of it has to be measured again.
  private func beginAgain(_ job: Job) throws(Problem) {
    let folder = job.candidate.runDirectory
    try ledger.postpone(
      job.entry.id, reason: "it is measured against its own series", to: .seen,
      countsAttempt: false)
    for (path, known) in pending where known.candidate.runDirectory == folder {
      switch known.stage {
      case .working, .queued, .settling: break
      case .incomplete, .postponed, .held: continue
      }
      if let name = knownRunName(folder) {
        pending[path]?.run = try ledger.run(ofCheckpoint: path, in: name)
      }
      pending[path]?.stage = .settling(until: BootClock.now())
      settling.forget(path)
    }
    finished = finished.filter { Path.parent($0.key) != folder }
    look(into: folder)
  }

  private func refuse(
    _ candidate: Candidate, _ entry: Entry, code: String, reason: String
  ) throws(Problem) {
    try recorder.reject(entry, code: code, reason: reason)
    recovered()
    status.counters.rejected += 1
    // Escaped already when it is a worker's line; a path may stand in it.
    let line = reason.contains(candidate.path) ? reason : "\(candidate.path): \(reason)"
    parts.log.hourly(.warning, key: candidate.path, "rejected: \(line)")
    finish(candidate)
  }

  private func again(_ job: Job, at time: Duration, _ reason: String, settled: Bool) {
    do throws(Problem) {
      try ledger.postpone(job.entry.id, reason: reason, countsAttempt: false)
    } catch {
      // The ledger itself fails: its entry stays `started`, and the next attempt says so again.
      parts.log.hourly(.error, key: error.description, "\(error)")
    }
    pending[job.candidate.path]?.stage = .postponed(until: time, reason: reason)
  }

  /// A run waits until its settings are right: a report made without the probe that was meant
  /// would be wrong for good.
  private func hold(_ known: Pending, _ reason: String) {
    let path = known.candidate.path
    pending[path]?.backoff.failed(at: BootClock.now(), longest: .seconds(60))
    let until = pending[path]?.backoff.until ?? BootClock.now()
    pending[path]?.stage = .held(until: until, reason: reason)
    parts.log.hourly(
      .warning, key: "held \(known.run) \(reason)", "\(known.run) is held back: \(reason)")
  }

  // MARK: Names of runs

  /// The run's name by its settings; nil when they cannot be read.
  func knownRunName(_ directory: String) -> String? {
    if let name = runNames[directory] { return name }
    guard let root = rootNumber(of: directory) else { return nil }
    do throws(Problem) {
      let settings = try runSettings(of: directory, in: root)
      let name = settings.name ?? roots[root].runName(directory)
      runNames[directory] = name
      return name
    } catch {
      return nil
    }
  }

  private func runSettings(of directory: String, in root: Int) throws(Problem) -> RunSettings {
    let probes = configuration.probes
    let place = roots[root].settings.path
    return try attempt(root) { () throws(Problem) in
      try RunSettings.load(runDirectory: directory, probes: probes, within: place)
    }
  }

  /// The root that a folder lies in.
  func rootNumber(of directory: String) -> Int? {
    roots.firstIndex { Path.relative(directory, to: $0.settings.path) != nil }
  }

  /// Two folders cannot be one run: whoever came first has the name.
  private func claimRunName(
    _ settings: RunSettings, _ directory: String, _ root: Int
  ) throws(Problem) -> String {
    let name = settings.name ?? roots[root].runName(directory)
    // After a start or a reload the ledger tells whose it is, for as long as that folder is there.
    var known = runDirectories[name]
    if known == nil {
      known = try ledger.owner(ofRun: name, besides: directory) { place in
        rootNumber(of: place).map { exists(place, in: $0) } ?? FileSystemNames.exists(place)
      }
    }
    if known == nil { known = try ownerByReport(of: name, besides: directory) }
    if let other = known, other != directory,
      rootNumber(of: other).map({ exists(other, in: $0) }) ?? true
    {
      throw Problem(
        "run-name-taken", at: directory, "the run \(other) has the name \"\(name)\" already",
        remedy: "give this one a name: in its plasticity.yaml, or its root a name:",
        kind: .configuration)
    }
    runDirectories[name] = directory
    runNames[directory] = name
    return name
  }

  /// Whose checkpoints the reports of a name are that another program has written, as `backfill` does.
  private func ownerByReport(
    of name: String, besides directory: String
  ) throws(Problem) -> String? {
    guard try ledger.measurementCount(run: name) == 0 else { return nil }
    let path = ReportPaths(root: configuration.reports).runReport(name)
    guard let bytes = try DurableFile.read(path, limit: 64 << 20, on: parts.fileSystem) else {
      return nil
    }
    // One that cannot be read claims nothing.
    do { return try RunReport(yaml: bytes, path: path).owner(besides: directory) } catch {
      return nil
    }
  }
}
