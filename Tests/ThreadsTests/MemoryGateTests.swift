import Diagnostics
import Synchronization
import Testing
import Threads

@Suite struct MemoryGateTests {
  @Test func neverMoreThanTheLimitIsHeld() throws {
    let gate = MemoryGate(bytes: 10)
    let held = Held()
    try forEachBlock(count: 200, threads: 4) { (block) throws(Problem) in
      let bytes = 1 + block % 7
      let reservation = gate.reserve(bytes)
      held.add(bytes)
      held.add(-(bytes - 1))
      reservation.shrink(to: 1)
      held.add(-1)
    } combine: { _, _ in
    }
    #expect(held.most <= 10)
    #expect(held.now == 0)
  }

  @Test func moreThanTheLimitRunsAlone() {
    let gate = MemoryGate(bytes: 10)
    for _ in 0..<3 { _ = gate.reserve(1_000) }
    _ = gate.reserve(10)
  }

  @Test func afterAFailureTheRestIsGivenBack() {
    let gate = MemoryGate(bytes: 1)
    let failed = message { () throws(Problem) in
      try forEachBlock(count: 20, threads: 2) { (block) throws(Problem) in
        let reservation = gate.reserve(1)
        defer { withExtendedLifetime(reservation) {} }
        if block == 3 { throw Problem("broken", at: "block 3", "it is", remedy: "none") }
      } combine: { _, _ in
      }
    }
    #expect(failed == "broken: block 3: it is; none")
    _ = gate.reserve(1)
  }

  @Test(arguments: [nil, 1, 50])
  func resultsComeInOrderWhateverTheWindow(window: Int?) throws {
    var order: [Int] = []
    try forEachBlock(count: 50, threads: 3, window: window) {
      $0
    } combine: { block, output in
      #expect(block == output)
      order.append(output)
    }
    #expect(order == Array(0..<50))
  }

  private func message(_ body: () throws(Problem) -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }
}

/// A sum that threads change.
private final class Held: Sendable {
  private let state = Mutex((now: 0, most: 0))

  var now: Int { state.withLock { $0.now } }
  var most: Int { state.withLock { $0.most } }

  func add(_ bytes: Int) {
    state.withLock {
      $0.now += bytes
      $0.most = max($0.most, $0.now)
    }
  }
}
