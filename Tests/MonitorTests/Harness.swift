// A whole daemon in a test: real folders, real ledger, real helper; a shell script as the worker
// and a recorder that only counts. Tests wait for what is told, never for time.

import Diagnostics
import Foundation
import Ledger
import Reports
import TestSupport
import Testing
import Watching

@testable import Monitor

/// Lines from any thread, and a way to wait for one.
final class Collected: @unchecked Sendable {
  private let condition = NSCondition()
  private var lines: [String] = []

  var all: [String] { condition.withLock { lines } }

  func add(_ line: String) {
    condition.withLock {
      lines.append(line)
      condition.broadcast()
    }
  }

  /// Waits until a line fits, or as many as asked for.
  @discardableResult
  func wait(count: Int = 1, _ isMeant: (String) -> Bool) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    let limit = Date(timeIntervalSinceNow: patience)
    while lines.filter(isMeant).count < count {
      if !condition.wait(until: limit) { return false }
    }
    return true
  }
}

/// Writes no report: tells what it is given, and makes the ledger's entries final.
final class CountingRecorder: Recorder {
  private let ledger: Ledger
  private let told: Collected
  private let trouble: Collected
  private let reports: ReportPaths

  init(_ ledger: Ledger, _ reports: String, _ told: Collected, _ trouble: Collected) {
    self.ledger = ledger
    self.reports = ReportPaths(root: reports)
    self.told = told
    self.trouble = trouble
  }

  func recover() throws(Problem) {}

  func standing(of run: String, at path: String?) throws(Problem) -> Standing { Standing() }

  func record(_ document: [UInt8], of entry: Entry) throws(Problem) -> Recorded? {
    let text = String(decoding: document, as: UTF8.self)
    if text.hasPrefix("disk-full"), !trouble.all.contains(entry.path) {
      trouble.add(entry.path)
      throw Problem("disk-full", at: "reports", "no space", remedy: "make some", kind: .io)
    }
    if text.hasPrefix("nonsense") {
      throw Problem("bad-worker-document", at: entry.path, "nonsense", remedy: "none")
    }
    let recorded = try ledger.done(
      entry.id,
      measurement: StoredMeasurement(
        run: entry.run, digest: entry.path + text, step: nil, epoch: nil, path: entry.path,
        reportPath: entry.path, document: document))
    if text.hasPrefix("alert") { try alert(of: entry) }
    told.add("record \(entry.run) \(Path.name(entry.path)) \(text)")
    return recorded
  }

  private func alert(of entry: Entry) throws(Problem) {
    let run = entry.run
    let alert = AlertReport(
      id: ReportPaths.alertIdentity(run: run, segment: 0, state: "closed", occurrence: 1), run: run,
      state: "closed", step: 7, summary: "it has ended",
      criticalPeriod: CriticalPeriodReport(
        state: "closed", peak: nil, end: nil, reason: "it fell", evidence: []),
      runReport: reports.runReport(run))
    let document = try alert.yaml()
    try ledger.enqueueAlert(id: alert.id, run: run, document: document)
    try DurableFile.makeDirectory(reports.alerts, on: PosixFileSystem())
    try DurableFile.writeOnce(document, to: reports.alert(alert.id), on: PosixFileSystem())
    try ledger.markWritten(alert.id)
  }

  func alias(_ path: String, of entry: Entry) throws(Problem) {
    told.add("alias \(entry.run) \(Path.name(entry.path)) \(Path.name(path))")
  }

  func reject(_ entry: Entry, code: String, reason: String) throws(Problem) {
    try ledger.rejected(entry.id, code: code, reason: reason)
    told.add("reject \(entry.run) \(Path.name(entry.path)) \(code)")
  }

  func changed(run: String) {}

  func flush() throws(Problem) {}

  func flushDue() throws(Problem) {}

  var nextFlush: Duration? { nil }
}

/// A daemon on a thread of its own, and the folders around it.
final class Harness {
  let folder: TestFolder
  let told = Collected()
  let log = Collected()
  private let trouble = Collected()
  private let ended = Collected()
  private var control: DaemonControl?

