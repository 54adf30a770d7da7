// Keeps what several threads hold at once under a limit: each asks before it allocates.
internal import Glibc

/// A number of bytes that threads reserve parts of.
package final class MemoryGate: @unchecked Sendable {
  // Every access to `free` holds the mutex.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let limit: Int
  private var free: Int

  /// Part of a gate's bytes, held until it is let go of.
  package final class Reservation {
    private let gate: MemoryGate
    private var bytes: Int

    fileprivate init(_ gate: MemoryGate, bytes: Int) {
      self.gate = gate
      self.bytes = bytes
    }

    deinit { gate.giveBack(bytes) }

    /// Gives back all but so many bytes.
    package func shrink(to kept: Int) {
      guard kept < bytes else { return }
      gate.giveBack(bytes - max(kept, 0))
      bytes = max(kept, 0)
    }
  }

  /// - Parameter bytes: what may be held at once, at least 1.
  package init(bytes: Int) {
    limit = max(bytes, 1)
    free = limit
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Waits until so many bytes are free. More than the limit waits for all of it: it runs alone
  /// rather than never. A thread that holds a reservation must not ask for another.
  package func reserve(_ bytes: Int) -> Reservation {
    let part = min(max(bytes, 0), limit)
    pthread_mutex_lock(mutex)
    while free < part { pthread_cond_wait(changed, mutex) }
    free -= part
    pthread_mutex_unlock(mutex)
    return Reservation(self, bytes: part)
  }

  private func giveBack(_ bytes: Int) {
    pthread_mutex_lock(mutex)
    free += bytes
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }
}
