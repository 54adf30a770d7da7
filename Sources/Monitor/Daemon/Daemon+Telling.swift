// An alert whose file is written goes to the log, and to the program that the configuration names for it. It is
// told at least once: what a crash interrupts is told again.

internal import Diagnostics
internal import Ledger
internal import Reports
internal import Watching

extension Daemon {
  /// An alert on its way.
  struct Telling {
    let alert: AlertReport
    let since: Duration
    var backoff = Backoff()
  }

  /// After so long it is given up: its file stays, and the log has it.
  private static let telling = Duration.seconds(86_400)

  /// Logs what is new, and tells of the first alert that is due.
  func tellOfAlerts() {
    guard BootClock.now() >= recording.until else { return }
    do throws(Problem) {
      let untold = try ledger.untoldAlerts()
      let names = Set(untold.map(\.id))
      tellings = tellings.filter { names.contains($0.key) }
      for alert in untold where tellings[alert.id] == nil { try note(alert) }
      for alert in untold where teller == nil { try tell(alert.id) }
    } catch {
      trouble(error)
    }
    status.untoldAlerts = tellings.count
    if tellings.isEmpty { status.alertProblem = nil }
  }

  /// When one is due again that could not be told.
  var nextTelling: Duration? {
    guard teller == nil else { return nil }
    return tellings.values.map { max($0.backoff.until, recording.until) }.min()
  }

  private func alertFile(_ id: String) -> String {
    ReportPaths(root: configuration.reports).alert(id)
  }

  private func note(_ stored: StoredAlert) throws(Problem) {
    do throws(Problem) {
      let alert = try AlertReport(yaml: stored.document, path: alertFile(stored.id))
      tellings[stored.id] = Telling(alert: alert, since: BootClock.now())
      parts.log(.warning, "alert: \(alert.run): \(alert.summary)")
    } catch {
      // Another version's: its file is there, and it must not stand in the others' way.
      parts.log(.warning, "\(error)")
      try forget(stored.id)
    }
  }

  private func tell(_ id: String) throws(Problem) {
    let file = alertFile(id)
    // A person who removes its file wants to hear no more of it.
    guard let alerts = configuration.alerts, FileSystemNames.exists(file) else {
      return try forget(id)
    }
    guard let telling = tellings[id], BootClock.now() >= telling.backoff.until else { return }
    let command = alerts.command(telling: telling.alert, file: file)
    let (teller, mailbox) = (BoundedProcess(), mailbox)
    try DedicatedThread.start("teller") {
      let outcome = teller.run(
        command, timeout: .seconds(alerts.timeoutSeconds), outputLimit: 1 << 20)
      mailbox.post(.tellerEnded(alert: id, outcome))
    }
    self.teller = teller
    parts.log(.debug, "\(command.executable) is told of \(id)")
  }

  /// What the end of the program leads to.
  func take(_ outcome: ProcessOutcome, ofAlert id: String) {
    teller = nil
    // Cancelled as the daemon stops, or forgotten meanwhile.
    guard outcome != .cancelled, let telling = tellings[id] else { return }
    do throws(Problem) {
      let name = configuration.alerts?.executable ?? "the command of alerts:"
      guard let failure = outcome.failure else {
        parts.log(.debug, "\(name) was told of \(id)")
        return try forget(id)
      }
      let isLast = BootClock.now() >= telling.since + Self.telling
      let problem = Problem(
        "alert-untold", at: name, "\(failure), told of \(id)",
        remedy: isLast
          ? "read its file: it is not tried again"
          : "try it by hand with that file on its standard input; it is tried again for a day",
        kind: .unavailable)
      status.alertProblem = problem.description
      parts.log.hourly(.warning, key: "alert-untold \(failure)", "\(problem)")
      if isLast { return try forget(id) }
      tellings[id]?.backoff.failed(at: BootClock.now())
    } catch {
      trouble(error)
    }
  }

  private func forget(_ id: String) throws(Problem) {
    try ledger.markTold(id)
    tellings[id] = nil
  }
}
