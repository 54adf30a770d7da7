// A worker that is started before its checkpoint is there. It reads the probe and measures the
// checkpoint before, and is told on its standard input which one is next.

internal import Diagnostics
internal import Glibc
internal import Watching

/// A started worker without a checkpoint.
struct WaitingWorker {
  /// The run's folder, below which it can read.
  let folder: String
  /// What it was told beside the checkpoint.
  let options: [String]
  /// When it has waited long enough.
  let until: Duration
  private let child: ChildProcess

  /// Where checkpoints come less often than this, a few hundredths of a second do not matter.
  private static let patience = Duration.seconds(600)

  /// Starts one.
  ///
  /// - Throws: `spawn-failed`.
  init(executable: String, folder: String, options: [String]) throws(Problem) {
    self.folder = folder
    self.options = options
    until = BootClock.now() + Self.patience
    child = try ChildProcess.spawn(
      executable, ["probe", folder, "--await"] + options, environment: ProgramCommand.environment(),
      input: .pipe, output: .pipe, error: .pipe)
  }

  /// Whether it was started with just what a checkpoint needs.
  func fits(_ path: String, options: [String]) -> Bool {
    self.options == options && Path.relative(path, to: folder) != nil
  }

  /// Gives it its checkpoint; nil when it cannot take it, and is gone.
  func take(_ path: String) -> ChildProcess? {
    let bytes = Array(path.utf8)
    // A pipe takes as much as this at once.
    guard bytes.count < 4_096, write(child.input, bytes, bytes.count) == bytes.count else {
      dismiss()
      return nil
    }
    close(child.input)
    return child
  }

  /// Ends it.
  func dismiss() {
    for descriptor in [child.input, child.output, child.error] { close(descriptor) }
    child.signal(SIGKILL)
    let child = child
    // It ends at once, or with the disk that it waits for.
    do throws(Problem) {
      try DedicatedThread.start("dismissed worker") { _ = child.wait(block: true) }
    } catch {
      _ = child.wait(block: true)
    }
  }
}
