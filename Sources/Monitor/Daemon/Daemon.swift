// plasticityd run: one loop, on one thread, that acts on events and on the passing of time.
// The scan is the truth, hints only say when to look; whoever waits or computes does so on another
// thread and posts what comes of it. Stop and crash are one path: nothing is left for the end.

internal import Confinement
public import Diagnostics
internal import Glibc
public import Ledger
public import Reports
internal import Watching

/// The daemon.
public final class Daemon {
  /// What it works with; a test puts its own in their place.
  public struct Parts: Sendable {
    /// Makes the writer of reports for a configuration.
    public var recorder: @Sendable (Configuration, Ledger) throws(Problem) -> any Recorder
    /// The program that is the worker.
    public var workerExecutable: String
    /// The helper that hints; nil when there is none.
    public var hintExecutable: String?
    /// Where lines go.
    public var log: Log
    /// Who is told how it is.
    public var notifier: ServiceNotifier
    /// Where state and status are written.
    public var fileSystem: any FileSystem
    /// The program's version.
    public var version: String
    /// How long a worker may go on after the daemon was told to stop.
    public var grace: Duration
    /// How long the loop waits for an answer about a watched folder.
    public var patience = Duration.seconds(10)
    /// Whether workers are started before their checkpoint is there.
    public var anticipates = true
  }

  /// What a scan has found, and what only another look at the root would tell.
  struct Scanned: Sendable {
    let found: ScanResult
    let isMountPoint: Bool
    let seconds: Double
  }

  enum Event: Sendable {
    case hint(HintEvent, generation: Int)
    case scanned(root: Int, generation: Int, Result<Scanned, Problem>)
    case workerEnded(job: Job, ProcessOutcome)
    case tellerEnded(alert: String, ProcessOutcome)
    case signal(Int32)
  }

  let parts: Parts
  let mailbox = Mailbox<Event>()
  var configuration: Configuration
  var ledger: Ledger
  var recorder: any Recorder
  var status: StatusSnapshot
  var statusWriter: StatusWriter

  var roots: [WatchedRoot] = []
  // Roots are numbered anew at every reload; what was started before does not count any more.
  var generation = 0
  var hints: HintSource?
  var hintGeneration = 0
  var hintBackoff = Backoff()
  var isHinting = false
  // What the kernel's limits leave unwatched, as told by the helper that runs now.
  var hintShortage: String?
  var debouncing = Debouncing()

  var pending: [String: Pending] = [:]
  var settling = Settling()
  // Paths that came to an end, with the fingerprint they had: they need no look into the ledger.
  var finished: [String: String] = [:]
  /// What of those stays the same under another name.
  var finishedContents: Set<UInt64> = []
  // Those that came to an end by staying incomplete, and what they lack.
  var lacking: [String: String] = [:]
  // The checkpoint that a link leads to.
  var links: [String: String] = [:]
  // Names of runs by folder, and back.
  var runNames: [String: String] = [:]
  var runDirectories: [String: String] = [:]

  var worker: BoundedProcess?
  var waiting: WaitingWorker?
  // What is being told of an alert, and the alerts that are to be told of.
  var teller: BoundedProcess?
  var tellings: [String: Telling] = [:]
  // The run of the last report.
  var lastReported: String?
  var recording = Backoff()
  var stopsBy: Duration?
  var lastPing: Duration = .zero
  var wallClock = WallClock()

  /// Opens the ledger and makes the recorder; `run` does the rest.
  ///
  /// - Throws: `already-running` (exit 75) when another daemon has the state folder, or what
  ///   opening says.
  public init(_ configuration: Configuration, _ parts: Parts) throws(Problem) {
    self.configuration = configuration
    self.parts = parts
    parts.log.setLevel(configuration.logLevel)
    ledger = try Ledger.open(directory: configuration.state, fileSystem: parts.fileSystem)
    try DurableFile.makeDirectory(configuration.reports, on: parts.fileSystem)
    recorder = try parts.recorder(configuration, ledger)
    status = StatusSnapshot(version: parts.version, configuration: configuration.file)
    status.sandbox = .available
    statusWriter = StatusWriter(
      reports: configuration.reports, notifier: parts.notifier, fileSystem: parts.fileSystem,
      log: parts.log)
  }

  /// Acts on SIGTERM, SIGINT and SIGHUP from now on, and ignores SIGPIPE.
  public func takeSignals() throws(Problem) {
    let mailbox = mailbox
    try SignalSource.start([SIGTERM, SIGINT, SIGHUP]) { mailbox.post(.signal($0)) }
  }

  /// Something that acts like the signals from another thread.
  public func control() -> DaemonControl { DaemonControl(mailbox) }

