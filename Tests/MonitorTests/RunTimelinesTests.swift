import Ledger
import Reports
import TestSupport
import Testing

@testable import Monitor

/// Timelines from the ledger, within bounds of memory.
@Suite struct RunTimelinesTests {
  private let folder: TestFolder
  private let ledger: Ledger

  init() throws {
    folder = try TestFolder()
    ledger = try Ledger.open(directory: folder.path + "/state")
  }

  private func record(_ row: SeriesRow, of run: String, in timelines: inout RunTimelines) throws {
    var timeline = try timelines.take(run)
    try timelines.append(row, to: &timeline, of: run)
    try ledger.add(
      StoredMeasurement(
        run: run, digest: row.digest, step: row.step, epoch: nil, path: row.path,
        reportPath: "/reports/\(row.report)", document: try row.yaml()))
    timelines.keep(timeline, of: run)
  }

  private func document(_ timeline: Timeline) throws -> [UInt8] {
    try timeline.report(run: "r", aliases: [:], rejected: [], missed: 0).yaml()
  }

  /// However little may stay in memory, and whether rows come in order or not.
  @Test(arguments: [0, 1 << 30], [false, true]) func boundsChangeNothing(
    bound: Int, isInOrder: Bool
  ) throws {
    var timelines = RunTimelines(ledger, mostCells: bound, mostBytes: bound)
    let rows = try course()
    let arriving = isInOrder ? rows : rows.reversed()
    for row in arriving {
      for run in ["a", "b"] { try record(row, of: run, in: &timelines) }
    }
    var cache = ComparisonCache()
    let expected = try document(Timeline(rows, cache: &cache))
    for run in ["a", "b"] { #expect(try document(timelines.timeline(of: run)) == expected) }
    var fresh = RunTimelines(ledger, mostCells: bound, mostBytes: bound)
    #expect(try document(fresh.timeline(of: "a")) == expected)
  }

  /// One who took a timeline and failed before the ledger knew leaves nothing behind.
  @Test func whatTheLedgerDoesNotKnowIsForgotten() throws {
    var timelines = RunTimelines(ledger)
    let rows = try course(3)
    for row in rows.prefix(2) { try record(row, of: "r", in: &timelines) }
    var taken = try timelines.take("r")
    try timelines.append(rows[2], to: &taken, of: "r")
    #expect(taken.rows.count == 3)
    #expect(try timelines.timeline(of: "r").rows.map(\.digest) == rows.prefix(2).map(\.digest))
  }
}
