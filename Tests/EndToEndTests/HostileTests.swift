// Bad input costs only itself: the program ends with one line and an exit code, the daemon goes on.

import Foundation
import Reports
import TestSupport
import Testing

@Suite struct HostileTests {
  // Every test removes it.
  private let folder: String

  init() throws {
    folder =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
      + "/plasticityd-hostile-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// Runs `work` on each of the items, two at a time.
  private func onTwoThreads(_ count: Int, _ work: @escaping @Sendable (Int) throws -> Void) throws {
    let failed = Failures()
    DispatchQueue.concurrentPerform(iterations: 2) { half in
      for item in stride(from: half, to: count, by: 2) {
        do { try work(item) } catch { failed.add("\(item): \(error)") }
      }
    }
    #expect(failed.all.isEmpty)
  }

  /// Reads damaged copies of a file; each must be refused in one line, or read.
  private func inspectDamaged(
    _ copies: [[UInt8]], suffix: String, codes: Set<Int32>, command: String = "inspect"
  ) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let folder = folder
    let odd = Failures()
    try onTwoThreads(copies.count) { place in
      let path = "\(folder)/step_\(place)\(suffix)"
      try Data(copies[place]).write(to: URL(filePath: path))
      defer { unlink(path) }
      let finished = try Program.plasticityd(command, path)
      let isRefused = finished.code != 0
      if finished.signal != nil || !codes.contains(finished.code ?? -1)
        || finished.errorLines.count != (isRefused ? 1 : 0) || finished.output.isEmpty != isRefused
      {
        odd.add("\(place): \(finished.code ?? -1) \(finished.signal ?? 0) \(finished.error)")
      }
    }
    #expect(odd.all.isEmpty)
  }

  @Test(arguments: [
    ("mnist1d-cnn-sgd", "epoch_000.pt", ".pt"),
    ("chars-gpt2-hf-trainer", "checkpoint-0/model.safetensors", ".safetensors"),
  ])
  func cutAtTwoHundredPlaces(_ run: String, _ name: String, _ suffix: String) throws {
    let whole = Array(try Data(contentsOf: URL(filePath: Fixtures.checkpoint(run, name))))
    let copies = (0..<100).map { Array(whole[..<(whole.count * $0 / 100)]) }
    try inspectDamaged(copies, suffix: suffix, codes: [65, 75])
  }

  @Test func flippedHeaderBytes() throws {
    let whole = HostileFiles.safetensors(["conv.weight", "conv.bias"])
    let header = whole.count - 32
    let copies = (0..<header).map { place in
      var copy = whole
      copy[place] ^= 0xFF
      return copy
    }
    try inspectDamaged(copies, suffix: ".safetensors", codes: [65, 75])
  }

  /// Of a zip the directory at the end is the header: flips there, and in the pickle.
  @Test func flippedArchiveBytes() throws {
    let path = Fixtures.checkpoint("mnist1d-cnn-sgd", "epoch_000.pt")
    let whole = Array(try Data(contentsOf: URL(filePath: path)))
    var random = Seeded(seed: 7)
    let copies = (0..<60).map { place in
      var copy = whole
      let position =
        place < 30 ? whole.count - 1 - place * 11 : Int.random(in: 0..<1_500, using: &random)
      copy[position] ^= UInt8.random(in: 1...255, using: &random)
      return copy
    }
    try inspectDamaged(copies, suffix: ".pt", codes: [0, 65, 75], command: "probe")
  }

