// Blocks of work on POSIX threads, with results handed over in block order: what is added up does
// not depend on how many threads there were or which was first. Not the cooperative pool: a block
// computes for a long time and must not starve it.
package import Diagnostics
internal import Glibc

/// Runs `produce` for blocks `0..<count` on `threads` threads and `combine` on the caller's, in
/// block order.
///
/// - Parameter window: the most blocks that are begun or waiting at a time; by default one more than
///   there are threads.
/// - Throws: the problem of the first block, in block order, that failed; `no-thread` when the
///   system gives none.
package func forEachBlock<Output: Sendable>(
  count: Int, threads: Int, window: Int? = nil,
  produce: @escaping @Sendable (Int) throws(Problem) -> Output,
  combine: (Int, Output) throws(Problem) -> Void
) throws(Problem) {
  if threads <= 1 || count <= 1 {
    for block in 0..<count { try combine(block, try produce(block)) }
    return
  }
  let queue = BlockQueue<Output>(count: count, window: max(window ?? threads + 1, 1))
  var workers: [pthread_t] = []
  for _ in 0..<min(threads, count) {
    let body = ThreadBody { queue.work(produce) }
    let retained = Unmanaged.passRetained(body)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run()
        return nil
      }, retained.toOpaque())
    guard code == 0 else {
      retained.release()
      break
    }
    workers.append(thread)
  }
  defer {
    queue.stop()
    for worker in workers { pthread_join(worker, nil) }
  }
  guard !workers.isEmpty else {
    throw Problem(
      "no-thread", at: "probe", "the system refused a new thread",
      remedy: "raise TasksMax= of the unit or the user's process limit", kind: .tryAgain)
  }
  for block in 0..<count {
    switch queue.wait(for: block) {
    case .success(let output): try combine(block, output)
    case .failure(let problem): throw problem
    }
  }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// The blocks still to be taken and the results not yet fetched; every access holds the mutex.
private final class BlockQueue<Output: Sendable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let count: Int
  private let window: Int
  private var taken = 0
  private var fetched = 0
  private var stopped = false
  private var results: [Int: Result<Output, Problem>] = [:]

  init(count: Int, window: Int) {
    self.count = count
    self.window = window
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Takes blocks until there are none, waiting while too many results are unfetched.
  func work(_ produce: (Int) throws(Problem) -> Output) {
    while let block = take() {
      let result: Result<Output, Problem>
      do throws(Problem) {
        result = .success(try produce(block))
      } catch {
        result = .failure(error)
      }
      pthread_mutex_lock(mutex)
      results[block] = result
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
  }

  private func take() -> Int? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !stopped, taken < count, taken >= fetched + window { pthread_cond_wait(changed, mutex) }
    guard !stopped, taken < count else { return nil }
    taken += 1
    return taken - 1
  }

  /// The result of a block; blocks are asked for in order.
  func wait(for block: Int) -> Result<Output, Problem> {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = results.removeValue(forKey: block) {
        fetched = block + 1
        pthread_cond_broadcast(changed)
        return result
      }
      pthread_cond_wait(changed, mutex)
    }
  }

  /// Makes `take` return nil.
  func stop() {
    pthread_mutex_lock(mutex)
    stopped = true
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }
}
