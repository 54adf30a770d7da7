// One worker from its start to its end, on a thread that waits for it. What it says is bounded in
// size and time, and it is killed with its whole group (reliability.md).

public import Diagnostics
internal import Glibc
internal import Synchronization
internal import Watching

/// How a worker ended.
public enum WorkerOutcome: Sendable, Hashable {
  /// With exit code 0 and this on standard output.
  case document([UInt8])
  /// With another exit code, and this last line on standard error.
  case refused(code: Int32, line: String)
  /// By a signal of its own making.
  case crashed(signal: Int32, line: String)
  /// It was killed after this time.
  case timedOut(Duration)
  /// It said more than this many bytes and was killed.
  case tooLarge(Int)
  /// It could not be started.
  case notStarted(Problem)
  /// It was killed because the daemon stops.
  case cancelled
}

/// A worker that may be running.
public final class WorkerProcess: Sendable {
  private struct State {
    var child: ChildProcess?
    var isCancelled = false
  }

  private let state = Mutex(State())

  /// Creates a worker that has not been started.
  public init() {}

  /// How long a checkpoint of this size may take: the least time, or the time to read it at
  /// 20 MB/s three times over.
  public static func timeout(bytes: Int64, least: Duration) -> Duration {
    max(least, .seconds(Double(max(0, bytes)) / 20e6 * 3))
  }

  /// Kills it, with everything it has started; `run` then returns `.cancelled`.
  public func cancel() {
    state.withLock { state in
      state.isCancelled = true
      state.child?.signal(SIGKILL)
    }
  }

  /// Starts the program and waits for its end.
  public func run(
    _ command: WorkerCommand, timeout: Duration, outputLimit: Int = 64 << 20
  ) -> WorkerOutcome {
    run(command, as: nil, timeout: timeout, outputLimit: outputLimit)
  }

  /// The same, with a child that was started before where there is one.
  func run(
    _ command: WorkerCommand, as started: ChildProcess?, timeout: Duration,
    outputLimit: Int = 64 << 20
  ) -> WorkerOutcome {
    let child: ChildProcess
    do throws(Problem) {
      if let started {
        child = started
      } else {
        child = try ChildProcess.spawn(
          command.executable, command.arguments, environment: command.environment, output: .pipe,
          error: .pipe)
      }
    } catch {
      return .notStarted(error)
    }
    let isCancelled = state.withLock { state in
      state.child = child
      return state.isCancelled
    }
    if isCancelled { child.signal(SIGKILL) }
    let deadline = BootClock.now() + timeout
    var streams = WorkerStreams(child, outputLimit: outputLimit)
    let reading = streams.read(until: deadline) { Self.hasEnded(child) }
    var isLate = reading == .late
    if reading != .ended {
      child.signal(SIGKILL)
    } else if !Self.waitForEnd(of: child, until: deadline) {
      child.signal(SIGKILL)
      isLate = true
    }
    // Killed processes end; if one cannot (a dead disk), waiting is all there is.
    _ = Self.waitForEnd(of: child, until: nil)
    // Grandchildren that outlive their parent are in its group; the number is still ours, since
    // nobody has reaped the child yet.
    let (termination, wasCancelled) = state.withLock { state in
      child.signal(SIGKILL)
      let termination = child.wait(block: true) ?? .exited(70)
      state.child = nil
      return (termination, state.isCancelled)
    }
    streams.close()
    if wasCancelled { return .cancelled }
    if reading == .tooLarge { return .tooLarge(outputLimit) }
    if isLate { return .timedOut(timeout) }
    switch termination {
    case .exited(0): return .document(streams.output)
    case .exited(let code): return .refused(code: code, line: streams.lastLine)
    case .signalled(let number): return .crashed(signal: number, line: streams.lastLine)
    }
  }

  /// Waits until the child can be reaped, without reaping it; false when the deadline is first.
  private static func waitForEnd(of child: ChildProcess, until deadline: Duration?) -> Bool {
    var pause: Int32 = 0
    while !hasEnded(child) {
      if let deadline, BootClock.now() >= deadline { return false }
      // It mostly ends within microseconds of closing its streams.
      if pause == 0 { sched_yield() } else { poll(nil, 0, min(pause, 50)) }
      pause += 1
    }
    return true
  }

  private static func hasEnded(_ child: ChildProcess) -> Bool {
    var information = siginfo_t()
    let options = WEXITED | WNOHANG | WNOWAIT
    let result = waitid(P_PID, id_t(child.identifier), &information, options)
    // si_signo is 0 while it runs; with ECHILD there is nothing left to wait for.
    return result < 0 ? errno == ECHILD : information.si_signo != 0
  }
}
