// What the daemon needs from whoever writes reports. Called on the daemon's own thread only; a call
// returns when what it did is on the disk.

public import Diagnostics
public import Ledger

/// Turns what workers say into reports.
public protocol Recorder: AnyObject {
  /// Finishes what a crash has left half done: alerts that are due, temporary files.
  func recover() throws(Problem)

  /// Where the run's checkpoint before this one lies, for a worker to compare with; nil when there
  /// is none or it is gone.
  func previousCheckpoint(of entry: Entry) throws(Problem) -> String?

  /// The mean entropy of the prediction, bits, at the run's reference checkpoint, that with the
  /// largest trace before this one; nil when none was measured with a probe.
  func referenceEntropyBits(of entry: Entry) throws(Problem) -> Double?

  /// Writes the report, then makes the entry `done` together with its row of the series and the
  /// alerts that follow from it. Doing it again with the same document changes nothing.
  ///
  /// - Throws: a problem of kind `.data` or `.software` when the document is not what a worker may
  ///   say: the checkpoint is then refused. Any other means: again later.
  @discardableResult
  func record(_ document: [UInt8], of entry: Entry) throws(Problem) -> Recorded

  /// Names another path of a reported checkpoint's content, unless it is named already.
  func alias(_ path: String, of entry: Entry) throws(Problem)

  /// Writes the report of a refused checkpoint, then makes the entry `rejected`.
  func reject(_ entry: Entry, code: String, reason: String) throws(Problem)
}
