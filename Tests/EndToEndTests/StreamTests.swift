// A daemon whose standard streams are closed, or read by nobody.

import Foundation
import Reports
import TestSupport
import Testing

@Suite struct StreamTests {
  private static func drop(_ tree: DaemonTree) throws {
    let run = "\(tree.path)/runs/streams"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    let path = "\(run)/step_1.safetensors"
    try Data(HostileFiles.safetensors(["fc.weight"])).write(to: URL(filePath: path))
  }

  /// Else the ledger or its lock would be file 2, and what is logged would be written into it.
  @Test func closedStreamsAreNoFiles() throws {
    let tree = try DaemonTree()
    try Self.drop(tree)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", "exec \"$0\" run --config \"$1\" <&- >&- 2>&-", Program.plasticityd,
      tree.configuration,
    ]
    let end = End(process)
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    #expect(tree.waitForReports(["streams": 1]))
    for number in 0...2 {
      let path = "/proc/\(process.processIdentifier)/fd/\(number)"
      #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == "/dev/null")
    }
    let lock = try Data(contentsOf: URL(filePath: "\(tree.path)/state/lock"))
    #expect(!String(decoding: lock, as: UTF8.self).contains("<6>"))
    process.terminate()
    #expect(end.wait(seconds: patience) && process.terminationStatus == 0)
  }

  /// What a command was asked for is not lost unseen.
  @Test(arguments: [["inspect"], ["probe"]]) func aFullDiskIsTold(_ command: [String]) throws {
    let folder = try TestFolder()
    let path = folder.path + "/m.safetensors"
    try folder.file("m.safetensors", HostileFiles.safetensors(["fc.weight"]))
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments =
      ["-c", "exec \"$@\" >/dev/full", "sh", Program.plasticityd] + command + [path]
    let pipe = Pipe()
    shell.standardError = pipe
    try shell.run()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 74 && said.hasPrefix("output-failed: standard output: "))
  }

  /// A journal that hangs: lines are lost, nothing else.
  @Test func aLogThatNobodyReadsHoldsNothingUp() throws {
    let tree = try DaemonTree()
    try Self.drop(tree)
    // Each is told in a line of some hundred bytes: more than a pipe holds.
    for number in 0..<150 {
      let name = "\(String(repeating: "x", count: 200))_step_\(number).pt"
      try Data("no checkpoint".utf8).write(to: URL(filePath: "\(tree.path)/runs/streams/\(name)"))
    }
    let process = Process()
    process.executableURL = URL(filePath: Program.plasticityd)
    process.arguments = ["run", "--config", tree.configuration]
    let pipe = Pipe()
    process.standardError = pipe
    let end = End(process)
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    let isDone = eventually { (try? tree.run("streams"))?.rejected.count == 150 }
    #expect(isDone && tree.checkpointReports("streams").count == 1)
    process.terminate()
    #expect(end.wait(seconds: patience) && process.terminationStatus == 0)
    _ = pipe
  }
}
