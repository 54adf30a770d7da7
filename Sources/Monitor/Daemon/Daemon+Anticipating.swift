// The worker of a run's next checkpoint is started when the report of the last one is written, so that
// the next report comes sooner by what does not need the checkpoint.

internal import Diagnostics
internal import Ledger
internal import Watching

extension Daemon {
  /// Starts a worker for what comes after a checkpoint, if the run is the one that reports come of.
  func anticipate(after job: Job) {
    let isRepeated = lastReported == job.entry.run
    lastReported = job.entry.run
    guard parts.anticipates, isRepeated, waiting == nil, stopsBy == nil, !hasWork else { return }
    do throws(Problem) {
      waiting = try WaitingWorker(
        executable: parts.workerExecutable, folder: job.candidate.runDirectory,
        options: ProgramCommand.options(
          for: job, standing: try standing(of: job.entry.run, at: nil), configuration))
    } catch {
      parts.log(.debug, "no worker was started ahead: \(error)")
    }
  }

  /// What a checkpoint is measured against, as far as it is still there.
  func standing(of run: String, at path: String?) throws(Problem) -> Standing {
    try recorder.standing(of: run, at: path).keepingPrevious { previous in
      rootNumber(of: previous).map { exists(previous, in: $0) } ?? false
    }
  }

  /// The waiting worker with this checkpoint in its hands; nil when there is none, or when it was
  /// started for something else, and is gone then.
  func waitingWorker(for path: String, options: [String]) -> ChildProcess? {
    guard let waiting else { return nil }
    self.waiting = nil
    guard waiting.fits(path, options: options) else {
      waiting.dismiss()
      return nil
    }
    return waiting.take(path)
  }

  /// Ends a worker that waits for nothing: when it has done so for long, or in any case.
  func dismissWaiting(isDue now: Duration? = nil) {
    guard let waiting else { return }
    if let now, now < waiting.until { return }
    waiting.dismiss()
    self.waiting = nil
  }
}