  init() throws {
    // As the program does.
    signal(SIGPIPE, SIG_IGN)
    folder = try TestFolder()
    try folder.folder("runs")
    // What a checkpoint's first line says, the worker does.
    try folder.text(
      "worker",
      """
      #!/bin/sh
      path="$2"
      how=fine
      if [ "$3" = --await ]; then
        [ -e "$2/no-worker-waits" ] && exit 1
        path="$(cat)"
        [ -n "$path" ] || exit 0
        how=awaited
      fi
      case "$(head -c 64 "$path" | tr -d '\\0' | head -n 1)" in
      crash) kill -SEGV $$ ;;
      refuse) echo "bad-magic: $2: no; none" >&2; exit 65 ;;
      later) echo "incomplete: $2: no; wait" >&2; exit 75 ;;
      probe) echo "bad-probe: $2: no; none" >&2; exit 78 ;;
      hang) sleep 600 ;;
      full) echo disk-full ;;
      nonsense) echo nonsense ;;
      alert) echo alert ;;
      *) echo $how ;;
      esac
      """)
    chmod(folder.path + "/worker", 0o700)
    try configure()
  }

  /// Where the built programs are: beside the one that runs the tests.
  static let binaries =
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .path

  /// Writes the configuration.
  func configure(
    roots: String = "[{path: runs}]", interval: Double = 60, settle: Double = 0,
    incompleteAfter: Double = 600, state: String = "state", more: String = ""
  ) throws {
    try folder.text(
      "config.yaml",
      """
      state: \(state)
      reports: reports
      roots: \(roots)
      scan:
        interval_seconds: \(interval)
        settle_seconds: \(settle)
        incomplete_after_seconds: \(incompleteAfter)
      worker: {timeout_seconds: 20}
      log_level: debug
      \(more)
      """)
  }

  func checkpoint(_ name: String, _ says: String = "whole") throws {
    try folder.text("runs/\(name)", says + "\n")
  }

  /// Starts a daemon; with hints, waits until it watches. `helper` stands in for plasticity-watch.
  func start(
    hints: Bool = true, helper: String? = nil, anticipates: Bool = false,
    notifier: ServiceNotifier = ServiceNotifier(socketPath: nil)
  )
    throws
  {
    let configuration = try Configuration.load(folder.path + "/config.yaml")
    let (told, log, trouble, ended) = (told, log, trouble, ended)
    let parts = Daemon.Parts(
      recorder: { CountingRecorder($1, $0.reports, told, trouble) },
      workerExecutable: folder.path + "/worker",
      hintExecutable: helper
        ?? (hints ? Self.binaries + "/plasticity-watch" : nil),
      log: Log(level: .debug, hasPriorities: false) { log.add($0) }, notifier: notifier,
      fileSystem: PosixFileSystem(), version: "test",
      grace: .milliseconds(200), anticipates: anticipates)
    let controls = Handed<DaemonControl>()
    let watching = log.all.filter { $0.hasPrefix("plasticity-watch watches") }.count
    try DedicatedThread.start("daemon") {
      // The ledger is free when the daemon is released, so that comes before its end is told.
      if let code = Self.run(configuration, parts, controls) { ended.add("ended \(code)") }
    }
    control = try controls.take().get()
    if hints { log.wait(count: watching + 1) { $0.hasPrefix("plasticity-watch watches") } }
  }

  private static func run(
    _ configuration: Configuration, _ parts: Daemon.Parts, _ controls: Handed<DaemonControl>
  ) -> Int32? {
    do throws(Problem) {
      let daemon = try Daemon(configuration, parts)
      controls.put(.success(daemon.control()))
      return daemon.run()
    } catch {
      controls.put(.failure(error))
      return nil
    }
  }

  func reload() { control?.reload() }

  /// Stops the daemon and waits for its end.
  func stop() {
    guard let control else { return }
    let before = ended.all.count
    control.stop()
    #expect(ended.wait(count: before + 1) { $0 == "ended 0" })
    self.control = nil
  }

  /// Waits until the recorder has told this; otherwise shows what the daemon has logged.
  func waitFor(_ line: String, count: Int = 1) -> Bool {
    if told.wait(count: count, { $0 == line }) { return true }
    Issue.record("told: \(told.all)\nlog: \(log.all.joined(separator: "\n"))")
    return false
  }

  /// Waits until such a line was logged; otherwise shows all that were.
  func waitForLog(count: Int = 1, _ isMeant: (String) -> Bool) -> Bool {
    if log.wait(count: count, isMeant) { return true }
    Issue.record("log: \(log.all.joined(separator: "\n"))")
    return false
  }

  func status() throws -> String {
    try String(contentsOfFile: folder.path + "/reports/status.yaml", encoding: .utf8)
  }

  deinit {
    if control != nil { stop() }
  }
}

/// One value from a thread to another.
private final class Handed<Value: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private var value: Result<Value, Problem>?

  func put(_ value: Result<Value, Problem>) {
    condition.withLock {
      self.value = value
      condition.broadcast()
    }
  }

  func take() -> Result<Value, Problem> {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let value { return value }
      condition.wait()
    }
  }
}
