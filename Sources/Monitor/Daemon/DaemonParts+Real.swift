// The parts of the daemon as it is installed.

internal import Ledger
internal import Reports
internal import Watching

extension Daemon.Parts {
  /// Reports on the disk, our own executable as the worker, plasticity-watch beside it.
  public init(version: String) {
    let fileSystem = PosixFileSystem()
    let executable = ProgramCommand.ownExecutable()
    self.init(
      recorder: { configuration, ledger in
        ReportRecorder(reports: configuration.reports, ledger: ledger, fileSystem: fileSystem)
      }, workerExecutable: executable, hintExecutable: HintSource.locate(beside: executable),
      log: Log(), notifier: ServiceNotifier(), fileSystem: fileSystem, version: version,
      grace: .seconds(10))
  }
}
