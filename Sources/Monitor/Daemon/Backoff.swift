// How long to wait before trying again: 1 s, doubling up to 5 min.

struct Backoff: Sendable {
  private(set) var failures = 0
  private(set) var until: Duration = .zero

  /// Counts a failure and sets the time before which nothing is tried. What fails while that lasts is the same
  /// failure: a disk that was full for a moment fails fifty writes.
  mutating func failed(at now: Duration, longest: Duration = .seconds(300)) {
    guard now >= until else { return }
    let factor = 1 << min(failures, 12)
    failures += 1
    until = now + min(longest, .seconds(1) * factor)
  }

  /// It has worked.
  mutating func succeeded() { self = Backoff() }
}
