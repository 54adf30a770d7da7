// Signals as events: blocked in every thread, taken by one that does nothing else.

internal import Diagnostics
internal import Glibc
internal import Watching

/// Turns signals into calls.
enum SignalSource {
  /// Blocks the signals in this thread and all it starts later, ignores SIGPIPE, and reports each
  /// signal from a thread of its own, for the life of the process.
  ///
  /// To be called before other threads start.
  static func start(
    _ signals: [Int32], report: @escaping @Sendable (Int32) -> Void
  ) throws(Problem) {
    signal(SIGPIPE, SIG_IGN)
    var blocked = sigset_t()
    sigemptyset(&blocked)
    for number in signals { sigaddset(&blocked, number) }
    pthread_sigmask(SIG_BLOCK, &blocked, nil)
    try DedicatedThread.start("signals") {
      var waited = sigset_t()
      sigemptyset(&waited)
      for number in signals { sigaddset(&waited, number) }
      while true {
        var number: Int32 = 0
        if sigwait(&waited, &number) == 0 { report(number) }
      }
    }
  }
}
