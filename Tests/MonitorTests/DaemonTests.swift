import Diagnostics
import Foundation
import Ledger
import TestSupport
import Testing
import Watching

@testable import Monitor

@Suite(.serialized) struct DaemonTests {
  let harness: Harness

  init() throws { harness = try Harness() }

  @Test func reportsWhatIsThereInOrderOfSteps() throws {
    for step in [10, 9, 1, 100] { try harness.checkpoint("a/step_\(step).pt") }
    try harness.configure(interval: 0.05)
    try harness.start(hints: false)
    #expect(harness.waitFor("record a step_100.pt fine\n"))
    harness.stop()
    #expect(
      harness.told.all == [1, 9, 10, 100].map { "record a step_\($0).pt fine\n" })
    let status = try harness.status()
    #expect(status.contains("schema: plasticityd/status/v1"))
    #expect(status.contains("state: stopped"))
    #expect(status.contains("reported: 4"))
  }

  @Test func hearsOfWhatComes() throws {
    try harness.start()
    // The interval is a minute: only a hint can tell.
    try harness.checkpoint("new/deep/a.pt")
    #expect(harness.waitFor("record new/deep a.pt fine\n"))
    try harness.checkpoint("b.tmp")
    try harness.folder.rename("runs/b.tmp", to: "runs/b.pt")
    #expect(harness.waitFor("record runs b.pt fine\n"))
    harness.stop()
    #expect(harness.told.all.count == 2)
  }

  @Test func doesNothingTwice() throws {
    for number in 0..<5 { try harness.checkpoint("a/\(number).pt") }
    try harness.start()
    #expect(harness.waitFor("record a 4.pt fine\n"))
    harness.stop()
    for number in 5..<8 { try harness.checkpoint("a/\(number).pt") }
    try harness.start()
    #expect(harness.waitFor("record a 7.pt fine\n"))
    harness.stop()
    #expect(harness.told.all == (0..<8).map { "record a \($0).pt fine\n" })
  }

  @Test func takesUpWhatAStopHasLeft() throws {
    try harness.checkpoint("a/1.pt", "hang")
    try harness.start()
    #expect(harness.waitForLog { $0.hasPrefix("started on") })
    harness.stop()
    #expect(harness.told.all == [])
    try harness.checkpoint("a/1.pt", "whole")
    try harness.start()
    #expect(harness.waitFor("record a 1.pt fine\n"))
    harness.stop()
    let ledger = try Ledger.open(directory: harness.folder.path + "/state")
    let entry = try #require(try ledger.entry(path: harness.folder.path + "/runs/a/1.pt"))
    #expect(entry.state == .done)
    #expect(entry.attempts == 1)
  }

  @Test func badCheckpointsCostOnlyThemselves() throws {
    try harness.checkpoint("a/1.pt", "crash")
    try harness.checkpoint("a/2.pt", "refuse")
    try harness.checkpoint("a/3.pt", "nonsense")
    try harness.checkpoint("a/4.pt")
    try harness.start()
    #expect(harness.waitFor("record a 4.pt fine\n"))
    harness.stop()
    #expect(
      harness.told.all == [
        "reject a 1.pt worker-crashed", "reject a 2.pt bad-magic",
        "reject a 3.pt bad-worker-document", "record a 4.pt fine\n",
      ])
    let retries = harness.log.all.filter { $0.hasSuffix("; once more") }
    #expect(retries.count == 1)
    let status = try harness.status()
    #expect(status.contains("rejected: 3"))
    #expect(status.contains("workers_lost: 2"))
    // At the next start only what may have been the machine's fault is tried again.
    let before = harness.told.all
    try harness.start()
    #expect(harness.waitFor("reject a 1.pt worker-crashed", count: 2))
    harness.stop()
    #expect(harness.told.all == before + ["reject a 1.pt worker-crashed"])
  }

  @Test func waitsForWhatIsNotWhole() throws {
    let whole = FileBytes.zip()
    try harness.folder.file("runs/a.pt", Array(whole.dropLast(3)))
    try harness.configure(incompleteAfter: 0.05)
    try harness.start()
    #expect(harness.waitFor("reject runs a.pt incomplete"))
    try harness.folder.file("runs/a.pt", whole)
    #expect(harness.waitFor("record runs a.pt fine\n"))
    harness.stop()
    #expect(harness.told.all.count == 2)
    #expect(try harness.status().contains("incomplete: []"))
  }

  @Test func asksAgainWhenTheWorkerSaysNotYet() throws {
    try harness.checkpoint("a.pt", "later")
    try harness.start()
    #expect(harness.waitForLog { $0.contains("not now: incomplete: ") })
    #expect(harness.told.all == [])
    try harness.checkpoint("a.pt", "whole")
    #expect(harness.waitFor("record runs a.pt fine\n"))
    harness.stop()
  }

  @Test func neverOpensWhatIsNoFile() throws {
    try harness.folder.link("runs/shadow.pt", to: "/etc/shadow")
    #expect(mkfifo(harness.folder.path + "/runs/pipe.pt", 0o600) == 0)
    try harness.checkpoint("z.pt")
    try harness.start()
    #expect(harness.waitFor("record runs z.pt fine\n"))
    harness.stop()
    try harness.start()
    harness.stop()
    #expect(
      harness.told.all.sorted() == [
        "record runs z.pt fine\n", "reject runs pipe.pt not-regular",
        "reject runs shadow.pt not-regular",
      ])
  }

  @Test func waitsForARootAndMissesNothingInIt() throws {
    try harness.folder.remove("runs")
    try harness.configure(interval: 0.05)
    try harness.start(hints: false)
    #expect(harness.waitForLog { $0.hasPrefix("root-missing: ") })
    try harness.folder.folder("elsewhere")
    try harness.folder.text("elsewhere/a.pt", "later\n")
    try harness.folder.rename("elsewhere", to: "runs")
    #expect(harness.waitForLog { $0.hasSuffix("/runs is there again") })
    #expect(harness.waitForLog { $0.contains("not now: incomplete: ") })
    // Gone with all that is in it: that is no deletion.
    try harness.folder.rename("runs", to: "away")
    #expect(harness.waitForLog(count: 2) { $0.hasPrefix("root-missing: ") })
    try harness.folder.text("away/a.pt", "whole\n")
    try harness.folder.rename("away", to: "runs")
    #expect(harness.waitFor("record runs a.pt fine\n"))
    harness.stop()
    #expect(try harness.status().contains("missed: 0"))
  }

  @Test func countsWhatItMissed() throws {
    try harness.checkpoint("a.pt", "later")
    try harness.configure(interval: 0.05)
    try harness.start(hints: false)
    #expect(harness.waitForLog { $0.contains("not now: incomplete: ") })
    try harness.folder.remove("runs/a.pt")
    #expect(harness.waitForLog { $0.hasSuffix("a.pt went away before it was read") })
    harness.stop()
    #expect(try harness.status().contains("missed: 1"))
  }

  @Test func countsWhatWentAwayWhileItWasDown() throws {
    try harness.checkpoint("a.pt", "later")
    try harness.start()
    #expect(harness.waitForLog { $0.contains("not now: incomplete: ") })
    harness.stop()
    try harness.folder.remove("runs/a.pt")
    try harness.start()
    #expect(harness.waitForLog { $0.hasSuffix("a.pt went away before it was read") })
    harness.stop()
  }

  @Test func rotationAfterTheReportIsNoMiss() throws {
    for name in ["model.safetensors", "optimizer.pt", "trainer_state.json"] {
      let bytes: [UInt8] =
        switch name {
        case "optimizer.pt": FileBytes.zip()
        case "trainer_state.json": Array("{}".utf8)
        default: FileBytes.safetensors
        }
      try harness.folder.file("runs/checkpoint-1/\(name)", bytes)
    }
    try harness.configure(interval: 0.05, settle: 0.3)
    try harness.start(hints: false)
    #expect(harness.waitFor("record runs checkpoint-1 fine\n"))
    try harness.folder.remove("runs/checkpoint-1/optimizer.pt")
    try harness.folder.remove("runs/checkpoint-1")
    try harness.checkpoint("z.pt")
    #expect(harness.waitFor("record runs z.pt fine\n"))
    harness.stop()
    #expect(try harness.status().contains("missed: 0"))
  }

  @Test func holdsARunBackUntilItsSettingsAreRight() throws {
    try harness.checkpoint("a/1.pt")
    try harness.checkpoint("a/2.pt", "probe")
    try harness.folder.text("runs/a/plasticity.yaml", "prob: x\n")
    try harness.checkpoint("b/1.pt")
    try harness.start()
    #expect(harness.waitFor("record b 1.pt fine\n"))
    #expect(harness.waitForLog { $0.hasPrefix("a is held back: unknown-key: ") })
    #expect(!harness.told.all.contains { $0.contains(" a ") })
    try harness.folder.text("runs/a/plasticity.yaml", "name: better\n")
    #expect(harness.waitFor("record better 1.pt fine\n"))
    // A probe that the worker calls wrong holds its checkpoint back too.
    #expect(harness.waitForLog { $0.hasPrefix("better is held back: bad-probe: ") })
    harness.stop()
    let status = try harness.status()
    #expect(status.contains("run: better"))
    // The name that the settings give is kept at the next start, even if they are broken then.
    try harness.folder.text("runs/a/plasticity.yaml", "prob: x\n")
    try harness.start()
    harness.stop()
    #expect(harness.told.all.filter { $0.hasSuffix("1.pt fine\n") }.count == 2)
  }

  @Test func oneNameOneRun() throws {
    try harness.folder.text("runs/a/plasticity.yaml", "name: b\n")
    try harness.checkpoint("a/1.pt")
    try harness.checkpoint("b/2.pt")
    try harness.start()
    #expect(harness.waitFor("record b 1.pt fine\n"))
    #expect(harness.waitForLog { $0.hasPrefix("b is held back: run-name-taken: ") })
    harness.stop()
  }

  /// Neither a reload nor a restart gives the name to another folder.
  @Test func aNameStaysWhoseItIs() throws {
    try harness.checkpoint("b/2.pt")
    try harness.start()
    #expect(harness.waitFor("record b 2.pt fine\n"))
    harness.reload()
    try harness.folder.text("runs/a/plasticity.yaml", "name: b\n")
    try harness.checkpoint("a/1.pt")
    #expect(harness.waitForLog { $0.hasPrefix("b is held back: run-name-taken: ") })
    harness.stop()
    try harness.start()
    try harness.checkpoint("b/3.pt")
    #expect(harness.waitFor("record b 3.pt fine\n"))
    harness.stop()
    #expect(try harness.status().contains("run-name-taken"))
    #expect(!harness.told.all.contains { $0.contains("1.pt") })
  }

  /// What is written over before a worker is free was missed, as what is deleted is.
  @Test func whatIsReplacedUnreadIsCounted() throws {
    try harness.start()
    try harness.checkpoint("a/1.pt", "hang")
    #expect(harness.waitForLog { $0.hasSuffix("started on \(harness.folder.path)/runs/a/1.pt") })
    try harness.checkpoint("b/old.tmp", "one")
    try harness.folder.rename("runs/b/old.tmp", to: "runs/b/last.pt")
    #expect(harness.waitForLog { $0.hasSuffix("queued \(harness.folder.path)/runs/b/last.pt") })
    try harness.checkpoint("b/new.tmp", "the other")
    let folder = harness.folder.path + "/runs/b/"
    #expect(rename(folder + "new.tmp", folder + "last.pt") == 0)
    #expect(
      harness.waitForLog {
        $0.hasSuffix(
          "missed: \(harness.folder.path)/runs/b/last.pt was replaced before it was read")
      })
    harness.stop()
    #expect(try harness.status().contains("missed: 1"))
  }

  /// timm links its newest file to the epoch's own name before it renames the next over it.
  @Test func whatHasAnotherNameIsNotMissed() throws {
    try harness.start()
    try harness.checkpoint("a/1.pt", "hang")
    #expect(harness.waitForLog { $0.hasSuffix("started on \(harness.folder.path)/runs/a/1.pt") })
    let folder = harness.folder.path + "/runs/b/"
    try harness.checkpoint("b/old.tmp", "one")
    try harness.folder.rename("runs/b/old.tmp", to: "runs/b/last.pt")
    #expect(harness.waitForLog { $0.hasSuffix("queued \(folder)last.pt") })
    #expect(link(folder + "last.pt", folder + "epoch-1.pt") == 0)
    #expect(harness.waitForLog { $0.hasSuffix("queued \(folder)epoch-1.pt") })
    try harness.checkpoint("b/new.tmp", "the other")
    #expect(rename(folder + "new.tmp", folder + "last.pt") == 0)
    #expect(harness.waitForLog(count: 2) { $0.hasSuffix("queued \(folder)last.pt") })
    harness.stop()
    #expect(!harness.log.all.contains { $0.contains("missed: ") })
    #expect(try harness.status().contains("missed: 0"))
  }

  @Test func triesAgainWhenTheDiskWasFull() throws {
    try harness.checkpoint("a.pt", "full")
    try harness.start()
    #expect(harness.waitForLog { $0 == "disk-full: reports: no space; make some" })
    #expect(harness.waitFor("record runs a.pt disk-full\n"))
    harness.stop()
    #expect(try harness.status().contains("problems: []"))
  }

  @Test func reloadsOrKeepsTheOldConfiguration() throws {
    let manager = try FakeManager()
    try harness.start(notifier: ServiceNotifier(socketPath: manager.path))
    #expect(manager.next().hasPrefix("STATUS="))
    #expect(manager.next().hasPrefix("READY=1\n"))
    try harness.configure(roots: "[{path: runs}, {pat: more}]")
    harness.reload()
    var told = ""
    repeat { told = manager.next() } while !told.isEmpty && !told.hasPrefix("RELOADING=1")
    repeat { told = manager.next() } while !told.isEmpty && !told.hasPrefix("READY=1")
    #expect(told.contains("old configuration stays: missing-key: "))
    #expect(told.contains("config.yaml:3:"))
    try harness.checkpoint("a.pt")
    #expect(harness.waitFor("record runs a.pt fine\n"))
    try harness.configure(roots: "[{path: runs}, {path: more, name: other}]", state: "elsewhere")
    harness.reload()
    #expect(harness.waitForLog { $0.contains("needs-restart: ") })
    try harness.folder.text("more/b.pt", "whole\n")
    try harness.configure(roots: "[{path: runs}, {path: more, name: other}]")
    harness.reload()
    #expect(harness.waitFor("record other b.pt fine\n"))
    harness.stop()
    #expect(harness.told.all.count == 2)
    repeat { told = manager.next() } while !told.isEmpty && !told.hasPrefix("STOPPING=1")
    #expect(told.hasPrefix("STOPPING=1"))
  }

  @Test func pingsTheWatchdog() throws {
    let manager = try FakeManager()
    try harness.start(
      notifier: ServiceNotifier(socketPath: manager.path, watchdogMicroseconds: 50_000))
    var pings = 0
    while pings < 5 {
      let told = manager.next()
      try #require(!told.isEmpty)
      if told == "WATCHDOG=1" { pings += 1 }
    }
    harness.stop()
  }

  @Test func isAloneWithItsState() throws {
    try harness.start()
    let configuration = try Configuration.load(harness.folder.path + "/config.yaml")
    let problem = #expect(throws: Problem.self) {
      try Ledger.open(directory: configuration.state)
    }
    #expect(problem?.kind == .tryAgain)
    harness.stop()
    _ = try Ledger.open(directory: configuration.state)
  }

  @Test func beginsAgainWhenItsStateIsRemoved() throws {
    try harness.checkpoint("a.pt")
    try harness.configure(interval: 0.05)
    try harness.start(hints: false)
    #expect(harness.waitFor("record runs a.pt fine\n"))
    try harness.folder.remove("state")
    #expect(harness.waitFor("record runs a.pt fine\n", count: 2))
    harness.stop()
    let ledger = try Ledger.open(directory: harness.folder.path + "/state")
    #expect(try ledger.runs() == ["runs"])
  }

  @Test func namesTheLimitThatLeavesFoldersUnwatched() throws {
    try harness.folder.text(
      "helper", "#!/bin/sh\necho lost watch-limit ENOSPC\necho watching 3\nexec cat\n")
    chmod(harness.folder.path + "/helper", 0o700)
    try harness.configure(interval: 0.05)
    try harness.start(helper: harness.folder.path + "/helper")
    try harness.checkpoint("a.pt")
    #expect(harness.waitFor("record runs a.pt fine\n"))
    harness.stop()
    let status = try harness.status()
    #expect(status.contains("state: degraded"))
    #expect(status.contains("raise fs.inotify.max_user_watches, now "))
  }

  @Test func startsTheHelperAgainWhenItDies() throws {
    // The first one dies at once; the second is the real one.
    let real = Harness.binaries + "/plasticity-watch"
    try harness.folder.text(
      "helper",
      "#!/bin/sh\necho watching 1\n[ -e \"$0.died\" ] && exec '\(real)' \"$@\"\n"
        + ": >\"$0.died\"\n")
    chmod(harness.folder.path + "/helper", 0o700)
    try harness.start(helper: harness.folder.path + "/helper")
    #expect(harness.waitForLog { $0 == "plasticity-watch ended (exit code 0): polling" })
    #expect(harness.waitForLog(count: 3) { $0.hasPrefix("plasticity-watch watches ") })
    try harness.checkpoint("a.pt")
    #expect(harness.waitFor("record runs a.pt fine\n"))
    harness.stop()
    #expect(try harness.status().contains("state: watching"))
  }

  @Test func goesOnWithoutTheHelper() throws {
    try harness.configure(interval: 0.05)
    try harness.start(hints: false)
    try harness.checkpoint("a.pt")
    #expect(harness.waitFor("record runs a.pt fine\n"))
    let status = try harness.status()
    #expect(status.contains("state: degraded"))
    #expect(status.contains("plasticity-watch is not installed: polling"))
    harness.stop()
  }
}
