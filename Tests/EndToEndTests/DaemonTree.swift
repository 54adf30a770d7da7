// A daemon on a folder tree of its own: runs/ is watched, reports/ and state/ are the daemon's.

import Foundation
import Reports
import TestSupport
import Testing

final class DaemonTree {
  let path: String
  private var process: Process?
  private var end: End?
  private var starts = 0

  init() throws {
    let base = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    path = base + "/plasticityd-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: path + "/runs", withIntermediateDirectories: true)
    try configure()
  }

  deinit {
    if let process, process.isRunning { kill(process.processIdentifier, SIGKILL) }
    _ = end?.wait(seconds: 10)
    try? FileManager.default.removeItem(atPath: path)
  }

  var reports: String { path + "/reports" }
  var configuration: String { path + "/config.yaml" }

  func text(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
  }

  /// Everything that a daemon of this tree has logged.
  var log: String {
    (1...max(1, starts)).map { number in
      (try? String(contentsOfFile: "\(path)/daemon-\(number).log", encoding: .utf8)) ?? ""
    }.joined()
  }

  /// Writes the configuration; `more` is added to it.
  func configure(
    roots: String = "[{path: runs}]", settle: Double = 0, incompleteAfter: Double = 600,
    more: String = ""
  ) throws {
    try text(
      "config.yaml",
      """
      state: state
      reports: reports
      roots: \(roots)
      scan:
        settle_seconds: \(settle)
        interval_seconds: 1
        incomplete_after_seconds: \(incompleteAfter)
      log_level: debug
      \(more)
      """)
  }

  /// What systemd says of a log that the journal reads: its device and inode.
  private func journalStream(_ log: String) throws -> String {
    var status = stat()
    try #require(stat(log, &status) == 0)
    return "\(status.st_dev):\(status.st_ino)"
  }

  // MARK: The process

  var identifier: pid_t { process?.processIdentifier ?? 0 }
  var isRunning: Bool { process?.isRunning ?? false }

  /// Starts the daemon; returns when its status says that it runs.
  ///
  /// - Parameter through: a program with arguments that starts it.
  func start(environment: [String: String] = [:], through: [String] = []) throws {
    starts += 1
    let log = "\(path)/daemon-\(starts).log"
    try Data().write(to: URL(filePath: log))
    let process = Process()
    let command = through + [Program.plasticityd, "run", "--config", configuration]
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command[1...])
    process.environment = ProcessInfo.processInfo.environment.filter {
      $0.key != "NOTIFY_SOCKET" && $0.key != "WATCHDOG_USEC"
    }.merging(["JOURNAL_STREAM": try journalStream(log)]) { $1 }.merging(environment) { $1 }
    process.standardError = try FileHandle(forWritingTo: URL(filePath: log))
    process.standardOutput = FileHandle.nullDevice
    end = End(process)
    try process.run()
    self.process = process
    let isUp = eventually {
      !process.isRunning
        || (try? String(contentsOfFile: log, encoding: .utf8))?.contains(" watches ")
          ?? false
    }
    if !isUp || !process.isRunning { Issue.record("the daemon does not start: \(self.log)") }
  }

  /// SIGKILL, and the end of it.
  func kill9() {
    guard let process else { return }
    kill(process.processIdentifier, SIGKILL)
    #expect(end?.wait(seconds: patience) == true)
    self.process = nil
  }

  func signal(_ number: Int32) {
    if let process { kill(process.processIdentifier, number) }
  }

  /// SIGTERM; returns the exit code and how long the end took.
  func stop() -> (code: Int32?, seconds: Double) {
    guard let process else { return (nil, 0) }
    let start = Date()
    process.terminate()
    let inTime = end?.wait(seconds: patience) ?? false
    let seconds = Date().timeIntervalSince(start)
    if !inTime { kill9() }
    self.process = nil
    guard inTime, process.terminationReason == .exit else { return (nil, seconds) }
    return (process.terminationStatus, seconds)
  }

  // MARK: What it has written

  /// Paths of all files below the report folder, relative to it.
  func written() -> [String] {
    let entries = FileManager.default.enumerator(atPath: reports)?.compactMap { $0 as? String }
    return (entries ?? []).filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(
        atPath: "\(reports)/\($0)", isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }

  /// Names of checkpoint reports of a run, or of all runs.
  func checkpointReports(_ run: String = "") -> [String] {
    written().filter {
      $0.hasPrefix(run) && ($0.split(separator: "/").last ?? "").hasPrefix("step-")
    }
  }

  func rejections() -> [String] {
    written().filter { ($0.split(separator: "/").last ?? "").hasPrefix("rejected-") }
  }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(reports)/\(name)")))
  }

  func run(_ name: String) throws -> RunReport {
    try RunReport(yaml: try bytes("\(name)/run.yaml"), path: "\(name)/run.yaml")
  }

  func checkpoint(_ name: String) throws -> CheckpointReport {
    try CheckpointReport(yaml: try bytes(name), path: name)
  }

  func status() -> String {
    (try? String(contentsOfFile: reports + "/status.yaml", encoding: .utf8)) ?? ""
  }

  /// Waits until so many checkpoints of the runs are in their run.yaml.
  func waitForReports(_ counts: [String: Int]) -> Bool {
    let done = eventually {
      counts.allSatisfy { run, count in
        ((try? self.run(run))?.trajectory.count ?? 0) >= count
      }
    } progress: {
      checkpointReports().count
    }
    if !done { Issue.record("reports: \(written())\nlog: \(log.suffix(6_000))") }
    return done
  }
}
