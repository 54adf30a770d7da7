// From first sight to the queue: the ledger is asked, completeness and settling are judged.

internal import Diagnostics
internal import Ledger
internal import Watching

extension Daemon {
  /// What has come to an end before this start.
  func resumeFinished() throws(Problem) {
    for entry in try ledger.entries(in: [.done, .rejected, .missed]) {
      if entry.state == .rejected, WorkerVerdict.isEndOfWorker(entry.code) {
        // What killed the workers may have been the machine: one more try for each start.
        try ledger.reconsider(entry.id)
        continue
      }
      finished[entry.path] = entry.fingerprint.text
      if entry.code == Self.incompleteCode { lacking[entry.path] = entry.reason ?? "" }
    }
  }

  /// What was under way before the last start and is not there any more, once its root was seen.
  func checkForgotten(root number: Int) {
    guard !roots[number].isForgottenChecked else { return }
    roots[number].isForgottenChecked = true
    let path = roots[number].settings.path
    do throws(Problem) {
      for entry in try ledger.pendingEntries() where Path.relative(entry.path, to: path) != nil {
        if pending[entry.path] == nil, !exists(entry.path, in: number) { try end(gone: entry) }
      }
    } catch {
      trouble(error)
    }
  }

  /// Takes note of what is there, with one commit for all: ten thousand new files are one fsync.
  func observe(_ candidates: [Candidate], root: Int) {
    guard !candidates.isEmpty else { return }
    do throws(Problem) {
      try ledger.transaction { () throws(Problem) in
        for candidate in candidates.sorted(by: Pending.comesBefore) {
          observe(candidate, root: root)
        }
      }
      for (path, life) in Lives.byPath(candidates) { pending[path]?.life = life }
    } catch {
      // What was not written is written again before a worker is started on it.
      trouble(error)
    }
  }

  private func observe(_ candidate: Candidate, root: Int) {
    let path = candidate.path
    let text = candidate.fingerprint.text
    if finished[path] == text { return }
    lacking[path] = nil
    if var known = pending[path] {
      let isChanged = known.candidate.fingerprint != candidate.fingerprint
      if isChanged {
        if known.stage == .queued { replaced(known, by: candidate) }
        known.candidate = candidate
        known.backoff.succeeded()
        known.failures = 0
        known.notYetSince = nil
        pending[path] = known
      }
      switch known.stage {
      case .working: return  // seen again when the worker has ended
      case .queued, .postponed, .held: if !isChanged { return }
      case .settling, .incomplete: break
      }
      return judge(candidate, root: root)
    }
    do throws(Problem) {
      let entry = try ledger.entry(path: path)
      // While a run's settings cannot be read, its name is what it was.
      let run =
        try knownRunName(candidate.runDirectory).map { (name) throws(Problem) in
          try ledger.run(ofCheckpoint: path, in: name)
        } ?? entry?.run ?? roots[root].runName(candidate.runDirectory)
      if let entry, entry.fingerprint.text == text, entry.run == run,
        [.done, .rejected, .missed].contains(entry.state)
      {
        finished[path] = text
        return
      }
      let now = BootClock.now()
      pending[path] = Pending(
        candidate: candidate, root: root, run: run, stage: .settling(until: now), firstSeen: now)
      judge(candidate, root: root)
      // What is not taken at once is written down, so that it counts as missed if it goes away.
      if entry == nil, let known = pending[path], known.stage != .queued {
        _ = try ledger.transaction { () throws(Problem) in
          try ledger.observe(
            path: path, run: run, fingerprint: .init(known.candidate.fingerprint.text))
        }
      }
    } catch {
      trouble(error)
    }
  }

  /// Looks at the ends of the files and decides what comes next.
  private func judge(_ first: Candidate, root: Int) {
    var candidate = first
    let quiet = roots[root].settle
    let patience = Completeness.Patience(
      settle: quiet, isOverwritten: finished[first.path] != nil)
    // Twice is enough when nothing has to be waited for: the second look is the confirmation.
    for _ in 0..<3 {
      let looked = candidate
      guard
        let completeness = ask(root, { Completeness.check(looked, patience: patience) })
      else { return }
      let now = BootClock.now()
      let verdict = settling.judge(
        candidate.path, candidate.fingerprint, completeness, quiet: quiet, at: now)
      switch verdict {
      case .ready: return enqueue(candidate)
      case .incomplete(let reason, let since):
        guard let isClosed = ask(root, { Completeness.isClosed(looked) }) else { return }
        if isClosed { return wait(forRightsTo: candidate, reason) }
        pending[candidate.path]?.stage = .incomplete(reason: reason, since: since)
        return
      case .wait(let until):
        pending[candidate.path]?.stage = .settling(until: until)
        if until > now { return }
        guard let seen = look(at: candidate, in: root) else { return }
        guard let again = seen else {
          return checkVanished { $0.candidate.path == candidate.path }
        }
        candidate = again
        pending[candidate.path]?.candidate = again
      }
    }
    // It changes under our eyes.
    pending[candidate.path]?.stage = .settling(until: BootClock.now() + .milliseconds(250))
  }

