// `probe --await`: what is done before the checkpoint is there changes nothing of what is said of it.

import Checkpoints
import Foundation
import Reports
import Testing

@Suite struct AwaitTests {
  private let run = "mnist1d-cnn-sgd"
  private var folder: String {
    Fixtures.root.appending(path: "\(run)/checkpoints").path
  }

  private func report(_ arguments: [String], input: String = "") throws -> CheckpointReport {
    let finished = try Program.run(
      Program.plasticityd, ["probe"] + arguments, input: Array(input.utf8))
    #expect(finished.code == 0, "\(finished.error)")
    var report = try CheckpointReport(yaml: finished.output, path: "standard output")
    // What differs between two runs of one command too.
    report.took = CostReport(seconds: 0, peakMemoryBytes: 0)
    return report
  }

  private func same(_ one: CheckpointReport, _ other: CheckpointReport) throws {
    #expect(
      try String(decoding: one.yaml(), as: UTF8.self)
        == String(decoding: other.yaml(), as: UTF8.self))
  }

  @Test func saysTheSame() throws {
    let checkpoint = Fixtures.checkpoint(run, "epoch_004.pt")
    let options = [
      "--probe", Fixtures.probe(run), "--previous", Fixtures.checkpoint(run, "epoch_001.pt"),
      "--reference-entropy-bits", "0.4", "--kept", "--memory-limit-mebibytes", "2048",
    ]
    let plain = try report([checkpoint] + options)
    try same(plain, report([folder, "--await"] + options, input: checkpoint))
    #expect(plain.flow?.recordings.isEmpty == false)
  }

  @Test func measuresWithoutAProbeToo() throws {
    let checkpoint = Fixtures.checkpoint(run, "epoch_004.pt")
    let options = ["--previous", Fixtures.checkpoint(run, "epoch_001.pt")]
    try same(
      report([checkpoint] + options), report([folder, "--await"] + options, input: checkpoint))
  }

  @Test func endsSilentlyWithoutACheckpoint() throws {
    let finished = try Program.run(Program.plasticityd, ["probe", folder, "--await"])
    #expect(finished.code == 0)
    #expect(finished.output.isEmpty)
    #expect(finished.error.isEmpty)
  }

  @Test func tellsWhatIsWrongWithTheEarlierOneWhenAsked() throws {
    let checkpoint = Fixtures.checkpoint(run, "epoch_004.pt")
    let finished = try Program.run(
      Program.plasticityd,
      [
        "probe", folder, "--await", "--probe", Fixtures.probe(run), "--previous",
        folder + "/none.pt",
      ],
      input: Array(checkpoint.utf8))
    #expect(finished.code == 66)
    #expect(finished.error.hasPrefix("not-found: "))
  }

  /// Landlock lets it read below the folder that it was started with, and nothing else.
  @Test func readsNothingOutsideItsFolder() throws {
    let here = try report([folder, "--await"], input: Fixtures.checkpoint(run, "epoch_004.pt"))
    guard here.sandbox?.landlockVersion ?? 0 > 0 else { return }
    let other = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: other) }
    try FileManager.default.copyItem(
      atPath: Fixtures.checkpoint(run, "epoch_004.pt"), toPath: other)
    let finished = try Program.run(
      Program.plasticityd, ["probe", folder, "--await"], input: Array(other.utf8))
    #expect(finished.code == 77, "\(finished.error)")
  }

  /// While a worker waits, somebody may put another probe in the folder.
  @Test func readsAProbeAgainThatHasChanged() throws {
    let probe = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: probe) }
    try FileManager.default.copyItem(atPath: Fixtures.probe(run), toPath: probe)
    let checkpoint = Fixtures.checkpoint(run, "epoch_004.pt")
    let options = ["--probe", probe, "--previous", Fixtures.checkpoint(run, "epoch_001.pt")]
    let before = try report([checkpoint] + options)

    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: Program.plasticityd)
    process.arguments = ["probe", folder, "--await"] + options
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    // It sleeps when it has read all that it can: only then is the probe exchanged.
    #expect(eventually { Self.isWaitingForInput(process.processIdentifier) })
    try Data("tolerance_nats: 0.05\n".utf8).write(to: URL(filePath: probe + "/probe.yaml"))
    try input.fileHandleForWriting.write(contentsOf: Data(checkpoint.utf8))
    try input.fileHandleForWriting.close()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let after = try CheckpointReport(yaml: Array(bytes), path: "standard output")
    #expect(before.information?.toleranceNats == 0.01)
    #expect(after.information?.toleranceNats == 0.05)
  }

  /// Whether its first thread is in a read of descriptor 0 (proc(5), syscall).
  private static func isWaitingForInput(_ process: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/syscall", encoding: .utf8)
    else { return false }
    let words = text.split(separator: " ")
    #if arch(x86_64)
      let read = "0"
    #else
      let read = "63"
    #endif
    return words.count > 1 && words[0] == read && words[1] == "0x0"
  }
}
