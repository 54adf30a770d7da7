// What the daemon needs from whoever writes reports. Called on the daemon's own thread only; a call
// returns when what it did is on the disk.

public import Diagnostics
public import Ledger

/// Turns what workers say into reports.
public protocol Recorder: AnyObject {
  /// Finishes what a crash has left half done: alerts that are due, temporary files.
  func recover() throws(Problem)

  /// What the checkpoint at a path is measured against, by the step in its name; nil stands for a
  /// checkpoint after all that are known. The checkpoint before may be gone.
  func standing(of run: String, at path: String?) throws(Problem) -> Standing

  /// Writes the checkpoint's report, then makes the entry `done` together with its row of the series and the
  /// alerts that follow from it; the run's documents follow with the next `flush`. Doing it again with the same
  /// document changes nothing.
  ///
  /// - Returns: nil when the checkpoint turns out to be of another network than its folder's run is of: the entry
  ///   is `seen` again, of a run of its own, and has to be measured as one of that.
  /// - Throws: a problem of kind `.data` or `.software` when the document is not what a worker may
  ///   say: the checkpoint is then refused. Any other means: again later.
  @discardableResult
  func record(_ document: [UInt8], of entry: Entry) throws(Problem) -> Recorded?

  /// Names another path of a reported checkpoint's content, unless it is named already.
  func alias(_ path: String, of entry: Entry) throws(Problem)

  /// Writes the report of a refused checkpoint, then makes the entry `rejected`.
  func reject(_ entry: Entry, code: String, reason: String) throws(Problem)

  /// Takes note that the ledger says something new of a run, for the next `flush`.
  func changed(run: String)

  /// Writes the documents of all runs of which something new is known: ten thousand bad files of one run are one
  /// document, not ten thousand.
  func flush() throws(Problem)

  /// The same, but for runs whose documents were written so lately that writing them again and again would be
  /// most of the work.
  func flushDue() throws(Problem)

  /// When one of those is due; nil when none waits.
  var nextFlush: Duration? { get }
}
