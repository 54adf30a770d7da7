// What the daemon needs from whoever writes reports. Called on the daemon's own thread only, with
// the ledger it owns; a call returns when what it did is on the disk.

public import Diagnostics
public import Ledger

/// Turns what workers say into reports.
public protocol Recorder: AnyObject {
  /// Finishes what a crash has left half done: alerts that are due, documents of runs.
  func resume(in ledger: Ledger) throws(Problem)

  /// What `--previous` of the worker is to be, for comparing with the checkpoint before.
  func previousCheckpoint(for job: Job, in ledger: Ledger) throws(Problem) -> String?

  /// Writes the report, then makes the entry `done` together with its row of the series and the
  /// alerts that follow from it. Doing it again with the same document changes nothing.
  ///
  /// - Throws: a problem of kind `.data` or `.software` when the document is not what a worker may
  ///   say: the checkpoint is then refused. Any other means: again later.
  func record(_ document: [UInt8], for job: Job, in ledger: Ledger) throws(Problem)

  /// Writes the report of a refused checkpoint, then makes the entry `rejected`.
  func reject(_ job: Job, code: String, reason: String, in ledger: Ledger) throws(Problem)

  /// Takes note of something about a run that is no checkpoint's fault: settings that cannot be
  /// read, a checkpoint that stays incomplete. Called once per remark and start of the daemon.
  func note(_ problem: Problem, run: RunIdentity, in ledger: Ledger) throws(Problem)
}
