// SIGHUP: a new configuration, or the old one when the new one is bad. And what is told.

internal import Diagnostics
internal import Ledger
internal import Watching

extension Daemon {
  /// Reads the configuration again. What runs goes on as it was started.
  func reload() {
    parts.notifier.reloading()
    do throws(Problem) {
      let fresh = try Configuration.load(configuration.file)
      for (key, old, new) in [
        ("state", configuration.state, fresh.state),
        ("reports", configuration.reports, fresh.reports),
      ] where old != new {
        throw Problem(
          "needs-restart", at: configuration.file, "\(key) cannot change from \(old) to \(new)",
          remedy: "restart the daemon", kind: .configuration)
      }
      use(fresh)
      status.configurationProblem = nil
      parts.log(.info, "reloaded \(configuration.file)")
    } catch {
      status.configurationProblem = error.description
      parts.log(.error, "the old configuration stays: \(error)")
    }
    updateStatus()
    parts.notifier.ready(status: status.line)
  }

  private func use(_ fresh: Configuration) {
    configuration = fresh
    parts.log.setLevel(fresh.logLevel)
    // What waits is found again by the scans, under the new rules; what a worker is at stays.
    let working = pending.filter { $0.value.stage == .working }
    pending = [:]
    settling = Settling()
    debouncing = Debouncing()
    finished = [:]
    finishedContents = []
    lacking = [:]
    runNames = [:]
    runDirectories = [:]
    hintBackoff.succeeded()
    startRoots()
    for (path, known) in working {
      guard let root = rootNumber(of: path) else { continue }
      pending[path] = Pending(
        candidate: known.candidate, root: root, run: known.run, stage: .working,
        firstSeen: known.firstSeen)
    }
  }

  /// Somebody has removed the state folder: a new ledger is begun, and everything looked at again.
  func checkStateFolder() {
    do throws(Problem) {
      if try ledger.isInPlace() { return }
      if try ledger.retakeLock() {
        parts.log(.warning, "the lock in \(configuration.state) was removed: it is taken again")
        return
      }
      parts.log(.error, "\(configuration.state) was removed: the ledger is begun afresh")
      ledger = try Ledger.open(directory: configuration.state, fileSystem: parts.fileSystem)
      recorder = try parts.recorder(configuration, ledger)
      finished = [:]
      finishedContents = []
      lacking = [:]
      pending = pending.filter { $0.value.stage == .working }
      settling = Settling()
    } catch {
      trouble(error)
    }
  }

  /// Brings the status up to date; it is written when it has changed.
  func updateStatus() {
    status.roots = roots.map(\.status)
    status.queued = 0
    status.settling = 0
    var held: [String: String] = [:]
    for known in pending.values {
      switch known.stage {
      case .queued: status.queued += 1
      case .working: break
      case .settling, .postponed, .incomplete: status.settling += 1
      case .held(_, let reason): held[known.run] = reason
      }
    }
    status.incomplete = lacking.sorted { $0.key < $1.key }.prefix(100).map {
      StatusSnapshot.Waiting(name: $0.key, reason: $0.value)
    }
    status.held = held.sorted { $0.key < $1.key }.prefix(100).map {
      StatusSnapshot.Waiting(name: $0.key, reason: $0.value)
    }
    noteClock()
    _ = statusWriter.update(status, at: BootClock.now())
  }

  private func noteClock() {
    guard let jump = wallClock.jump() else { return }
    status.clockJumps += 1
    status.lastClockJumpSeconds = jump.inSeconds.rounded()
    parts.log.hourly(
      .warning, key: "clock",
      "the wall clock was set by \(Int(jump.inSeconds.rounded())) s: times in documents do not "
        + "follow one another")
  }
}
