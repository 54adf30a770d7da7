// Writes status.yaml and tells the service manager, when something has changed and at most once a
// second; a little after the change, so that no checkpoint waits for the disk because of it.

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
  private var changedSince: Duration?

  private static let patience = Duration.milliseconds(300)

  init(reports: String, notifier: ServiceNotifier, fileSystem: any FileSystem, log: Log) {
    path = Path.join(reports, "status.yaml")
    self.notifier = notifier
    self.fileSystem = fileSystem
    self.log = log
  }

  /// Writes the status if it changed a while ago and the last one is a second old, or `now` is nil.
  /// Returns when a changed status that was not written is due.
  mutating func update(_ snapshot: StatusSnapshot, at now: Duration?) -> Duration? {
    guard snapshot != written else {
      changedSince = nil
      return nil
    }
    if let now, let lastWritten {
      let since = changedSince ?? now
      changedSince = since
      let due = max(lastWritten + .seconds(1), since + Self.patience)
      if now < due { return due }
    }
    changedSince = nil
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
