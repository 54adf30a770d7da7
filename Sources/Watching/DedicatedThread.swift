// A thread of its own for what blocks: the cooperative pool has two threads on a small machine,
// and none of them may wait.

package import Diagnostics
internal import Glibc

/// Starts threads that do one thing and end.
package enum DedicatedThread {
  private final class Work {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Runs `body` on a new, detached thread.
  ///
  /// - Throws: `no-thread` when the system gives none.
  package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(Problem)
  {
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    guard failure == 0 else {
      work.release()
      throw Problem(
        "no-thread", at: name, "the system gives no thread (\(Errno(failure)))",
        remedy: "raise TasksMax= of the unit, or the user's process limit", kind: .unavailable)
    }
    pthread_detach(thread)
  }
}
