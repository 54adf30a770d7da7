// Writes status.yaml and tells the service manager, when something has changed and at most once a
// second.

internal import Diagnostics
internal import Glibc
internal import Reports
internal import Watching
internal import YAML

struct StatusWriter {
  private let notifier: ServiceNotifier
  private let fileSystem: any FileSystem
  private let log: Log
  private let started = UTC.now()
  private var path: String
  private var written: StatusSnapshot?
  private var lastWritten: Duration?

  init(reports: String, notifier: ServiceNotifier, fileSystem: any FileSystem, log: Log) {
    path = Path.join(reports, "status.yaml")
    self.notifier = notifier
    self.fileSystem = fileSystem
    self.log = log
  }

  /// Writes the status if it has changed and the last one is a second old, or `now` is nil.
  /// Returns when a changed status that was not written is due.
  mutating func update(_ snapshot: StatusSnapshot, at now: Duration?) -> Duration? {
    guard snapshot != written else { return nil }
    if let now, let lastWritten, now < lastWritten + .seconds(1) {
      return lastWritten + .seconds(1)
    }
    written = snapshot
    lastWritten = now
    notifier.status(snapshot.line)
    let document = snapshot.document(updated: UTC.now(), started: started, process: getpid())
    do throws(Problem) {
      try DurableFile.write(document.emitted(), to: path, on: fileSystem)
    } catch {
      log.hourly(.warning, key: "status", "the status cannot be written: \(error)")
    }
    return nil
  }
}