  /// The checkpoint as it is now, nil inside when it is gone; nil when its root does not answer.
  func look(at candidate: Candidate, in root: Int) -> Candidate?? {
    let scanner = roots[root].scanner
    return ask(root) { scanner.look(at: candidate) }
  }

  private func enqueue(_ candidate: Candidate) {
    guard let known = pending[candidate.path] else { return }
    settling.forget(candidate.path)
    do throws(Problem) {
      let entry = try ledger.transaction { () throws(Problem) in
        let entry = try ledger.observe(
          path: candidate.path, run: known.run, fingerprint: .init(candidate.fingerprint.text))
        if entry.state == .seen { try ledger.settled(entry.id) }
        return entry
      }
      if [.done, .rejected, .missed].contains(entry.state) {
        finish(candidate)
      } else {
        pending[candidate.path]?.stage = .queued
        parts.log(.debug, "queued \(candidate.path)")
      }
    } catch {
      trouble(error)
      pending[candidate.path]?.stage = .postponed(
        until: recording.until, reason: error.description)
    }
  }

  /// Looks again at what has settled, waited long enough, or was held back.
  func lookAtPending(_ now: Duration) {
    for (path, known) in pending {
      guard let due = known.due(givingUpAfter: incompletePatience), due <= now,
        !roots[known.root].isMissing
      else { continue }
      // The rest stays due: neither signals nor the watchdog wait for ten thousand bad files.
      if BootClock.now() >= now + Self.longestTurn { return }
      switch known.stage {
      case .incomplete(let reason, _): giveUp(known, reason)
      case .settling:
        guard let seen = look(at: known.candidate, in: known.root) else { continue }
        guard let again = seen else {
          checkVanished { $0.candidate.path == path }
          continue
        }
        pending[path]?.candidate = again
        judge(again, root: known.root)
      default: enqueue(known.candidate)
      }
    }
  }

  static let incompleteCode = "incomplete"
  /// How long the loop stays with what is refused or given up.
  private static let longestTurn = Duration.seconds(1)

  /// How long a checkpoint may stay incomplete and unchanged.
  var incompletePatience: Duration { .seconds(configuration.scan.incompleteAfterSeconds) }

  /// It has stayed incomplete for long: it is told once, and read as soon as it changes.
  func giveUp(_ known: Pending, _ reason: String) {
    let candidate = known.candidate
    if !exists(candidate.path, in: known.root) { return drop(known) }
    do throws(Problem) {
      let entry = try ledger.observe(
        path: candidate.path, run: known.run, fingerprint: .init(candidate.fingerprint.text))
      let problem = Problem(
        Self.incompleteCode, at: candidate.path, reason,
        remedy: "it is read as soon as it is whole; if its writer is gone, remove it",
        kind: .tryAgain)
      try recorder.reject(entry, code: problem.code, reason: problem.description)
      lacking[candidate.path] = reason
      parts.log.hourly(.warning, key: candidate.path, "\(problem)")
      finish(candidate)
    } catch {
      trouble(error)
      pending[candidate.path]?.stage = .incomplete(
        reason: reason, since: recording.until - incompletePatience)
    }
  }

  /// What may not be read is not refused: rights may be given where the file does not show it, to the
  /// user or by the file's server.
  private func wait(forRightsTo candidate: Candidate, _ reason: String) {
    let path = candidate.path
    lacking[path] = reason
    let problem = Problem(
      "unreadable", at: path, reason,
      remedy: "give the daemon's user read permission, by a group or setfacl", kind: .permission)
    note(problem)
    pending[path]?.stage = .settling(until: BootClock.now() + .seconds(300))
  }

  /// A run's settings may have changed: its checkpoints are tried again.
  func releaseHeld(in directory: String) {
    for (path, known) in pending where known.candidate.runDirectory == directory {
      if case .held = known.stage { pending[path]?.stage = .queued }
    }
  }

