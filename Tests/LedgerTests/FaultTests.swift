// Every I/O call of SQLite and every file-system call of ours fails once, and then for good: what
// was acknowledged is there afterwards, a transaction is whole or absent, and a healthy ledger is
// never set aside for a failing disk.

import Diagnostics
import Reports
import Synchronization
import Testing

@testable import Ledger

private struct Acknowledged {
  var entries: [String: EntryState] = [:]
  var digests: [String] = []
  var codes: [String] = []
}

// A day's work; stops at nothing, notes what was promised.
private func work(_ ledger: Ledger, _ acknowledged: inout Acknowledged) {
  for index in 0..<3 {
    let path = "/r/\(index).pt"
    do {
      let entry = try ledger.observe(path: path, run: "r", fingerprint: Fingerprint("a"))
      acknowledged.entries[path] = .seen
      try ledger.started(entry.id)
      acknowledged.entries[path] = .settled
      try ledger.transaction { () throws(Problem) in
        try ledger.done(
          entry.id,
          measurement: measurement(
            "r", "d\(index)", step: index, path: path, document: [UInt8](repeating: 7, count: 9000))
        )
        try ledger.enqueueAlert(id: "d\(index)", run: "r", document: [UInt8(index)])
      }
      acknowledged.entries[path] = .done
      acknowledged.digests.append("d\(index)")
    } catch {
      acknowledged.codes.append(error.code)
    }
  }
}

private func check(_ directory: String, _ acknowledged: Acknowledged, _ place: Comment) throws {
  let ledger = try Ledger.open(directory: directory)
  #expect(ledger.findings == [], place)
  let digests = Set(try ledger.measurements(run: "r").map(\.digest))
  #expect(digests.isSuperset(of: acknowledged.digests), place)
  #expect(Set(try ledger.pendingAlerts().map(\.id)) == digests, place)
  for (path, state) in acknowledged.entries {
    let entry = try ledger.entry(path: path)
    let isFurther = state == .seen ? entry != nil : entry?.state == state || entry?.state == .done
    #expect(isFurther, place)
    if entry?.state == .done { #expect(digests.contains(entry?.digest ?? ""), place) }
  }
  #expect(try ledger.measurement(run: "old", digest: "old") != nil, place)
}

private func oldState() throws -> TemporaryState {
  let state = try TemporaryState()
  let ledger = try Ledger.open(directory: state.path)
  try ledger.add(measurement("old", "old", document: [UInt8](repeating: 1, count: 20_000)))
  return try withExtendedLifetime(ledger) { try state.copy() }
}

@Suite struct FaultTests {
  @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
  func everyCallOfSQLiteFails(isPersistent: Bool, isFull: Bool) throws {
    let base = try oldState()
    var call = 1
    var refusedAtOpening = 0
    while true {
      let state = try base.copy()
      let vfs = try #require(
        FaultyVFS(first: call, isPersistent: isPersistent, isFull: isFull))
      let place: Comment = "call \(call), persistent \(isPersistent), full \(isFull)"
      var acknowledged = Acknowledged()
      do {
        let ledger = try Ledger.open(
          directory: state.path, fileSystem: PosixFileSystem(), vfs: vfs.name)
        #expect(ledger.findings == [], place)
        work(ledger, &acknowledged)
      } catch {
        refusedAtOpening += 1
        acknowledged.codes.append(error.code)
      }
      for code in acknowledged.codes {
        #expect(
          ["io-failed", "disk-full", "not-permitted", "ledger-busy", "no-such-entry"].contains(
            code),
          "\(code) at \(place)")
      }
      try check(state.path, acknowledged, place)
      if vfs.calls < call { break }
      call += 1
    }
    // A full disk does not keep a ledger from being opened; a disk that fails does.
    #expect(call > 40 && (refusedAtOpening > 0) == !isFull, "\(call), \(refusedAtOpening)")
  }

  @Test(arguments: [false, true]) func everyCallOfOurOwnFails(isPersistent: Bool) throws {
    let base = try oldState()
    var call = 1
    while true {
      let state = try base.copy()
      let files = FailingFileSystem(first: call, isPersistent: isPersistent)
      var acknowledged = Acknowledged()
      do {
        let ledger = try Ledger.open(directory: state.path, fileSystem: files)
        #expect(ledger.findings == [])
        work(ledger, &acknowledged)
        #expect(acknowledged.codes == [])
      } catch {
        #expect(error.code == "io-failed" && error.what.contains(" failed: Input/output error"))
      }
      try check(state.path, acknowledged, "call \(call)")
      if files.calls < call { break }
      call += 1
    }
    #expect(call > 8)
  }
}

// Calls fail with EIO from a number on, or that one only.
private final class FailingFileSystem: FileSystem {
  private let real = PosixFileSystem()
  private let first: Int
  private let isPersistent: Bool
  private let count = Mutex(0)

  init(first: Int, isPersistent: Bool) {
    self.first = first
    self.isPersistent = isPersistent
  }

  var calls: Int { count.withLock { $0 } }

  private func pass(_ call: String) throws(SystemCallError) {
    let number = count.withLock { count in
      count += 1
      return count
    }
    if isPersistent ? number >= first : number == first {
      throw SystemCallError(call: call, number: 5)
    }
  }

  func open(_ path: String, for purpose: OpenPurpose) throws(SystemCallError) -> OpenFile {
    try pass("open")
    return try real.open(path, for: purpose)
  }

  func close(_ file: OpenFile) throws(SystemCallError) {
    try real.close(file)
    try pass("close")
  }

  func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile) throws(SystemCallError) -> Int {
    try pass("write")
    return try real.write(bytes, to: file)
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, from file: OpenFile
  ) throws(SystemCallError) -> Int {
    try pass("read")
    return try real.read(into: buffer, from: file)
  }

  func synchronize(_ file: OpenFile) throws(SystemCallError) {
    try pass("fsync")
    try real.synchronize(file)
  }

  func truncate(_ file: OpenFile, to size: Int) throws(SystemCallError) {
    try pass("ftruncate")
    try real.truncate(file, to: size)
  }

  func setMode(_ mode: UInt32, of file: OpenFile) throws(SystemCallError) {
    try pass("fchmod")
    try real.setMode(mode, of: file)
  }

  func lock(_ file: OpenFile) throws(SystemCallError) -> Bool {
    try pass("flock")
    return try real.lock(file)
  }

  func unlock(_ file: OpenFile) { real.unlock(file) }

  func rename(_ path: String, to newPath: String) throws(SystemCallError) {
    try pass("rename")
    try real.rename(path, to: newPath)
  }

  func unlink(_ path: String) throws(SystemCallError) {
    try pass("unlink")
    try real.unlink(path)
  }

  func makeDirectory(_ path: String, mode: UInt32) throws(SystemCallError) {
    try pass("mkdir")
    try real.makeDirectory(path, mode: mode)
  }

  func names(in directory: String) throws(SystemCallError) -> [String] {
    try pass("readdir")
    return try real.names(in: directory)
  }

  func status(_ path: String, followingLink: Bool) throws(SystemCallError) -> FileStatus? {
    try pass("stat")
    return try real.status(path, followingLink: followingLink)
  }

  func status(of file: OpenFile) throws(SystemCallError) -> FileStatus {
    try pass("fstat")
    return try real.status(of: file)
  }
}
