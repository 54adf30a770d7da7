// Lines to a descriptor whose reader may be slow, stuck or gone: a journal that does not read must not
// hold up the daemon. What cannot be written at once is dropped and counted.

internal import Glibc
internal import Synchronization

/// A place for lines that never blocks for long.
final class LogStream: Sendable {
  private let descriptor: Int32
  private let hasPriorities: Bool
  private let dropped = Mutex(0)

  /// What a pipe that can be written to takes without waiting: PIPE_BUF of pipe(7).
  private static let pieceBytes = 4_096
  /// How long a reader that kept up so far is waited for.
  private static let patienceMilliseconds: Int32 = 200

  init(descriptor: Int32, hasPriorities: Bool) {
    self.descriptor = descriptor
    self.hasPriorities = hasPriorities
  }

  /// Writes a line and its end, or drops it.
  func write(_ line: String) {
    dropped.withLock { dropped in
      guard takes(after: dropped == 0 ? Self.patienceMilliseconds : 0) else {
        dropped += 1
        return
      }
      if dropped > 0 {
        put("\(hasPriorities ? "<4>" : "")\(dropped) lines were dropped: nobody read them")
        dropped = 0
      }
      put(line)
    }
  }

  private func put(_ line: String) {
    let bytes = Array(line.utf8) + [0x0A]
    var done = 0
    while done < bytes.count, done == 0 || takes(after: Self.patienceMilliseconds) {
      // Mostly one call, so that lines of several processes do not mix.
      let count = bytes[done..<min(bytes.count, done + Self.pieceBytes)].withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      // If nobody reads, nobody is told.
      if count < 0, errno != EINTR { return }
      done += max(0, count)
    }
  }

  private func takes(after milliseconds: Int32) -> Bool {
    var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&waited, 1, milliseconds) != 0
  }
}
