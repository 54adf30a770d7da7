// How a program ended, and in words.

public import Diagnostics
internal import Watching

/// How a program ended.
public enum ProcessOutcome: Sendable, Hashable {
  /// With exit code 0 and this on standard output.
  case document([UInt8])
  /// With another exit code, and this last line on standard error.
  case refused(code: Int32, line: String)
  /// By a signal of its own making.
  case crashed(signal: Int32, line: String)
  /// It was killed after this time; where something holds it, it may still be there.
  case timedOut(Duration)
  /// It said more than this many bytes and was killed.
  case tooLarge(Int)
  /// It could not be started.
  case notStarted(Problem)
  /// It was killed because the daemon stops, or because the root of its file does not answer.
  case cancelled

  /// What went wrong, as a sentence's part; nil when nothing did.
  var failure: String? {
    switch self {
    case .document: nil
    case .refused(let code, let line):
      "it ended with exit code \(code)" + (line.isEmpty ? "" : " (\"\(line)\")")
    case .crashed(let signal, let line):
      "it ended by signal \(signal)" + (line.isEmpty ? "" : " (\"\(line)\")")
    case .timedOut(let time): "it was killed after \(Int(time.inSeconds.rounded())) s"
    case .tooLarge(let limit): "it said more than \(limit) bytes"
    case .notStarted(let problem): problem.what
    case .cancelled: "it was ended"
    }
  }
}
