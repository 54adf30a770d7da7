// Questions about files in a watched folder. Any of them can hang for good on a dead network mount: then
// everything in that root waits until a scan of it comes back, and the loop goes on with the others.

internal import Diagnostics
internal import Glibc
internal import Watching

extension Daemon {
  /// The answer to a question about a root's files; nil when it does not come in time.
  func ask<Answer: Sendable>(
    _ number: Int, _ question: @escaping @Sendable () -> Answer
  ) -> Answer? {
    if let answer = roots[number].calls.answer(question) { return answer }
    lose(number, unresponsive(number))
    return nil
  }

  /// As `ask`, for what may fail; the root's silence is a failure too.
  func attempt<Answer: Sendable>(
    _ number: Int, _ question: @escaping @Sendable () throws(Problem) -> Answer
  ) throws(Problem) -> Answer {
    guard let result = ask(number, { Result { () throws(Problem) in try question() } }) else {
      throw unresponsive(number)
    }
    return try result.get()
  }

  /// Whether something of that name is in a root; when it cannot be told, it is.
  func exists(_ path: String, in number: Int) -> Bool {
    ask(number) { FileSystemNames.exists(path) } ?? true
  }

  /// Roots whose scans have come to a standstill.
  func checkScans() {
    let now = BootClock.now()
    for number in roots.indices where !roots[number].isMissing {
      if let stuck = roots[number].stuck(patience: parts.patience), stuck <= now {
        lose(number, unresponsive(number))
      }
    }
  }

  func unresponsive(_ number: Int) -> Problem {
    Problem(
      WatchedRoot.unresponsiveCode, at: roots[number].settings.path,
      "the watched folder does not answer",
      remedy: "bring its file system or server back; it is taken up again as soon as it answers",
      kind: .unavailable)
  }
}

enum FileSystemNames {
  /// Whether something of that name is there; when it cannot be told, it is.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
  }
}
