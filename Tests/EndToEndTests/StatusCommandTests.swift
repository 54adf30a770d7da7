// `plasticityd status` as a person runs it.

import Foundation
import TestSupport
import Testing

@Suite struct StatusCommandTests {
  private func status(_ document: String, more: String = "") throws -> Finished {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try folder.folder("runs")
    try folder.text("config.yaml", "state: state\nreports: reports\nroots: [{path: runs}]\n" + more)
    try folder.text("reports/status.yaml", document)
    return try Program.plasticityd("status", "--config", folder.path + "/config.yaml")
  }

  private func document(state: String, process: Int32) -> String {
    "schema: plasticityd/status/v1\nstate: \(state)\nprocess: \(process)\n"
  }

  @Test func aDaemonThatIsGoneIsNotSaidToRun() throws {
    let gone = Process()
    gone.executableURL = URL(filePath: "/bin/true")
    try gone.run()
    gone.waitUntilExit()
    let done = try status(document(state: "running", process: gone.processIdentifier))
    #expect(done.code == 69)
    #expect(done.errorLines.count == 1 && done.error.hasPrefix("not-running: "))
    #expect(String(decoding: done.output, as: UTF8.self).hasPrefix("schema: "))
    #expect(try status(document(state: "stopped", process: gone.processIdentifier)).code == 0)
    #expect(try status(document(state: "running", process: getpid())).code == 0)
  }

  /// The daemon goes on with the configuration before, and says so there.
  @Test func aMistakeInTheConfigurationHidesNothing() throws {
    let written = document(state: "degraded", process: getpid())
    let done = try status(written, more: "lables: exact\n")
    #expect(done.code == 0)
    #expect(String(decoding: done.output, as: UTF8.self) == written)
  }

  @Test(arguments: ["", "state: [", "schema: x\n", "\u{1B}[31m"])
  func whatIsNoStatusIsNotPrinted(text: String) throws {
    let done = try status(text)
    #expect(done.code == 65)
    #expect(done.output.isEmpty && done.errorLines.count == 1)
    #expect(!done.error.contains("\u{1B}"))
  }
}