  @Test func theDaemonGoesOn() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let tree = try DaemonTree()
    try tree.configure(incompleteAfter: 1)
    try tree.start()
    let process = tree.identifier
    let run = "\(tree.path)/runs/bad"
    let marker = "\(tree.path)/executed"
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws {
      try Data(bytes).write(to: URL(filePath: "\(run)/\(name)"))
    }
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    let good = Array(
      try Data(contentsOf: URL(filePath: Fixtures.checkpoint("mnist1d-cnn-sgd", "epoch_000.pt"))))
    try write(
      "step_1.pt", HostileFiles.archive(HostileFiles.systemPickle("touch '\(marker)'")))
    #expect(mkfifo("\(run)/step_2.pt", 0o600) == 0)
    try FileManager.default.createSymbolicLink(
      atPath: "\(run)/step_3.pt", withDestinationPath: "/etc/shadow")
    // Whole at its ends, with other bytes in the middle.
    var flipped = good
    flipped[100] ^= 0xFF
    try write("step_4.pt", flipped)
    var header = HostileFiles.safetensors(["w"])
    header[9] ^= 0xFF
    try write("step_5.safetensors", header)
    for cut in 1...6 {
      try write("step_\(10 + cut).pt", good[..<(good.count * cut / 7)])
    }
    // A good one after all that, last in order.
    try write("step_100.pt", good)
    try #require(tree.waitForReports(["bad": 1]))
    let refused = eventually { (try? tree.run("bad"))?.rejected.count ?? 0 >= 11 }
    #expect(refused, "\(tree.rejections())\n\(tree.status())")

    #expect(tree.isRunning && tree.identifier == process)
    // What is logged is complete with its end.
    #expect(tree.stop().code == 0)
    #expect(!FileManager.default.fileExists(atPath: marker))
    #expect(tree.checkpointReports("bad").count == 1)
    // One finding each, and its reason.
    let report = try tree.run("bad")
    let codes = report.rejected.map { "\($0.path.split(separator: "/").last ?? "") \($0.code)" }
    let others = [
      "step_1.pt no-state-dict", "step_2.pt not-regular", "step_3.pt not-regular",
      "step_4.pt bad-pickle",
      "step_5.safetensors bad-json",
    ]
    let cuts = (11...16).map { "step_\($0).pt incomplete" }
    #expect(
      codes.sorted() == (cuts + others).sorted())
    #expect(tree.rejections().count == 11)
    for name in (1...5).map({ "step_\($0)." }) + (11...16).map({ "step_\($0)." }) {
      #expect(tree.rejections().filter { $0.contains("rejected-\(name)") }.count == 1, "\(name)")
      let lines = tree.log.split(separator: "\n").filter {
        $0.hasPrefix("<4>") && $0.contains("runs/bad/\(name)")
      }
      #expect(lines.count == 1, "\(lines)")
    }
    #expect(!tree.log.contains("root:"))
  }

  @Test(.enabled(if: Program.find("strace") != nil, "needs strace"))
  func nothingIsExecutedOrOpened() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let marker = "\(folder)/executed"
    let path = "\(folder)/step_1.pt"
    try Data(HostileFiles.archive(HostileFiles.systemPickle("touch '\(marker)'"))).write(
      to: URL(filePath: path))
    let strace = try #require(Program.find("strace"))
    let trace = "\(folder)/trace"
    let finished = try Program.run(
      strace,
      [
        "-f", "-y", "-o", trace, "-e",
        "trace=execve,execveat,connect,socket,open,openat,openat2,unlink,rename,mkdir,fork,vfork",
        Program.plasticityd, "probe", path,
      ])
    #expect(finished.code == 65, "\(finished.error)")
    #expect(!FileManager.default.fileExists(atPath: marker))
    let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    let opened = try #require(calls.firstIndex { $0.contains("step_1.pt") && $0.contains("open") })
    #expect(calls.filter { $0.contains("execve(") }.count == 1)
    for call in calls[opened...] where !call.contains("+++") && !call.contains("---") {
      // Reading how much memory was used is our own.
      #expect(call.contains(path) || call.contains("/proc/self/"), "\(call)")
    }
    for call in calls {
      #expect(!call.contains("O_WRONLY") && !call.contains("O_RDWR") && !call.contains("socket("))
    }
  }
}

/// Lines from several threads.
final class Failures: @unchecked Sendable {
  private let lock = NSLock()
  private var lines: [String] = []
  var all: [String] { lock.withLock { lines } }
  func add(_ line: String) { lock.withLock { lines.append(line) } }
}
