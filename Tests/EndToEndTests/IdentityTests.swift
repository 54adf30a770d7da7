// The same content under several names, in the ways that trainers write it: one report each time.

import Checkpoints
import Foundation
import Reports
import Testing

@Suite struct IdentityTests {
  private let tree: DaemonTree

  init() throws { tree = try DaemonTree() }

  private static let contents = ["epoch_000.pt", "epoch_001.pt", "epoch_004.pt"].map {
    Fixtures.checkpoint("mnist1d-cnn-sgd", $0)
  }

  private func folder(_ run: String) throws -> String {
    let path = "\(tree.path)/runs/\(run)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  /// Writes the content in pieces, which the daemon sees, and waits until it has seen the whole.
  private func write(_ source: String, _ path: String) throws {
    let parent = URL(filePath: path).deletingLastPathComponent().path
    try RecordedRun.copy(source, to: parent, as: URL(filePath: path).lastPathComponent, .inPlace)
  }

  /// Waits until the run's document holds.
  private func wait(_ run: String, _ holds: (RunReport) -> Bool) throws {
    let isDone = eventually { (try? tree.run(run)).map(holds) ?? false }
    #expect(isDone, "\(run): \((try? tree.run(run)).debugDescription)\n\(tree.log.suffix(3_000))")
  }

  private func names(_ report: RunReport) -> [[String]] {
    report.trajectory.map { row in
      ([row.path] + row.aliases).map { URL(filePath: $0).lastPathComponent }.sorted()
    }
  }

  /// timm writes `tmp.pth.tar`, renames it to `last.pth.tar`, and links that to the epoch's own name
  /// and, if it is the best, to a third; the oldest link is removed later.
  @Test func hardLinksAreAliases() throws {
    let run = try folder("timm")
    try tree.start()
    for (epoch, source) in Self.contents.enumerated() {
      try write(source, "\(run)/tmp.pth.tar")
      #expect(rename("\(run)/tmp.pth.tar", "\(run)/last.pth.tar") == 0)
      #expect(link("\(run)/last.pth.tar", "\(run)/checkpoint-\(epoch).pth.tar") == 0)
      if epoch == 1 {
        #expect(link("\(run)/last.pth.tar", "\(run)/model_best.pth.tar") == 0)
      }
      try wait("timm") { report in
        names(report).contains { $0.contains("checkpoint-\(epoch).pth.tar") }
          && report.trajectory.count == epoch + 1
      }
    }
    try wait("timm") { report in
      names(report).contains { $0.contains("model_best.pth.tar") }
    }
    #expect(tree.stop().code == 0)
    let report = try tree.run("timm")
    #expect(report.trajectory.count == 3 && report.missed == 0 && report.rejected.isEmpty)
    #expect(tree.checkpointReports("timm").count == 3, "\(tree.written())")
  }

  /// Lightning's `last.ckpt`: removed and linked, or written again; and a copy by hand.
  @Test func lastIsAnAlias() throws {
    let run = try folder("lightning")
    try tree.start()
    for (epoch, source) in Self.contents.enumerated() {
      try write(source, "\(run)/epoch=\(epoch).ckpt")
      if epoch == 0 {
        try FileManager.default.createSymbolicLink(
          atPath: "\(run)/last.ckpt", withDestinationPath: "epoch=0.ckpt")
      } else {
        unlink("\(run)/last.ckpt")
        try write(source, "\(run)/last.ckpt")
      }
      try wait("lightning") { names($0).contains(["epoch=\(epoch).ckpt", "last.ckpt"]) }
    }
    try write(Self.contents[0], "\(run)/copy.ckpt")
    try wait("lightning") { report in
      report.trajectory.count == 3
        && names(report) == [
          ["copy.ckpt", "epoch=0.ckpt"], ["epoch=1.ckpt"], ["epoch=2.ckpt", "last.ckpt"],
        ]
    }
    // The same bytes again, under the same name.
    try write(Self.contents[2], "\(run)/epoch=2.ckpt")
    let isSeen = eventually {
      tree.log.split(separator: "\n").filter { $0.contains("reported \(run)/epoch=2.ckpt") }.count
        > 1
    }
    #expect(isSeen, "\(tree.log.suffix(3_000))")
    #expect(tree.stop().code == 0)
    let report = try tree.run("lightning")
    #expect(report.trajectory.count == 3 && report.rejected.isEmpty && report.missed == 0)
    #expect(tree.checkpointReports("lightning").count == 3)
  }

  @Test func stagingFoldersAreNoCheckpoints() throws {
    let run = try folder("staged")
    try tree.start()
    for name in try RecordedRun.chars.checkpoints().prefix(2) {
      try RecordedRun.copy(RecordedRun.chars.path(name), to: run, as: name, .renamed)
      try wait("staged") { $0.trajectory.contains { $0.path.hasSuffix("/\(name)") } }
    }
    #expect(tree.stop().code == 0)
    let report = try tree.run("staged")
    #expect(report.trajectory.count == 2 && report.rejected.isEmpty && report.missed == 0)
  }

  /// As safetensors 0.8 writes: the file has its size at once, its header soon, its tensors later.
  @Test func preallocatedFilesAreWaitedFor() throws {
    let run = try folder("preallocated")
    let whole = Array(
      try Data(
        contentsOf: URL(
          filePath: RecordedRun.chars.path("checkpoint-0") + "/model.safetensors")))
    let path = "\(run)/step_1.safetensors"
    try tree.start()
    let file = open(path, O_WRONLY | O_CREAT, 0o644)
    defer { close(file) }
    #expect(ftruncate(file, off_t(whole.count)) == 0)
    // A page for the header and what else is in it, then all but the last page.
    let pages = [0..<8_192, 8_192..<(whole.count - 8_192), (whole.count - 8_192)..<whole.count]
    for (place, range) in pages.enumerated() {
      let isLooking = eventually { tree.status().contains("settling: 1") }
      #expect(isLooking, "\(tree.status())")
      #expect(tree.checkpointReports("preallocated").isEmpty, "before part \(place)")
      let count = whole[range].withUnsafeBytes {
        pwrite(file, $0.baseAddress, $0.count, off_t(range.lowerBound))
      }
      #expect(count == range.count)
    }
    try wait("preallocated") { $0.trajectory.count == 1 }
    #expect(tree.stop().code == 0)
    let report = try tree.checkpoint(try #require(tree.checkpointReports("preallocated").first))
    #expect(report.checkpoint.digest == (try Checkpoint.open(path).digest()))
    #expect(tree.checkpointReports("preallocated").count == 1)
  }

  /// Rotation faster than anything can settle: what was never read is counted, nothing else.
  @Test func rotationIsCounted() throws {
    try tree.configure(settle: 600)
    let run = try folder("rotating")
    try tree.start()
    for step in 0..<5 {
      let path = "\(run)/step_\(step).pt"
      try RecordedRun.copy(Self.contents[0], to: run, as: "step_\(step).pt", .renamed)
      let isSeen = eventually { tree.status().contains("settling: 1") }
      #expect(isSeen)
      unlink(path)
      let isMissed = eventually { tree.status().contains("missed: \(step + 1)") }
      #expect(isMissed, "\(tree.status())")
    }
    let isWritten = eventually { (try? tree.run("rotating"))?.missed == 5 }
    #expect(isWritten)
    #expect(tree.stop().code == 0)
    #expect(tree.checkpointReports("rotating").isEmpty && tree.rejections().isEmpty)
  }

  /// A file that is replaced all the time: each report is of one of the versions, never of two.
  @Test func replacedFilesAreNeverMixed() throws {
    let run = try folder("replaced")
    let digests = try Set(Self.contents.map { try Checkpoint.open($0).digest() })
    try tree.start()
    for round in 0..<60 {
      let source = Self.contents[round % Self.contents.count]
      try Data(contentsOf: URL(filePath: source)).write(to: URL(filePath: "\(run)/new.tmp"))
      #expect(rename("\(run)/new.tmp", "\(run)/last.pt") == 0)
      poll(nil, 0, 20)
    }
    try wait("replaced") { !$0.trajectory.isEmpty }
    #expect(tree.stop().code == 0)
    let reports = tree.checkpointReports("replaced")
    #expect(!reports.isEmpty && reports.count <= digests.count)
    for name in reports {
      #expect(digests.contains(try tree.checkpoint(name).checkpoint.digest), "\(name)")
    }
    #expect(try tree.run("replaced").rejected.isEmpty)
  }
}

/// A checkpoint that goes away while a worker is at it.
@Suite(.enabled(if: Program.find("strace") != nil, "needs strace"))
struct DeletionTests {
  @Test func whatIsDeletedWhileItIsReadIsReported() throws {
    let folder =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
      + "/plasticityd-deleted-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/step_1.pt"
    let whole = Fixtures.checkpoint("mnist1d-cnn-sgd", "epoch_000.pt")
    try FileManager.default.copyItem(atPath: whole, toPath: path)
    let strace = try #require(Program.find("strace"))
    let trace = "\(folder)/trace"
    let finished = Box()
    let worker = Thread {
      // The third read waits half a second before it begins.
      finished.value = try? Program.run(
        strace,
        [
          "-f", "-y", "-o", trace, "-P", path, "-e", "trace=pread64", "-e",
          "inject=pread64:delay_enter=500000:when=3", Program.plasticityd, "probe", path,
        ])
      finished.end()
    }
    worker.start()
    let isReading = eventually {
      (try? String(contentsOfFile: trace, encoding: .utf8))?.contains("pread64") ?? false
    }
    #expect(isReading)
    unlink(path)
    finished.wait()
    let output = try #require(finished.value)
    #expect(output.code == 0, "\(output.error)")
    let report = try CheckpointReport(yaml: output.output, path: path)
    #expect(report.findings.contains { $0.code == "deleted-during-read" })
    #expect(report.checkpoint.digest == (try Checkpoint.open(whole).digest()))
  }

  /// What a thread leaves behind when it ends.
  private final class Box: @unchecked Sendable {
    private let ended = DispatchSemaphore(value: 0)
    var value: Finished?
    func end() { ended.signal() }
    func wait() { ended.wait() }
  }
}
