// One owner, versions, what a crash leaves, and damage of every kind.

import Diagnostics
import Foundation
import Reports
import Testing

@testable import Ledger

private func refusal(_ directory: String) -> Problem? {
  do {
    _ = try Ledger.open(directory: directory)
    return nil
  } catch {
    return error
  }
}

@Suite struct OpeningTests {
  @Test func createsAPrivateDirectory() throws {
    let parent = try TemporaryState()
    let directory = parent.path + "/state/deep"
    let ledger = try Ledger.open(directory: directory)
    try ledger.count("x")
    let files = PosixFileSystem()
    #expect(try files.status(directory, followingLink: false)?.mode == 0o700)
    for name in ["lock", "ledger.sqlite", "ledger.sqlite-wal"] {
      #expect(
        try files.status(directory + "/" + name, followingLink: false)?.mode == 0o600, "\(name)")
    }
    #expect(try ledger.isInPlace())
    try FileManager.default.removeItem(atPath: directory)
    #expect(try !ledger.isInPlace())
  }

  @Test func hasOneOwner() throws {
    let state = try TemporaryState()
    do {
      let ledger = try Ledger.open(directory: state.path)
      let problem = try #require(refusal(state.path))
      #expect(
        problem.description
          == "already-running: \(state.path): process \(getpid()) uses this state directory; "
          + "stop it, or give this one another state directory")
      #expect(problem.kind.rawValue == 75)
      try ledger.count("still mine")
    }
    #expect(refusal(state.path) == nil)
  }

  /// Only the lock was removed: the ledger is the one that was opened, and guards itself again.
  @Test func aRemovedLockIsTakenAgain() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    _ = try ledger.observe(path: "/r/1.pt", run: "r", fingerprint: .init("a"))
    try FileManager.default.removeItem(atPath: state.path + "/lock")
    #expect(try !ledger.isInPlace())
    #expect(try ledger.retakeLock())
    #expect(try ledger.isInPlace())
    #expect(refusal(state.path)?.code == "already-running")
    #expect(try ledger.entry(path: "/r/1.pt") != nil)
    for name in try state.names() {
      try FileManager.default.removeItem(atPath: state.path + "/" + name)
    }
    #expect(try !ledger.retakeLock())
  }

  @Test func refusesANewerVersionAndLeavesItAlone() throws {
    let state = try TemporaryState()
    do { try fill(try Ledger.open(directory: state.path)) }
    do {
      let connection = try SQLiteConnection.open(state.path + "/ledger.sqlite")
      try connection.execute("UPDATE about SET value = 7; PRAGMA user_version = 7;")
      try connection.execute("CREATE TABLE from_the_future(x)")
      _ = try connection.rows("PRAGMA wal_checkpoint(TRUNCATE)") { _ in }
    }
    let before = try state.bytes("ledger.sqlite")
    let problem = try #require(refusal(state.path))
    #expect(
      problem.description
        == "ledger-newer: \(state.path)/ledger.sqlite: written by a newer version "
        + "(schema 7, this one knows 2); install that version again, or name another state "
        + "directory")
    #expect(problem.kind == .configuration)
    #expect(try state.bytes("ledger.sqlite") == before)
  }

  /// Version 1 told nobody of alerts: none of its alerts is due.
  @Test func raisesTheFirstVersion() throws {
    let state = try TemporaryState()
    do { try fill(try Ledger.open(directory: state.path)) }
    let before = try Contents(try Ledger.open(directory: state.path))
    do {
      let connection = try SQLiteConnection.open(state.path + "/ledger.sqlite")
      try connection.execute(
        "DROP TABLE untold; UPDATE about SET value = 1; PRAGMA user_version = 1;")
    }
    do {
      let ledger = try Ledger.open(directory: state.path)
      #expect(ledger.findings.isEmpty)
      #expect(try Contents(ledger) == before)
      #expect(try !before.alerts.isEmpty && ledger.untoldAlerts().isEmpty)
      try ledger.enqueueAlert(id: "new", run: "one", document: [])
      try ledger.markWritten("new")
    }
    let ledger = try Ledger.open(directory: state.path)
    #expect(ledger.findings.isEmpty)
    #expect(try ledger.untoldAlerts().map(\.id) == ["new"])
  }

  @Test func whatWasStartedIsSettledAgainWithItsAttempts() throws {
    let state = try TemporaryState()
    do {
      let ledger = try Ledger.open(directory: state.path)
      let entry = try ledger.observe(path: "/r/a.pt", run: "r", fingerprint: Fingerprint("a"))
      try ledger.settled(entry.id)
      try ledger.started(entry.id)
      try ledger.postpone(entry.id, reason: "killed")
      try ledger.started(entry.id)
    }
    let ledger = try Ledger.open(directory: state.path)
    let entry = try #require(try ledger.entry(path: "/r/a.pt"))
    #expect(entry.state == .settled && entry.attempts == 2)
  }

  @Test func aKillAtAnyMomentLeavesEveryCommit() throws {
    // A copy of the files is what a kill leaves. After every call: what was returned is there.
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    for index in 0..<12 {
      let path = "/r/\(index).pt"
      let entry = try ledger.observe(path: path, run: "r", fingerprint: Fingerprint("a"))
      #expect(try reopened(state) { try $0.entry(path: path)?.state } == .seen)
      try ledger.started(entry.id)
      let restarted = try #require(try reopened(state) { try $0.entry(path: path) })
      #expect(restarted.state == .settled && restarted.attempts == 1)
      var inside: Contents?
      let before = try reopened(state) { try Contents($0) }
      try ledger.transaction { () throws(Problem) in
        try ledger.done(entry.id, measurement: measurement("r", "d\(index)", step: index))
        try ledger.enqueueAlert(id: "r-\(index)", run: "r", document: [UInt8(index)])
        do {
          inside = try reopened(state) { try Contents($0) }
        } catch {
          Issue.record(error)
        }
      }
      #expect(inside == before, "half a transaction was seen")
      let after = try reopened(state) { try Contents($0) }
      #expect(after.measurements.count == index + 1 && after.pending.count == index + 1)
      #expect(after.entries.last?.state == .done)
    }
  }

  @Test func aLogCutAnywhereIsAPrefixOfHistory() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    var history: [Set<String>] = [[]]
    for index in 0..<6 {
      try ledger.transaction { () throws(Problem) in
        try ledger.add(measurement("r", "d\(index)", step: index))
        try ledger.enqueueAlert(id: "d\(index)", run: "r", document: [])
      }
      history.append(history[index].union(["d\(index)"]))
    }
    let copy = try state.copy()
    let log = try copy.bytes("ledger.sqlite-wal")
    var seen: Set<Int> = []
    for length in stride(from: 0, through: log.count, by: 1031) {
      let cut = try copy.copy()
      try cut.put(Array(log[..<length]), as: "ledger.sqlite-wal")
      let found = try Ledger.open(directory: cut.path)
      let digests = Set(try found.measurements(run: "r").map(\.digest))
      let position = try #require(history.firstIndex(of: digests), "cut at \(length)")
      #expect(Set(try found.pendingAlerts().map(\.id)) == digests)
      seen.insert(position)
    }
    #expect(seen.count > 3)
  }

  @Test func damageEverywhereEndsInAGoodOrAFreshLedger() throws {
    let state = try TemporaryState()
    do { try fill(try Ledger.open(directory: state.path)) }
    let good: Contents
    do { good = try Contents(try Ledger.open(directory: state.path)) }
    let bytes = try state.bytes("ledger.sqlite")
    var damages: [(String, [UInt8])] = []
    var generator = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
    // Every byte of the header once; then a flip about every 97 bytes, of a bit that moves along.
    let positions = Array(0..<100) + Array(stride(from: 100, to: bytes.count, by: 97))
    for (index, position) in positions.enumerated() {
      var changed = bytes
      let position = position < 100 ? position : min(position + Int(seed % 97), bytes.count - 1)
      changed[position] ^= 1 << ((index + Int(seed % 8)) % 8)
      damages.append(("flip at \(position), seed \(seed)", changed))
    }
    for length in stride(from: 0, to: bytes.count, by: 1021) {
      damages.append(("cut at \(length)", Array(bytes[..<length])))
    }
    damages.append(("zeroed", [UInt8](repeating: 0, count: bytes.count)))
    damages.append(("text", Array("schema: not a database\n".utf8)))
    var untouched = 0
    var repaired = 0
    var fresh = 0
    for (name, changed) in damages {
      let copy = try TemporaryState()
      try copy.put(changed, as: "ledger.sqlite")
      let ledger = try Ledger.open(directory: copy.path)
      let contents = try Contents(ledger)
      let codes = Set(ledger.findings.map(\.code))
      if codes.contains("ledger-set-aside") || changed.isEmpty {
        #expect(contents == Contents(), "\(name)")
        #expect(try changed.isEmpty || copy.names().contains("ledger.sqlite.corrupt-1"), "\(name)")
        fresh += 1
      } else if codes.contains("ledger-row-damaged") {
        for entry in contents.entries { #expect(good.entries.contains(entry), "\(name)") }
        for one in contents.measurements { #expect(good.measurements.contains(one), "\(name)") }
        for alert in contents.alerts { #expect(good.alerts.contains(alert), "\(name)") }
        repaired += 1
      } else {
        #expect(contents.entries == good.entries, "\(name)")
        #expect(contents.measurements == good.measurements, "\(name)")
        #expect(contents.alerts == good.alerts && contents.pending == good.pending, "\(name)")
        untouched += 1
      }
      // Whatever it is now, it works.
      try ledger.transaction { () throws(Problem) in try fill(ledger) }
    }
    #expect(untouched > 0 && repaired > 0 && fresh > 0, "\(untouched) \(repaired) \(fresh)")
  }

  @Test func keepsThreeDamagedOnes() throws {
    let state = try TemporaryState()
    for index in 0..<5 {
      try state.put(Array("not a database \(index)".utf8), as: "ledger.sqlite")
      let ledger = try Ledger.open(directory: state.path)
      #expect(
        ledger.findings.map(\.description) == [
          "ledger-set-aside: \(state.path)/ledger.sqlite: damaged (SQLite says \"file is not a "
            + "database\" (code 26) while executing `PRAGMA journal_mode = WAL`), kept as "
            + "\(state.path)/ledger.sqlite.corrupt-1, begun afresh; nothing to do: checkpoints that "
            + "are still there are probed again"
        ])
    }
    let names = try state.names().filter { $0.contains("corrupt") }
    #expect(names == (1...3).map { "ledger.sqlite.corrupt-\($0)" })
    for number in 1...3 {
      #expect(
        try state.bytes("ledger.sqlite.corrupt-\(number)")
          == Array("not a database \(5 - number)".utf8))
    }
  }

  @Test func neverFollowsALink() throws {
    for name in ["lock", "ledger.sqlite"] {
      let state = try TemporaryState()
      try state.put([1, 2, 3], as: "victim")
      try FileManager.default.createSymbolicLink(
        atPath: state.path + "/" + name, withDestinationPath: state.path + "/victim")
      #expect(refusal(state.path)?.code == "symbolic-link")
      #expect(try state.bytes("victim") == [1, 2, 3])
    }
  }

  @Test func aForeignDatabaseIsSetAside() throws {
    let state = try TemporaryState()
    try state.put([], as: "ledger.sqlite")
    do {
      let connection = try SQLiteConnection.open(state.path + "/ledger.sqlite")
      try connection.execute("CREATE TABLE theirs(x); INSERT INTO theirs VALUES (1)")
    }
    let ledger = try Ledger.open(directory: state.path)
    #expect(ledger.findings.map(\.code) == ["ledger-set-aside"])
    #expect(ledger.findings[0].what.hasPrefix("damaged (it is not a ledger of plasticityd)"))
  }

  // What a daemon started now would find, if the one before had been killed at this moment.
  private func reopened<Value>(
    _ state: TemporaryState, _ look: (Ledger) throws -> Value
  ) throws -> Value {
    let copy = try state.copy()
    return try withExtendedLifetime(copy) { try look(try Ledger.open(directory: copy.path)) }
  }
}
