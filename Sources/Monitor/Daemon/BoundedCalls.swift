// Calls that may never come back, as those into a folder on a dead mount: made on another thread, and
// waited for only so long. A thread that a dead mount holds can be neither woken nor ended, so there is
// at most one.

internal import Diagnostics
internal import Synchronization
internal import Watching

final class BoundedCalls: Sendable {
  private let patience: Duration
  private let isOut = Mutex(false)

  /// For what is asked while a configuration is read: a few questions a root.
  static var ofConfiguration: BoundedCalls { BoundedCalls(patience: .seconds(5)) }

  init(patience: Duration) { self.patience = patience }

  /// Whether a call has not come back.
  var isHeld: Bool { isOut.withLock { $0 } }

  /// What the call says; nil when it takes too long, or an earlier one has not come back yet.
  func answer<Answer: Sendable>(_ call: @escaping @Sendable () -> Answer) -> Answer? {
    guard !isHeld else { return nil }
    let answers = Mailbox<Answer>()
    isOut.withLock { $0 = true }
    do throws(Problem) {
      try DedicatedThread.start("call") { [self] in
        let answer = call()
        isOut.withLock { $0 = false }
        answers.post(answer)
      }
    } catch {
      // Without threads there are no scans either; the loop itself is all that is left.
      isOut.withLock { $0 = false }
      return call()
    }
    let deadline = BootClock.now() + patience
    while true {
      let left = deadline - BootClock.now()
      if let answer = answers.take(waiting: max(.zero, left)).first { return answer }
      if left <= .zero { return nil }
    }
  }
}
