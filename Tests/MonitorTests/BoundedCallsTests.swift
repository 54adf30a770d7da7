import Foundation
import TestSupport
import Testing

@testable import Monitor

@Suite struct BoundedCallsTests {
  @Test func aHeldCallHoldsNobodyElse() throws {
    let calls = BoundedCalls(patience: .milliseconds(20))
    let gate = DispatchSemaphore(value: 0)
    let left = DispatchSemaphore(value: 0)
    #expect(calls.answer { 1 } == 1)
    #expect(
      calls.answer {
        gate.wait()
        left.signal()
        return 2
      } == nil)
    #expect(calls.isHeld)
    // It is not even asked: one thread is lost to a dead mount, not one a question.
    #expect(
      calls.answer { () -> Int in
        Issue.record("asked"); return 3
      } == nil)
    gate.signal()
    left.wait()
    #expect(eventuallyFree(calls))
    #expect(calls.answer { 4 } == 4)
  }

  /// The call has come back; that it is noted follows at once.
  private func eventuallyFree(_ calls: BoundedCalls) -> Bool {
    let limit = Date(timeIntervalSinceNow: patience)
    while calls.isHeld, Date() < limit { sched_yield() }
    return !calls.isHeld
  }
}
