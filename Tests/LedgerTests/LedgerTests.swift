// States, series, outbox, transactions.

import Diagnostics
import Ledger
import Testing

@Suite struct LedgerTests {
  @Test func anEntryWalksThroughItsStates() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    let path = "/runs/one/step_1.pt"
    let seen = try ledger.observe(path: path, run: "one", fingerprint: Fingerprint("a"))
    #expect(seen.state == .seen && seen.attempts == 0 && seen.run == "one")
    #expect(try ledger.observe(path: path, run: "one", fingerprint: Fingerprint("a")) == seen)
    try ledger.settled(seen.id)
    #expect(try ledger.pendingEntries().map(\.state) == [.settled])
    #expect(try ledger.started(seen.id) == 1)
    try ledger.postpone(seen.id, reason: "out of memory")
    #expect(try ledger.entry(path: path)?.state == .settled)
    #expect(try ledger.entry(path: path)?.reason == "out of memory")
    #expect(try ledger.started(seen.id) == 2)
    try ledger.postpone(seen.id, reason: "being written", to: .seen, countsAttempt: false)
    #expect(try ledger.entry(path: path)?.state == .seen)
    #expect(try ledger.entry(path: path)?.attempts == 1)
    try ledger.settled(seen.id)
    try ledger.started(seen.id)
    #expect(try ledger.done(seen.id, measurement: measurement("one", "d", path: path)) == .added)
    let done = try #require(try ledger.entry(path: path))
    #expect(done.state == .done && done.digest == "d" && done.reason == nil)
    #expect(try ledger.pendingEntries() == [])
    // A change on the disk begins all over; a postponement that comes late changes nothing.
    try ledger.postpone(seen.id, reason: "late")
    #expect(try ledger.entry(path: path) == done)
    let again = try ledger.observe(path: path, run: "one", fingerprint: Fingerprint("b"))
    #expect(again.id == seen.id && again.state == .seen && again.attempts == 0)
    #expect(again.digest == nil)
  }

  /// Runs below another are those whose names are in its folder of names, and no neighbour's.
  @Test func runsBelowARun() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    for (number, run) in ["gan", "gan/G", "gan/D/deep", "gan-2", "gan0", "game/G", "gan/G"]
      .enumerated()
    {
      try ledger.observe(path: "/\(number).pt", run: run, fingerprint: Fingerprint("a"))
    }
    #expect(try ledger.runs(below: "gan") == ["gan/D/deep", "gan/G"])
    #expect(try ledger.runs(below: "none").isEmpty)
    #expect(try ledger.firstEntry(run: "gan/G")?.path == "/1.pt")
    #expect(try ledger.firstEntry(run: "none") == nil)
  }

  @Test func aFileThatChangesUnderItsWorkerIsProbedAgain() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    let old = Fingerprint("a")
    let entry = try ledger.observe(path: "/r/last.pt", run: "r", fingerprint: old)
    try ledger.settled(entry.id)
    try ledger.started(entry.id)
    try ledger.observe(path: "/r/last.pt", run: "r", fingerprint: Fingerprint("b"))
    #expect(
      try ledger.done(entry.id, measurement: measurement("r", "d", path: "/r/last.pt")) == .added)
    #expect(try ledger.entry(path: "/r/last.pt")?.state == .seen)
    #expect(try ledger.rejected(entry.id, code: "x", reason: "y", fingerprint: old) == false)
    #expect(try ledger.entry(path: "/r/last.pt")?.state == .seen)
    #expect(try ledger.rejected(entry.id, code: "x", reason: "y", fingerprint: Fingerprint("b")))
    #expect(try ledger.entry(path: "/r/last.pt")?.code == "x")
  }

  @Test func missedIsCountedOnce() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    let entry = try ledger.observe(path: "/r/a.pt", run: "r", fingerprint: Fingerprint("a"))
    try ledger.missed(entry.id)
    try ledger.missed(entry.id)
    try ledger.count("dropped", by: 3)
    #expect(try ledger.counters() == ["missed": 1, "dropped": 3])
    #expect(try ledger.entries(run: "r").map(\.state) == [.missed])
    let again = try ledger.observe(path: "/r/a.pt", run: "r", fingerprint: Fingerprint("b"))
    #expect(again.state == .seen)
  }

  @Test func aContentCountsOnceInItsRun() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    #expect(try ledger.add(measurement("r", "d", step: 1, path: "/r/a.pt")) == .added)
    #expect(try ledger.add(measurement("r", "d", step: 1, path: "/r/a.pt")) == .repeated)
    #expect(try ledger.add(measurement("r", "d", step: 2, path: "/r/last.pt")) == .alias)
    #expect(try ledger.add(measurement("r", "d", step: 2, path: "/r/last.pt")) == .repeated)
    #expect(try ledger.addAlias(run: "r", digest: "d", path: "/r/best.pt"))
    #expect(try ledger.add(measurement("other", "d", step: 1, path: "/o/a.pt")) == .added)
    #expect(try ledger.aliases(run: "r") == ["d": ["/r/best.pt", "/r/last.pt"]])
    #expect(try ledger.measurements(run: "r").map(\.step) == [1])
    #expect(throws: Problem.self) {
      try ledger.addAlias(run: "r", digest: "unknown", path: "/r/best.pt")
    }
    // What a path holds now is no other content.
    #expect(try ledger.add(measurement("r", "e", step: 2, path: "/r/b.pt")) == .added)
    #expect(try ledger.add(measurement("r", "e", step: 2, path: "/r/last.pt")) == .alias)
    #expect(try ledger.aliases(run: "r") == ["d": ["/r/best.pt"], "e": ["/r/last.pt"]])
    #expect(try ledger.add(measurement("r", "f", step: 3, path: "/r/last.pt")) == .added)
    #expect(try ledger.aliases(run: "r") == ["d": ["/r/best.pt"]])
    #expect(try ledger.measurements(run: "other").count == 1)
  }

  @Test func aSeriesIsInOrderOfStepThenArrival() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    for (digest, step) in [("e", nil), ("c", 9), ("a", 3), ("b", 3), ("f", nil), ("z", 0)] {
      try ledger.add(measurement("r", digest, step: step))
    }
    #expect(try ledger.measurements(run: "r").map(\.digest) == ["z", "a", "b", "c", "e", "f"])
    #expect(try ledger.arrivals(run: "r").map(\.digest) == ["e", "c", "a", "b", "f", "z"])
    #expect(try ledger.digests(run: "r") == ["e", "c", "a", "b", "f", "z"])
    try ledger.observe(path: "/q/x.pt", run: "q", fingerprint: Fingerprint(""))
    #expect(try ledger.runs() == ["q", "r"])
  }

  @Test func textsAndBytesComeBackAsTheyWere() throws {
    let state = try TemporaryState()
    let nasty = "a\u{0}b\n\u{1B}[2J'; DROP TABLE entry; --\u{202E}é"
    let stored = StoredMeasurement(
      run: nasty, digest: "", step: Int.min, epoch: -0.0, path: nasty, reportPath: "",
      document: Array(0...255) + [0, 0])
    do {
      let ledger = try Ledger.open(directory: state.path)
      try ledger.add(stored)
      try ledger.add(measurement(nasty, "empty", document: []))
      try ledger.add(
        StoredMeasurement(
          run: "nan", digest: "d", step: nil, epoch: .nan, path: "", reportPath: "", document: []))
      let entry = try ledger.observe(path: nasty, run: nasty, fingerprint: Fingerprint(nasty))
      try ledger.rejected(entry.id, code: "", reason: nasty)
    }
    let ledger = try Ledger.open(directory: state.path)
    #expect(ledger.findings == [])
    let read = try #require(try ledger.measurement(run: nasty, digest: ""))
    #expect(read == stored)
    #expect(Array(read.path.utf8) == Array(nasty.utf8))
    #expect(read.epoch?.bitPattern == (0.0).bitPattern)
    #expect(try ledger.measurement(run: nasty, digest: "empty")?.document == [])
    #expect(try ledger.measurements(run: "nan").map(\.epoch) == [nil])
    #expect(try ledger.entry(path: nasty)?.reason == nasty)
  }

  @Test func anAlertIsSaidOnce() throws {
    let state = try TemporaryState()
    do {
      let ledger = try Ledger.open(directory: state.path)
      #expect(try ledger.enqueueAlert(id: "r-peaked", run: "r", document: [1]))
      #expect(try ledger.enqueueAlert(id: "r-closed", run: "r", document: [2]))
      #expect(try !ledger.enqueueAlert(id: "r-peaked", run: "r", document: [3]))
      #expect(try ledger.pendingAlerts().map(\.id) == ["r-peaked", "r-closed"])
      try ledger.markWritten("r-peaked")
    }
    let ledger = try Ledger.open(directory: state.path)
    #expect(try ledger.pendingAlerts().map(\.document) == [[2]])
    // Told only once it is written, and once.
    #expect(try ledger.untoldAlerts().map(\.id) == ["r-peaked"])
    try ledger.markTold("r-peaked")
    try ledger.markTold("r-peaked")
    #expect(try ledger.untoldAlerts().isEmpty)
    try ledger.markWritten("r-closed")
    #expect(try ledger.untoldAlerts().map(\.document) == [[2]])
    #expect(try !ledger.enqueueAlert(id: "r-peaked", run: "r", document: [4]))
    #expect(try ledger.alerts(run: "r").map(\.id) == ["r-peaked", "r-closed"])
    #expect(throws: Problem.self) { try ledger.markWritten("unknown") }
  }

  @Test func aTransactionIsWholeOrNothing() throws {
    let state = try TemporaryState()
    let ledger = try Ledger.open(directory: state.path)
    let entry = try ledger.observe(path: "/r/a.pt", run: "r", fingerprint: Fingerprint("a"))
    try ledger.started(entry.id)
    let before = try Contents(ledger)
    let failure = Problem("test", at: "here", "stop", remedy: "none")
    #expect(throws: failure) {
      try ledger.transaction { () throws(Problem) in
        try ledger.done(entry.id, measurement: measurement("r", "d"))
        try ledger.enqueueAlert(id: "r-peaked", run: "r", document: [1])
        try ledger.transaction { () throws(Problem) in try ledger.count("inner") }
        throw failure
      }
    }
    #expect(try Contents(ledger) == before)
    // Caught or not, what failed inside leaves nothing.
    #expect(throws: failure) {
      try ledger.transaction { () throws(Problem) in
        try ledger.count("outer")
        do {
          try ledger.transaction { () throws(Problem) in
            try ledger.count("inner")
            throw failure
          }
        } catch { try ledger.count("after") }
      }
    }
    #expect(try Contents(ledger) == before)
    let value = try ledger.transaction { () throws(Problem) in
      try ledger.done(entry.id, measurement: measurement("r", "d"))
      return 7
    }
    #expect(value == 7)
    #expect(try ledger.entry(path: "/r/a.pt")?.state == .done)
  }

  @Test func manyRows() throws {
    let state = try TemporaryState()
    do {
      let ledger = try Ledger.open(directory: state.path)
      try ledger.transaction { () throws(Problem) in
        for index in 0..<20_000 {
          let entry = try ledger.observe(
            path: "/runs/r\(index % 7)/step_\(index).pt", run: "r\(index % 7)",
            fingerprint: Fingerprint("\(index)"))
          try ledger.started(entry.id)
          try ledger.done(
            entry.id,
            measurement: measurement("r\(index % 7)", "d\(index)", step: 20_000 - index))
        }
      }
    }
    let ledger = try Ledger.open(directory: state.path)
    #expect(ledger.findings == [])
    #expect(try ledger.runs().count == 7)
    let series = try ledger.measurements(run: "r3")
    #expect(series.count == 2857)
    #expect(series.map { $0.step ?? 0 } == series.map { $0.step ?? 0 }.sorted())
  }
}
