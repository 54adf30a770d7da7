import Foundation
import TestSupport
import Testing
import Watching

@testable import Monitor

@Suite(.serialized) struct WaitingWorkerTests {
  let harness: Harness

  init() throws { harness = try Harness() }

  /// One after another, so that the daemon is at rest before each.
  private func report(_ names: [String], as word: [String]) throws {
    for (name, word) in zip(names, word) {
      try harness.checkpoint(name)
      let run = name.split(separator: "/")[0]
      #expect(harness.waitFor("record \(run) \(name.dropFirst(run.count + 1)) \(word)\n"))
    }
  }

  @Test func theThirdOfARunIsAwaited() throws {
    try harness.start(anticipates: true)
    try report(
      ["a/1.pt", "a/2.pt", "a/3.pt", "a/4.pt"], as: ["fine", "fine", "awaited", "awaited"])
  }

  @Test func runsThatTakeTurnsAreNotAwaited() throws {
    try harness.start(anticipates: true)
    try report(
      ["a/1.pt", "b/1.pt", "a/2.pt", "b/2.pt", "b/3.pt", "b/4.pt", "a/3.pt", "a/4.pt", "a/5.pt"],
      as: ["fine", "fine", "fine", "fine", "fine", "awaited", "fine", "fine", "awaited"])
  }

  @Test func otherSettingsNeedAnotherWorker() throws {
    try harness.start(anticipates: true)
    try report(["a/1.pt", "a/2.pt"], as: ["fine", "fine"])
    try harness.folder.text("runs/a/plasticity.yaml", "batch_size: 7\n")
    try report(["a/3.pt", "a/4.pt"], as: ["fine", "awaited"])
  }

  @Test func oneThatDiesIsReplaced() throws {
    try harness.start(anticipates: true)
    try harness.folder.text("runs/a/no-worker-waits", "")
    try report(["a/1.pt", "a/2.pt", "a/3.pt"], as: ["fine", "fine", "fine"])
    let status = try harness.status()
    #expect(!status.contains("rejected: 1"))
  }

  @Test func aCrashCountsAsAnyOther() throws {
    try harness.start(anticipates: true)
    try report(["a/1.pt", "a/2.pt"], as: ["fine", "fine"])
    try harness.checkpoint("a/3.pt", "crash")
    #expect(harness.waitFor("reject a 3.pt worker-crashed"))
    try report(["a/4.pt"], as: ["fine"])
  }

  @Test func endsWithTheDaemon() throws {
    let folder = try TestFolder()
    // Open for as long as the worker lives, which waits for its input to end.
    let fifo = folder.path + "/alive"
    #expect(mkfifo(fifo, 0o600) == 0)
    try folder.text("worker", "#!/bin/sh\nexec 3>\"\(fifo)\"\necho >&3\ncat\nsleep 600\n")
    chmod(folder.path + "/worker", 0o700)
    let reader = open(fifo, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    let worker = try WaitingWorker(
      executable: folder.path + "/worker", folder: "/runs/a", options: ["--kept"])
    #expect(worker.fits("/runs/a/1.pt", options: ["--kept"]))
    #expect(worker.fits("/runs/a/deep/1.pt", options: ["--kept"]))
    #expect(!worker.fits("/runs/a/1.pt", options: ["--kept", "--seed", "1"]))
    #expect(!worker.fits("/runs/ab/1.pt", options: ["--kept"]))
    var told = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
    #expect(poll(&told, 1, 20_000) == 1)
    worker.dismiss()
    var hungUp = pollfd(fd: reader, events: 0, revents: 0)
    #expect(poll(&hungUp, 1, 20_000) == 1)
    #expect(Int32(hungUp.revents) & Int32(POLLHUP) != 0)
  }
}
