// Events from other threads to the one loop that acts on them.

internal import Glibc
internal import Synchronization
internal import Watching

/// A queue with a descriptor to wait on.
final class Mailbox<Event: Sendable>: Sendable {
  private let events = Mutex<[Event]>([])
  private let reading: Int32
  private let writing: Int32

  init() {
    switch ClosingPipe.make() {
    case .success(let ends): (reading, writing) = (ends.reading, ends.writing)
    // Without a pipe, waiting ends by its time alone: slow, and right.
    case .failure: (reading, writing) = (-1, -1)
    }
    for end in [reading, writing] where end >= 0 { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
  }

  deinit {
    for end in [reading, writing] where end >= 0 { close(end) }
  }

  func post(_ event: Event) {
    let wasEmpty = events.withLock { events in
      events.append(event)
      return events.count == 1
    }
    var byte: UInt8 = 1
    if wasEmpty { _ = write(writing, &byte, 1) }
  }

  /// Waits for an event, at most for a time, and takes all there are.
  func take(waiting: Duration) -> [Event] {
    var waited = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
    if poll(&waited, 1, waiting.inPollMilliseconds) > 0 {
      var drain = [UInt8](repeating: 0, count: 64)
      while read(reading, &drain, drain.count) > 0 {}
    }
    return events.withLock { events in
      defer { events = [] }
      return events
    }
  }
}
