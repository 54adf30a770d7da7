// Signals as events. Blocking them for one thread that waits is not enough here: OpenBLAS has
// started threads before main, and the kernel may hand a signal to any of them. So a handler
// writes the number into a pipe, and a thread reads it there.

internal import Diagnostics
internal import Glibc
internal import Watching

/// Turns signals into calls.
enum SignalSource {
  private static let pipe: (reading: Int32, writing: Int32) = {
    switch ClosingPipe.make() {
    case .success(let ends): ends
    case .failure: (-1, -1)
    }
  }()

  /// Ignores SIGPIPE, and reports each of the signals from a thread of its own, for the life of
  /// the process.
  ///
  /// - Throws: `no-thread`, `no-pipe` or `signals-blocked`.
  static func start(
    _ signals: [Int32], report: @escaping @Sendable (Int32) -> Void
  ) throws(Problem) {
    // Made here, so that the handler only reads it.
    let ends = pipe
    guard ends.reading >= 0 else {
      throw Problem(
        "no-pipe", at: "signals", "the system gives no pipe",
        remedy: "raise LimitNOFILE= of the unit", kind: .unavailable)
    }
    signal(SIGPIPE, SIG_IGN)
    for number in signals {
      signal(number) { number in
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(SignalSource.pipe.writing, &byte, 1)
        errno = saved
      }
    }
    try unblock(signals)
    try DedicatedThread.start("signals") {
      var byte: UInt8 = 0
      while true {
        let got = read(ends.reading, &byte, 1)
        if got == 1 { report(Int32(byte)) } else if got == 0 || errno != EINTR { return }
      }
    }
  }
  /// A parent may have started us with signals blocked, which exec(2) keeps: supervisors that spawn
  /// from a thread that takes none do so, and SIGTERM would then wait for ever.
  private static func unblock(_ signals: [Int32]) throws(Problem) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals { sigaddset(&set, number) }
    guard pthread_sigmask(SIG_UNBLOCK, &set, nil) == 0 else {
      throw Problem(
        "signals-blocked", at: "signals", "the system does not unblock them",
        remedy: "start the daemon with SIGTERM, SIGINT and SIGHUP unblocked", kind: .unavailable)
    }
  }
}
