// Runs plasticity-watch and passes its lines on. It may be missing or die at any time: then
// nobody hints, and the scans find everything a little later.

public import Diagnostics
internal import Glibc
internal import Synchronization

/// One running helper.
public final class HintSource: Sendable {
  private let input: Mutex<Int32>

  /// Where the helper is: beside our own executable, in `../libexec/plasticityd`, or in PATH.
  ///
  /// - Parameter beside: the path of our own executable.
  public static func locate(beside executable: String) -> String? {
    let directory = Path.parent(executable)
    let search = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    let directories =
      [directory, Path.join(Path.parent(directory), "libexec/plasticityd")]
      + search.split(separator: ":").map(String.init)
    return directories.map { Path.join($0, "plasticity-watch") }.first { access($0, X_OK) == 0 }
  }

  /// Starts the helper.
  ///
  /// - Parameters:
  ///   - executable: path of `plasticity-watch`.
  ///   - roots: the folders to watch.
  ///   - depth: how deep below them.
  ///   - report: called on a thread of its own for every line, and once with `.ended`.
  /// - Throws: `spawn-failed` or `no-thread`.
  public init(
    executable: String, roots: [String], depth: Int,
    report: @escaping @Sendable (HintEvent) -> Void
  ) throws(Problem) {
    // The helper dies with the thread that has started it (PR_SET_PDEATHSIG), so that thread must
    // be the one that reads it to its end.
    let started = Handover()
    try DedicatedThread.start("hints") {
      let child: ChildProcess
      do throws(Problem) {
        child = try ChildProcess.spawn(
          executable, ["--depth", String(depth)] + roots, environment: [:], input: .pipe,
          output: .pipe)
      } catch {
        return started.put(.failure(error))
      }
      started.put(.success(child.input))
      HintSource.pump(child, report)
    }
    switch started.take() {
    case .success(let descriptor): input = Mutex(descriptor)
    case .failure(let problem): throw problem
    }
  }

  /// Ends the helper by closing its standard input; `.ended` follows.
  public func stop() {
    input.withLock { descriptor in
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
    }
  }

  deinit { stop() }

  private static func pump(_ child: ChildProcess, _ report: @Sendable (HintEvent) -> Void) {
    var pending: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let got = buffer.withUnsafeMutableBytes { read(child.output, $0.baseAddress, $0.count) }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      pending += buffer[..<got]
      var start = pending.startIndex
      while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
        report(HintEvent.read(pending[start..<end]))
        start = end + 1
      }
      pending.removeSubrange(..<start)
      // No path is this long: it is not our helper that speaks.
      if pending.count > 1 << 20 { break }
    }
    close(child.output)
    child.signal(SIGKILL)
    switch child.wait(block: true) {
    case .exited(let code): report(.ended("exit code \(code)"))
    case .signalled(let number): report(.ended("signal \(number)"))
    case nil: report(.ended("unknown"))
    }
  }
}

/// One value from a thread to the one that started it.
private final class Handover: Sendable {
  private struct State {
    var value: Result<Int32, Problem>?
  }

  private let state = Mutex(State())
  private let ready: Int32
  private let signal: Int32

  init() {
    switch ClosingPipe.make() {
    case .success(let ends): (ready, signal) = (ends.reading, ends.writing)
    case .failure: (ready, signal) = (-1, -1)
    }
  }

  deinit {
    close(ready)
    close(signal)
  }

  func put(_ value: Result<Int32, Problem>) {
    state.withLock { $0.value = value }
    var byte: UInt8 = 1
    _ = write(signal, &byte, 1)
  }

  func take() -> Result<Int32, Problem> {
    var byte: UInt8 = 0
    while read(ready, &byte, 1) < 0, errno == EINTR {}
    return state.withLock { $0.value }
      ?? .failure(
        Problem(
          "spawn-failed", at: "plasticity-watch", "no pipe can be made for it",
          remedy: "raise LimitNOFILE= of the unit", kind: .unavailable))
  }
}
