// When a scan that another thread makes was last seen to move.

internal import Synchronization

/// Tells a scan that takes long from one that a dead mount holds.
package final class ScanProgress: Sendable {
  private let latest = Mutex(BootClock.now())

  package init() {}

  /// When it last came to a file or a folder.
  package var moved: Duration { latest.withLock { $0 } }

  func move() {
    let now = BootClock.now()
    latest.withLock { $0 = now }
  }
}
