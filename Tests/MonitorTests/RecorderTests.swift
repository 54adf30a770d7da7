import Foundation
import Ledger
import Reports
import TestSupport
import Testing
import Watching

@testable import Monitor

@Suite struct RecorderTests {
  private let folder: TestFolder
  private let ledger: Ledger
  private let recorder: ReportRecorder

  init() throws {
    folder = try TestFolder()
    ledger = try Ledger.open(directory: folder.path + "/state")
    recorder = ReportRecorder(
      reports: folder.path + "/reports", ledger: ledger, fileSystem: PosixFileSystem())
  }

  private func refuse(_ name: String) throws {
    let entry = try ledger.observe(path: "/runs/r/\(name)", run: "r", fingerprint: .init(name))
    try recorder.reject(entry, code: "bad-magic", reason: "no")
  }

  /// The run's document: which file it is, since each is written anew, and how many refusals it names.
  private func document() throws -> (file: UInt64, rejected: Int)? {
    let path = folder.path + "/reports/r/run.yaml"
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let report = try RunReport(yaml: Array(Data(contentsOf: URL(filePath: path))), path: path)
    return (UInt64(status.st_ino), report.rejected.count)
  }

  @Test func refusalsOfOneTurnAreOneDocument() throws {
    for name in ["a.pt", "b.pt", "c.pt"] {
      try refuse(name)
      #expect(try document() == nil)
    }
    try recorder.flush()
    let first = try #require(try document())
    #expect(first.rejected == 3)
    // Nothing has happened: nothing is written.
    try recorder.flush()
    #expect(try #require(try document()) == first)
    try refuse("d.pt")
    #expect(try #require(try document()) == first)
    try recorder.flush()
    #expect(try document()?.rejected == 4)
  }

  /// The bare weights that a trainer writes beside the whole checkpoint do not stand for it, whichever is read first.
  @Test(arguments: [false, true]) func whoTellsMoreSpeaksForTheWeights(isWholeFirst: Bool) throws {
    let bare = Row(
      step: 40, digest: String(repeating: "a", count: 64), traces: [3, 1], probe: nil)
    var whole = bare
    whole.metrics = ["loss": .exact(0.5)]
    whole.secondMoment = [1, 2]
    var documents = [("/runs/r/bare_40.pt", bare), ("/runs/r/whole_40.pt", whole)]
    if isWholeFirst { documents.reverse() }
    for (path, row) in documents {
      let entry = try ledger.observe(path: path, run: "r", fingerprint: .init(path))
      try recorder.record(try row.report.yaml(), of: entry)
    }
    try recorder.flush()
    let path = folder.path + "/reports/r/run.yaml"
    let report = try RunReport(yaml: Array(Data(contentsOf: URL(filePath: path))), path: path)
    #expect(report.trajectory.map(\.path) == ["/runs/r/whole_40.pt"])
    #expect(report.trajectory.first?.aliases == ["/runs/r/bare_40.pt"])
    #expect(report.trajectory.first?.loss == 0.5)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/reports/r")
    #expect(files.filter { $0.hasPrefix("step-") } == report.trajectory.map(\.report))
  }

  @Test func documentsRestBeforeTheyAreWrittenAgain() throws {
    try refuse("a.pt")
    #expect(try #require(recorder.nextFlush) <= BootClock.now())
    let start = BootClock.now()
    try recorder.flushDue()
    let took = BootClock.now() - start
    #expect(try document()?.rejected == 1)
    #expect(recorder.nextFlush == nil)
    try refuse("b.pt")
    let next = try #require(recorder.nextFlush)
    #expect(next > start && next <= start + took * 10)
    // Whether its time has come is for the clock to say.
    let asked = BootClock.now()
    try recorder.flushDue()
    let rejected = try document()?.rejected
    if asked >= next { #expect(rejected == 2) }
    if BootClock.now() < next { #expect(rejected == 1) }
    try recorder.flush()
    #expect(try document()?.rejected == 2)
  }
}
