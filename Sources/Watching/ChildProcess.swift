// posix_spawn with nothing inherited: own process group, stated environment, default signals, no
// descriptors beyond the three it is given.

package import Diagnostics
internal import Glibc
internal import Synchronization

/// A started child. It must be reaped with `wait`, by one thread, exactly once.
package struct ChildProcess: Sendable {
  /// What one of its three standard streams is.
  package enum Stream: Sendable, Hashable {
    /// `/dev/null`.
    case null
    /// A pipe whose other end is ours.
    case pipe
    /// A file, to be read.
    case file(String)
  }

  /// Process number, and that of its group.
  package let identifier: Int32
  /// Our end of its standard input, or -1.
  package let input: Int32
  /// Our end of its standard output, or -1.
  package let output: Int32
  /// Our end of its standard error, or -1.
  package let error: Int32

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: path; PATH is not searched.
  ///   - arguments: without the program's own name.
  ///   - environment: all of it.
  /// - Throws: `spawn-failed`.
  package static func spawn(
    _ executable: String, _ arguments: [String], environment: [String: String],
    input: Stream = .null, output: Stream = .null, error: Stream = .null
  ) throws(Problem) -> ChildProcess {
    var pipes = Pipes()
    defer { pipes.closeTheirs() }
    let ours = [
      try pipes.open(input, isInput: true, executable),
      try pipes.open(output, isInput: false, executable),
      try pipes.open(error, isInput: false, executable),
    ]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, (stream, theirs)) in zip([input, output, error], pipes.theirs).enumerated() {
      switch stream {
      case .null:
        posix_spawn_file_actions_addopen(
          &actions, Int32(number), "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
      case .file(let path):
        posix_spawn_file_actions_addopen(&actions, Int32(number), path, O_RDONLY, 0)
      case .pipe: posix_spawn_file_actions_adddup2(&actions, theirs, Int32(number))
      }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    setSignals(&attributes)
    var identifier: pid_t = 0
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let failure = withCStrings([executable] + arguments) { argv in
      withCStrings(variables) { envp in
        ClosingPipe.spawning.withLock { _ in
          posix_spawn(&identifier, executable, &actions, &attributes, argv, envp)
        }
      }
    }
    guard failure == 0 else {
      pipes.closeOurs()
      throw Problem(
        "spawn-failed", at: executable, "it cannot be started (\(Errno(failure)))",
        remedy: "check that it is installed and executable", kind: .unavailable)
    }
    return ChildProcess(
      identifier: identifier, input: ours[0], output: ours[1], error: ours[2])
  }

  /// Its end, if it has come; with `block`, waits for it. Nil while it runs.
  package func wait(block: Bool) -> Termination? {
    var status: Int32 = 0
    while true {
      let result = waitpid(identifier, &status, block ? 0 : WNOHANG)
      if result == identifier { return Termination(status) }
      if result < 0, errno == EINTR { continue }
      // ECHILD: somebody else has reaped it; its end is known, its code is not.
      return result < 0 ? .exited(70) : nil
    }
  }

  /// Sends a signal to it and everything in its group. Only before it has been reaped.
  package func signal(_ number: Int32) { _ = kill(-identifier, number) }

  private static func setSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    sigemptyset(&none)
    var usual = sigset_t()
    sigemptyset(&usual)
    for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2] {
      sigaddset(&usual, number)
    }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
  }
}

/// How a child ended.
package enum Termination: Sendable, Hashable {
  /// By itself, with this code.
  case exited(Int32)
  /// By this signal.
  case signalled(Int32)

  /// Reads what `waitpid` gives (wait(2)): the low seven bits are the signal, the next byte the code.
  init(_ status: Int32) {
    let signal = status & 0x7F
    self = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
  }
}

private struct Pipes {
  var theirs: [Int32] = []
  var ours: [Int32] = []

  mutating func open(
    _ stream: ChildProcess.Stream, isInput: Bool, _ executable: String
  ) throws(Problem) -> Int32 {
    guard stream == .pipe else {
      theirs.append(-1)
      ours.append(-1)
      return -1
    }
    let ends: (reading: Int32, writing: Int32)
    switch ClosingPipe.make() {
    case .success(let made): ends = made
    case .failure(let failure):
      closeOurs()
      ours = []
      throw Problem(
        "spawn-failed", at: executable, "no pipe can be made for it (\(failure))",
        remedy: "raise LimitNOFILE= of the unit", kind: .unavailable)
    }
    theirs.append(isInput ? ends.reading : ends.writing)
    ours.append(isInput ? ends.writing : ends.reading)
    return isInput ? ends.writing : ends.reading
  }

  mutating func closeTheirs() {
    for number in theirs where number >= 0 { close(number) }
    theirs = []
  }

  mutating func closeOurs() {
    for number in ours where number >= 0 { close(number) }
    ours = []
  }
}

/// Pipes that no child inherits. The C library's module offers Swift no `pipe2`, so making a pipe
/// and starting a child exclude each other.
package enum ClosingPipe {
  fileprivate static let spawning = Mutex(())

  /// A pipe, both ends close-on-exec.
  package static func make() -> Result<(reading: Int32, writing: Int32), Errno> {
    spawning.withLock { _ in
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { return .failure(Errno(errno)) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return .success((ends[0], ends[1]))
    }
  }
}
