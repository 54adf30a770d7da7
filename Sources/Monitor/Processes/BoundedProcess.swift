// One program, a worker or who is told of alerts, from its start to its end, on a thread that waits for it.
// What it says is bounded in size and time, and it is killed with its whole group (reliability.md).

internal import Diagnostics
internal import Glibc
internal import Synchronization
internal import Watching

/// A program that may be running.
public final class BoundedProcess: Sendable {
  private struct State {
    var child: ChildProcess?
    /// When it was, on the boot clock.
    var cancelled: Duration?
  }

  private let state = Mutex(State())
  /// How long a killed process may take to end. It ends at once, unless a dead disk or mount holds it.
  private static let dying = Duration.seconds(5)

  /// Creates one that has not been started.
  public init() {}

  /// How long a checkpoint of this size may take: the least time, or the time to read it at
  /// 20 MB/s three times over.
  public static func timeout(bytes: Int64, least: Duration) -> Duration {
    max(least, .seconds(Double(max(0, bytes)) / 20e6 * 3))
  }

  /// Kills it, with everything it has started; `run` then returns `.cancelled`.
  public func cancel() {
    state.withLock { state in
      state.cancelled = state.cancelled ?? BootClock.now()
      state.child?.signal(SIGKILL)
    }
  }

  /// Starts the program and waits for its end.
  public func run(
    _ command: ProgramCommand, timeout: Duration, outputLimit: Int = 64 << 20
  ) -> ProcessOutcome {
    run(command, as: nil, timeout: timeout, outputLimit: outputLimit)
  }

  /// The same, with a child that was started before where there is one.
  func run(
    _ command: ProgramCommand, as started: ChildProcess?, timeout: Duration,
    outputLimit: Int = 64 << 20
  ) -> ProcessOutcome {
    let child: ChildProcess
    do throws(Problem) {
      if let started {
        child = started
      } else {
        child = try command.spawn()
      }
    } catch {
      return .notStarted(error)
    }
    let isCancelled = state.withLock { state in
      state.child = child
      return state.cancelled != nil
    }
    if isCancelled { child.signal(SIGKILL) }
    let isOver = { Self.hasEnded(child) || self.shouldHaveEnded }
    let deadline = BootClock.now() + timeout
    var streams = BoundedStreams(child, outputLimit: outputLimit)
    let reading = streams.read(until: deadline, isOver)
    var isLate = reading == .late
    if reading != .ended {
      child.signal(SIGKILL)
    } else if !Self.wait(until: deadline, isOver) {
      child.signal(SIGKILL)
      isLate = true
    }
    guard Self.wait(until: BootClock.now() + Self.dying, isOver), Self.hasEnded(child) else {
      streams.close()
      if leave(child) { return .cancelled }
      return reading == .tooLarge ? .tooLarge(outputLimit) : .timedOut(timeout)
    }
    // Grandchildren that outlive their parent are in its group; the number is still ours, since
    // nobody has reaped the child yet.
    let (termination, wasCancelled) = state.withLock { state in
      child.signal(SIGKILL)
      let termination = child.wait(block: true) ?? .exited(70)
      state.child = nil
      return (termination, state.cancelled != nil)
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

  /// Whether it was cancelled so long ago that something holds it.
  private var shouldHaveEnded: Bool {
    state.withLock { $0.cancelled.map { BootClock.now() - $0 > Self.dying } ?? false }
  }

  /// Leaves a killed child that something holds to a thread that waits for it. Returns whether it was
  /// cancelled.
  private func leave(_ child: ChildProcess) -> Bool {
    // Signalled no more from here on: once it is reaped its number may be another's.
    let wasCancelled = state.withLock { state in
      state.child = nil
      return state.cancelled != nil
    }
    // Without a thread it stays a zombie until the daemon ends: nothing else waits for it.
    try? DedicatedThread.start("reap") { _ = child.wait(block: true) }
    return wasCancelled
  }

  /// Waits for something, and says whether it came before the deadline.
  private static func wait(until deadline: Duration, _ hasCome: () -> Bool) -> Bool {
    var pause: Int32 = 0
    while !hasCome() {
      if BootClock.now() >= deadline { return false }
      // A process mostly ends within microseconds of closing its streams.
      if pause == 0 { sched_yield() } else { poll(nil, 0, min(pause, 50)) }
      pause += 1
    }
    return true
  }

  /// Whether the child can be reaped.
  private static func hasEnded(_ child: ChildProcess) -> Bool {
    var information = siginfo_t()
    let options = WEXITED | WNOHANG | WNOWAIT
    let result = waitid(P_PID, id_t(child.identifier), &information, options)
    // si_signo is 0 while it runs; with ECHILD there is nothing left to wait for.
    return result < 0 ? errno == ECHILD : information.si_signo != 0
  }
}