  /// A whole checkpoint gave way to another under the same name before a worker was free: it was missed as if it
  /// had been deleted, unless it is known, or waits, under another name, as where trainers link.
  private func replaced(_ known: Pending, by candidate: Candidate) {
    let content = known.candidate.fingerprint.contentMark
    if content == candidate.fingerprint.contentMark || finishedContents.contains(content) { return }
    let isElsewhere = pending.contains { path, other in
      path != candidate.path && other.candidate.fingerprint.contentMark == content
    }
    if isElsewhere { return }
    do throws(Problem) {
      try ledger.count("missed")
      status.counters.missed = try ledger.counters()["missed"] ?? 0
      parts.log(.warning, "missed: \(known.candidate.path) was replaced before it was read")
    } catch {
      trouble(error)
    }
  }

  /// Done with a checkpoint, one way or another.
  func finish(_ candidate: Candidate) {
    pending[candidate.path] = nil
    settling.forget(candidate.path)
    finished[candidate.path] = candidate.fingerprint.text
    if finishedContents.count >= Self.mostContents { finishedContents = [] }
    finishedContents.insert(candidate.fingerprint.contentMark)
  }

  private static let mostContents = 100_000

  // MARK: Gone

  /// Checkpoints that were not found again: those that are really gone were missed.
  func checkVanished(_ isMeant: (Pending) -> Bool) {
    for (path, known) in pending where isMeant(known) {
      if known.stage == .working || exists(path, in: known.root) { continue }
      drop(known)
    }
  }

  /// Forgets what came to an end and is gone: a rotating run would fill the memory for ever.
  func forgetVanished(_ found: ScanResult, root number: Int) {
    let path = roots[number].settings.path
    let present = Set(found.candidates.map(\.path) + found.oddities.map(\.path))
    func isGone(_ known: String) -> Bool {
      !present.contains(known) && Path.relative(known, to: path) != nil
    }
    finished = finished.filter { !isGone($0.key) }
    lacking = lacking.filter { !isGone($0.key) }
    // Where a link was, a checkpoint may be now.
    links = links.filter { !isGone($0.value) && !present.contains($0.key) }
  }

  /// Forgets a checkpoint that is gone, and counts it.
  func drop(_ known: Pending) {
    let path = known.candidate.path
    pending[path] = nil
    lacking[path] = nil
    settling.forget(path)
    do throws(Problem) {
      if let entry = try ledger.entry(path: path) { try end(gone: entry) }
    } catch {
      trouble(error)
    }
  }

  private func end(gone entry: Entry) throws(Problem) {
    guard [.seen, .settled, .started].contains(entry.state) else { return }
    defer { recorder.changed(run: entry.run) }
    // Rotation removes a folder file by file: its last changes are not a checkpoint that we missed.
    if try ledger.measurements(run: entry.run).contains(where: { $0.path == entry.path }) {
      try ledger.rejected(
        entry.id, code: "removed", reason: "it changed and went away after it was reported")
      return
    }
    try ledger.missed(entry.id)
    status.counters.missed = try ledger.counters()["missed"] ?? 0
    parts.log(.warning, "missed: \(entry.path) went away before it was read")
  }

  // MARK: Remarks

  /// Tells about things that have a checkpoint's name and are none, and folders that are closed.
  func note(_ oddities: [Oddity], root: Int) {
    let deadline = BootClock.now() + Self.longestTurn
    for oddity in oddities {
      if !oddity.isAboutFile {
        note(oddity.problem)
      } else if BootClock.now() < deadline {
        refuse(oddity, root: root)
      } else {
        // The next look tells the rest.
        roots[root].nextScan = BootClock.now()
        return
      }
    }
  }

  /// Tells at most once an hour.
  func note(_ problem: Problem) {
    parts.log.hourly(.warning, key: problem.description, "\(problem)")
  }

  /// Something that is no checkpoint and never opened is refused like one, once.
  private func refuse(_ oddity: Oddity, root: Int) {
    let text = "not regular: \(oddity.problem.what)"
    guard finished[oddity.path] != text else { return }
    do throws(Problem) {
      let run =
        knownRunName(oddity.runDirectory) ?? roots[root].runName(oddity.runDirectory)
      let entry = try ledger.observe(path: oddity.path, run: run, fingerprint: .init(text))
      if entry.state != .rejected {
        try recorder.reject(
          entry, code: oddity.problem.code, reason: oddity.problem.description)
        status.counters.rejected += 1
        parts.log(.warning, "\(oddity.problem)")
      }
      finished[oddity.path] = text
    } catch {
      trouble(error)
    }
  }
}

extension Oddity {
  /// Whether it is about one name that a checkpoint could have, not about a folder.
  var isAboutFile: Bool { problem.code == "not-regular" }
}
