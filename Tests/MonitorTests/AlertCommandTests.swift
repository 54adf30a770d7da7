// The program that is told of alerts, played by the shell: once when it takes them, again when it does not.

import Foundation
import Ledger
import TestSupport
import Testing

@testable import Monitor

@Suite struct AlertCommandTests {
  let harness: Harness

  init() throws { harness = try Harness() }

  private var path: String { harness.folder.path }

  private func tell(by script: String, timeout: Double = 20) throws {
    try harness.folder.text("tell", "#!/bin/sh\ncd '\(path)'\n\(script)\n")
    chmod(path + "/tell", 0o700)
    try harness.configure(
      more: "alerts: {command: [tell, by word], timeout_seconds: \(timeout)}")
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: path + "/" + name, encoding: .utf8)
  }

  private func isTold(_ line: String) -> Bool { line.hasPrefix("\(path)/tell was told of ") }

  private func alertFile() throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: path + "/reports/alerts")
    return path + "/reports/alerts/" + (try #require(names.first))
  }

  @Test func isToldOnce() throws {
    try tell(
      by: """
        cat > said; echo "$1" > words; env | grep ^PLASTICITYD_ | sort > facts
        echo time >> times
        """)
    try harness.checkpoint("a/1.pt", "alert")
    try harness.start()
    #expect(harness.waitForLog(isTold))
    let file = try alertFile()
    #expect(try text("said") == String(contentsOfFile: file, encoding: .utf8))
    #expect(try text("words") == "by word\n")
    #expect(
      try text("facts") == """
        PLASTICITYD_ALERT=\(file)
        PLASTICITYD_RUN=a
        PLASTICITYD_STATE=closed
        PLASTICITYD_STEP=7
        PLASTICITYD_SUMMARY=it has ended

        """)
    #expect(harness.log.all.filter { $0 == "alert: a: it has ended" }.count == 1)
    harness.stop()
    #expect(try harness.status().contains("alerts:\n  untold: 0\n  problem: null\n"))
    // Not after a restart either.
    try harness.checkpoint("b/1.pt", "alert")
    try harness.start()
    #expect(harness.waitForLog(count: 2, isTold))
    harness.stop()
    #expect(try text("times") == "time\ntime\n")
  }

  @Test func isToldAgainWhenItFails() throws {
    try tell(by: "cat > said; [ -e failed ] || { echo 'no such room' >&2; touch failed; exit 3; }")
    try harness.checkpoint("a/1.pt", "alert")
    try harness.start()
    #expect(
      harness.waitForLog { $0.hasPrefix("alert-untold: \(path)/tell: it ended with exit code 3") })
    #expect(harness.waitForLog(isTold))
    harness.stop()
    let line = try #require(harness.log.all.first { $0.hasPrefix("alert-untold") })
    #expect(line.contains("(\"no such room\")"))
    #expect(try harness.status().contains("alerts:\n  untold: 0\n  problem: null\n"))
  }

  /// One that hangs holds nothing up, and is told at the next start.
  @Test func isToldAfterARestart() throws {
    try tell(by: "[ -e restarted ] && exit 0; sleep 600")
    try harness.checkpoint("a/1.pt", "alert")
    try harness.start()
    #expect(harness.waitFor("record a 1.pt alert\n"))
    #expect(harness.waitForLog { $0.hasPrefix("\(path)/tell is told of ") })
    try harness.checkpoint("a/2.pt")
    #expect(harness.waitFor("record a 2.pt fine\n"))
    harness.stop()
    #expect(!harness.log.all.contains(where: isTold))
    try harness.folder.text("restarted", "")
    try harness.start()
    #expect(harness.waitForLog(isTold))
    harness.stop()
  }

  /// What is told to nobody stays so when somebody is named later; what was removed is not told.
  @Test func nobodyIsToldOfWhatIsPast() throws {
    try harness.checkpoint("a/1.pt", "alert")
    try harness.start()
    #expect(harness.waitForLog { $0 == "alert: a: it has ended" })
    harness.stop()
    try tell(by: "echo \"$PLASTICITYD_RUN\" >> runs-told; [ -e willing ]", timeout: 5)
    try harness.checkpoint("b/1.pt", "alert")
    try harness.start()
    #expect(harness.waitForLog { $0.hasPrefix("alert-untold") })
    harness.stop()
    for name in try FileManager.default.contentsOfDirectory(atPath: path + "/reports/alerts") {
      try FileManager.default.removeItem(atPath: "\(path)/reports/alerts/\(name)")
    }
    try harness.folder.text("willing", "")
    try harness.checkpoint("c/1.pt", "alert")
    try harness.start()
    #expect(harness.waitForLog(isTold))
    harness.stop()
    // What another version has left is named, and does not stand in the way.
    do {
      let ledger = try Ledger.open(directory: path + "/state")
      try ledger.enqueueAlert(id: "old", run: "old", document: Array("schema: other\n".utf8))
      try ledger.markWritten("old")
    }
    try harness.start()
    #expect(harness.waitForLog { $0.contains("reports/alerts/old.yaml") })
    harness.stop()
    #expect(try Ledger.open(directory: path + "/state").untoldAlerts().isEmpty)
    #expect(Set(try text("runs-told").split(separator: "\n")) == ["b", "c"])
    #expect(try text("runs-told").hasSuffix("c\n"))
  }
}
