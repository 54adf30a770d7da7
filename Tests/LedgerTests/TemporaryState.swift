// A state directory for one test, removed when the test ends; and copies of it, which are what a
// killed daemon would leave: SQLite holds nothing back but what is not committed.

import Diagnostics
import Foundation
import Ledger

final class TemporaryState: Sendable {
  let path: String

  init() throws {
    // In memory where that is possible: what is tested is what is asked of the disk, not the disk.
    let memory = "/dev/shm/"
    let parent =
      FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
    path = parent + "plasticityd-ledger-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func copy() throws -> TemporaryState {
    let other = try TemporaryState()
    for name in try names() {
      try FileManager.default.copyItem(atPath: path + "/" + name, toPath: other.path + "/" + name)
    }
    return other
  }

  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
  }

  func put(_ bytes: [UInt8], as name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
  }
}

/// Everything a ledger says, to compare two of them.
struct Contents: Equatable {
  var entries: [Entry] = []
  var measurements: [StoredMeasurement] = []
  var aliases: [String] = []
  var alerts: [StoredAlert] = []
  var pending: [StoredAlert] = []
  var counters: [String: Int] = [:]

  init() {}

  init(_ ledger: Ledger) throws {
    entries = try ledger.entries(in: Set(EntryState.allCases))
    for run in try ledger.runs() {
      measurements += try ledger.measurements(run: run)
      alerts += try ledger.alerts(run: run)
      aliases += try ledger.aliases(run: run).sorted { $0.key < $1.key }.flatMap(\.value)
    }
    pending = try ledger.pendingAlerts()
    counters = try ledger.counters()
  }
}

func measurement(
  _ run: String, _ digest: String, step: Int? = nil, path: String = "/runs/a.pt",
  document: [UInt8] = [1, 2, 3]
) -> StoredMeasurement {
  StoredMeasurement(
    run: run, digest: digest, step: step, epoch: step.map { Double($0) / 32 }, path: path,
    reportPath: "/reports/\(run)/\(digest).yaml", document: document)
}

/// A small ledger with something in every table and every state.
func fill(_ ledger: Ledger) throws(Problem) {
  for index in 0..<8 {
    let entry = try ledger.observe(
      path: "/runs/one/step_\(index).pt", run: "one", fingerprint: Fingerprint("f\(index)"))
    if index == 0 { continue }
    try ledger.settled(entry.id)
    if index == 1 { continue }
    try ledger.started(entry.id)
    switch index {
    case 2: continue
    case 3: try ledger.rejected(entry.id, code: "bad-offsets", reason: "truncated\nhere")
    case 4: try ledger.missed(entry.id)
    case 5: try ledger.postpone(entry.id, reason: "still written")
    default:
      try ledger.transaction { () throws(Problem) in
        try ledger.done(
          entry.id,
          measurement: measurement(
            "one", "d\(index)", step: index, path: entry.path,
            document: Array("document \(index)".utf8)))
        try ledger.enqueueAlert(id: "one-\(index)", run: "one", document: [UInt8(index), 0, 255])
      }
    }
  }
  try ledger.addAlias(run: "one", digest: "d6", path: "/runs/one/last.pt")
  try ledger.markWritten("one-6")
}