  /// Works until it is told to stop; returns the exit code.
  public func run() -> Int32 {
    for finding in ledger.findings { parts.log(.warning, "\(finding)") }
    do throws(Problem) {
      try recorder.recover()
      status.counters.missed = try ledger.counters()["missed"] ?? 0
      try resumeFinished()
    } catch {
      trouble(error)
    }
    startRoots()
    updateStatus()
    parts.notifier.ready(status: status.line)
    parts.log(
      .info,
      "plasticityd \(parts.version) watches "
        + (roots.count == 1 ? "1 folder" : "\(roots.count) folders"))
    parts.log(.info, "workers' sandbox: \(status.sandbox)")
    while true {
      let events = mailbox.take(waiting: untilNextDue())
      for event in events { handle(event) }
      if stopsBy == nil { lookWhereDue() }
      if stopsBy == nil { startNextWorker() }
      if stopsBy == nil { tellOfAlerts() }
      flushReports()
      dismissWaiting(isDue: BootClock.now())
      updateStatus()
      ping()
      if let stopsBy {
        if worker == nil, teller == nil { break }
        if BootClock.now() >= stopsBy { cancelPrograms() }
      }
    }
    dismissWaiting()
    hints?.stop()
    status.state = "stopped"
    _ = statusWriter.update(status, at: nil)
    parts.log(.info, "stopped")
    return 0
  }

  private func flushReports() {
    guard BootClock.now() >= recording.until else { return }
    do throws(Problem) {
      try stopsBy == nil ? recorder.flushDue() : recorder.flush()
    } catch {
      trouble(error)
    }
  }

  private func handle(_ event: Event) {
    switch event {
    case .hint(let hint, let number):
      if number == hintGeneration { take(hint) }
    case .scanned(let root, let number, let result):
      if number == generation { take(result, of: root) }
    case .workerEnded(let job, let outcome): take(outcome, of: job)
    case .tellerEnded(let alert, let outcome): take(outcome, ofAlert: alert)
    case .signal(SIGHUP): if stopsBy == nil { reload() }
    case .signal: stop()
    }
  }

  private func stop() {
    guard stopsBy == nil else {
      // Asked twice: no more grace.
      return cancelPrograms()
    }
    parts.log(.info, "stopping")
    parts.notifier.stopping()
    status.state = "stopping"
    stopsBy = BootClock.now() + parts.grace
  }

  private func cancelPrograms() {
    worker?.cancel()
    teller?.cancel()
  }

  /// How long nothing is to be done without an event.
  private func untilNextDue() -> Duration {
    let now = BootClock.now()
    var due: [Duration] = [now + .seconds(60)]
    if let interval = parts.notifier.watchdogInterval { due.append(lastPing + interval / 2) }
    if let statusDue = statusWriter.update(status, at: now) { due.append(statusDue) }
    if let next = recorder.nextFlush { due.append(max(next, recording.until)) }
    if let stopsBy {
      due.append(max(stopsBy, now + .milliseconds(50)))
    } else {
      if let next = debouncing.nextDue { due.append(next) }
      for root in roots {
        if !root.isScanning { due.append(root.nextScan) }
        if !root.isMissing, let stuck = root.stuck(patience: parts.patience) { due.append(stuck) }
      }
      for known in pending.values where !roots[known.root].isMissing {
        if let next = known.due(givingUpAfter: incompletePatience) { due.append(next) }
      }
      if let waiting { due.append(waiting.until) }
      if let nextTelling { due.append(nextTelling) }
      if hints == nil, wantsHints { due.append(hintBackoff.until) }
      if worker == nil, hasWork {
        due.append(recording.until)
      }
    }
    return max(.zero, (due.min() ?? now) - now)
  }

  private func ping() {
    guard let interval = parts.notifier.watchdogInterval else { return }
    let now = BootClock.now()
    // Half the time, and only from here: a loop that hangs does not ping.
    guard now >= lastPing + interval / 2 else { return }
    lastPing = now
    parts.notifier.watchdog()
  }

  /// Something is wrong with our own disk or ledger: nothing is started for a while.
  func trouble(_ problem: Problem) {
    recording.failed(at: BootClock.now())
    status.problems = [problem.description]
    parts.log.hourly(.error, key: problem.description, "\(problem)")
  }

  /// Reports and ledger can be written again.
  func recovered() {
    recording.succeeded()
    status.problems = []
  }
}

/// Acts on a running daemon from any thread, as signals do.
public struct DaemonControl: Sendable {
  private let mailbox: Mailbox<Daemon.Event>

  init(_ mailbox: Mailbox<Daemon.Event>) { self.mailbox = mailbox }

  /// As SIGTERM.
  public func stop() { mailbox.post(.signal(SIGTERM)) }

  /// As SIGHUP.
  public func reload() { mailbox.post(.signal(SIGHUP)) }
}
