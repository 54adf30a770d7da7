import Diagnostics
import Foundation
import Ledger
import Reports
import TestSupport
import Testing
import Watching

@testable import Monitor

/// A daemon that is called, not run: what it keeps in memory of checkpoints that came to an end.
@Suite struct ForgettingTests {
  private let folder: TestFolder
  private let daemon: Daemon

  init() throws {
    folder = try TestFolder()
    try folder.folder("runs/a")
    try folder.text("config.yaml", "state: state\nreports: reports\nroots: [{path: runs}]\n")
    let told = Collected()
    daemon = try Daemon(
      try Configuration.load(folder.path + "/config.yaml"),
      Daemon.Parts(
        recorder: { CountingRecorder($1, $0.reports, told, told) },
        workerExecutable: "/bin/false", hintExecutable: nil,
        log: Log(level: .error, hasPriorities: false) { told.add($0) },
        notifier: ServiceNotifier(socketPath: nil), fileSystem: PosixFileSystem(), version: "test",
        grace: .zero))
    daemon.startRoots()
  }

  private func scan() throws -> ScanResult {
    let found = try daemon.roots[0].scanner.scan()
    daemon.take(
      .success(Daemon.Scanned(found: found, isMountPoint: false, seconds: 0)), of: 0)
    return found
  }

  @Test func aRotatingRunDoesNotFillTheMemory() throws {
    for step in 0..<20 {
      let name = "runs/a/step_\(step).pt"
      try folder.file(name, FileBytes.zip())
      try folder.link("runs/a/link_\(step).pt", to: "step_\(step).pt")
      let candidate = try #require(try scan().candidates.first)
      daemon.finish(candidate)
      daemon.lacking[candidate.path] = "something"
      #expect(daemon.finished.count == 1)
      #expect(daemon.lacking.count == 1)
      #expect(daemon.links.count == 1)
      try folder.remove(name)
      try folder.remove("runs/a/link_\(step).pt")
    }
    _ = try scan()
    #expect(daemon.finished.isEmpty)
    #expect(daemon.lacking.isEmpty)
    #expect(daemon.links.isEmpty)
  }

  @Test func whatAScanCouldNotSeeIsKept() throws {
    try folder.file("runs/a/step_1.pt", FileBytes.zip())
    daemon.finish(try #require(try scan().candidates.first))
    try folder.remove("runs/a")
    // The scan ends before it comes to everything.
    try folder.folder("runs/0/1/2/3/4/5/6/7/8/9")
    #expect(try !scan().isWhole)
    #expect(daemon.finished.count == 1)
  }
}
