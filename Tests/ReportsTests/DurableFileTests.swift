// Every call on the way of a report fails once, and then for good, in every way: what is visible
// is always whole, nothing is left over, and the error says what failed.

import Diagnostics
import Foundation
import Reports
import Testing

private let oldBytes = Array("schema: old\n".utf8)
private let newBytes = Array(String(repeating: "schema: new\n", count: 40).utf8)

private let faults: [Fault] = [
  .number(EIO), .number(ENOSPC), .number(EDQUOT), .number(EINTR), .number(EACCES), .number(EROFS),
  .number(EXDEV), .late(EIO), .late(EINTR), .shortWrite, .emptyWrite,
]

@Suite struct DurableFileTests {
  @Test func writesAndReplaces() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/report.yaml"
    let files = PosixFileSystem()
    try DurableFile.write(oldBytes, to: path, on: files)
    #expect(directory.bytes("report.yaml") == oldBytes)
    try DurableFile.write(newBytes, to: path, on: files)
    #expect(directory.bytes("report.yaml") == newBytes)
    #expect(try directory.names() == ["report.yaml"])
    #expect(try files.status(path, followingLink: false)?.mode == 0o640)
    #expect(try DurableFile.read(path, limit: 1 << 20, on: files) == newBytes)
    #expect(try DurableFile.read(path + "x", limit: 1, on: files) == nil)
    try DurableFile.write([], to: path, on: files)
    #expect(directory.bytes("report.yaml") == [])
  }

  @Test func makesTheCallsThatMakeItDurable() throws {
    let directory = try TemporaryDirectory()
    let files = FaultyFileSystem(.number(EIO), first: 0, isPersistent: false)
    try DurableFile.write(newBytes, to: directory.path + "/report.yaml", on: files)
    #expect(
      files.calls == [
        "open", "fchmod", "write", "fsync", "close", "rename", "open", "fsync", "close",
      ])
  }

  @Test(arguments: faults, [false, true])
  func neverShowsATornFile(fault: Fault, isPersistent: Bool) throws {
    for existing in [nil, oldBytes] {
      var call = 1
      while true {
        let directory = try TemporaryDirectory()
        if let existing { try directory.put(existing, as: "report.yaml") }
        let files = FaultyFileSystem(fault, first: call, isPersistent: isPersistent)
        let path = directory.path + "/report.yaml"
        let place: Comment =
          "\(fault) at call \(call), \(isPersistent ? "for good" : "once"): \(files.calls)"
        var problem: Problem?
        do {
          try DurableFile.write(newBytes, to: path, on: files)
        } catch {
          problem = error
        }
        let visible = directory.bytes("report.yaml")
        if let problem {
          #expect(visible == existing || visible == newBytes, place)
          #expect(problem.place == path, place)
          expectLine(problem, fault, place)
        } else {
          #expect(visible == newBytes, place)
        }
        #expect(files.violations == [], place)
        #expect(files.openFiles == 0, place)
        try expectNoLitter(directory, files, isPersistent, place)
        if files.calls.count < call { break }
        call += 1
      }
      #expect(call >= 9, "the loop ended before the last call")
    }
  }

  @Test(arguments: faults) func oneFailureIsMostlyOvercome(fault: Fault) throws {
    // What one interruption, one short write or one failed fsync must not cost: the report.
    for call in 1...9 {
      let directory = try TemporaryDirectory()
      let files = FaultyFileSystem(fault, first: call, isPersistent: false)
      let path = directory.path + "/report.yaml"
      let name = ["open", "fchmod", "write", "fsync", "close", "rename", "open", "fsync", "close"]
      let mustSucceed: Bool
      switch fault {
      case .number(EINTR), .shortWrite: mustSucceed = true
      default: mustSucceed = ["fsync", "close", "rename"].contains(name[call - 1]) || call > 6
      }
      guard mustSucceed else { continue }
      try DurableFile.write(newBytes, to: path, on: files)
      #expect(directory.bytes("report.yaml") == newBytes)
      #expect(try directory.names() == ["report.yaml"])
    }
  }

  @Test func aFailedFsyncMeansANewFile() throws {
    let directory = try TemporaryDirectory()
    let files = FaultyFileSystem(.number(EIO), first: 4, isPersistent: false)
    try DurableFile.write(newBytes, to: directory.path + "/report.yaml", on: files)
    #expect(
      files.calls == [
        "open", "fchmod", "write", "fsync", "close", "unlink",
        "open", "fchmod", "write", "fsync", "close", "rename", "open", "fsync", "close",
      ])
    #expect(files.violations == [])
  }

  @Test(arguments: faults, [false, true])
  func writeOnceKeepsWhatIsThere(fault: Fault, isPersistent: Bool) throws {
    var call = 1
    while true {
      let directory = try TemporaryDirectory()
      try directory.put(oldBytes, as: "report.yaml")
      let files = FaultyFileSystem(fault, first: call, isPersistent: isPersistent)
      do {
        let outcome = try DurableFile.writeOnce(
          newBytes, to: directory.path + "/report.yaml", on: files)
        #expect(outcome == .kept)
      } catch {
        #expect(error.place == directory.path + "/report.yaml")
      }
      #expect(directory.bytes("report.yaml") == oldBytes)
      #expect(files.openFiles == 0)
      if files.calls.count < call { break }
      call += 1
    }
    #expect(call >= 5)
  }

  @Test func writeOnceWritesWhereNothingWholeIs() throws {
    let directory = try TemporaryDirectory()
    let files = PosixFileSystem()
    let path = directory.path + "/report.yaml"
    #expect(try DurableFile.writeOnce(newBytes, to: path, on: files) == .written)
    #expect(try DurableFile.writeOnce(oldBytes, to: path, on: files) == .kept)
    #expect(directory.bytes("report.yaml") == newBytes)
    try directory.put([], as: "empty.yaml")
    #expect(
      try DurableFile.writeOnce(newBytes, to: directory.path + "/empty.yaml", on: files)
        == .written)
    #expect(directory.bytes("empty.yaml") == newBytes)
  }

  @Test func neverFollowsAPlantedLink() throws {
    let directory = try TemporaryDirectory()
    let files = PosixFileSystem()
    try directory.put(oldBytes, as: "victim")
    let path = directory.path + "/report.yaml"
    try FileManager.default.createSymbolicLink(
      atPath: path, withDestinationPath: directory.path + "/victim")
    #expect(throws: Problem.self) { try DurableFile.read(path, limit: 100, on: files) }
    #expect(try DurableFile.writeOnce(newBytes, to: path, on: files) == .written)
    #expect(directory.bytes("victim") == oldBytes)
    #expect(try files.status(path, followingLink: false)?.kind == .regular)
  }

  @Test func saysWhatFailed() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/report.yaml"
    func line(_ fault: Fault, first: Int) -> String {
      let files = FaultyFileSystem(fault, first: first, isPersistent: true)
      do {
        try DurableFile.write(newBytes, to: path, on: files)
        return "written"
      } catch {
        return error.description
      }
    }
    #expect(
      line(.number(ENOSPC), first: 3)
        == "disk-full: \(path): write failed: No space left on device; "
        + "free space (or inodes, or quota) there")
    #expect(
      line(.number(EIO), first: 4)
        == "io-failed: \(path): fsync failed: Input/output error; "
        + "look for the reason in the kernel's log (dmesg)")
    #expect(
      line(.number(EROFS), first: 1)
        == "read-only: \(path): open failed: Read-only file system; "
        + "mount it for writing, or name it in the unit's ReadWritePaths=")
    #expect(
      line(.number(EACCES), first: 6)
        == "not-permitted: \(path): rename failed: Permission denied; "
        + "give this user the right to it")
    #expect(
      line(.number(EINTR), first: 1)
        == "interrupted: \(path): open failed: Interrupted system call; try again")
    #expect(
      performed { () throws(Problem) in
        try DurableFile.write(
          newBytes, to: directory.path + "/no/report.yaml", on: PosixFileSystem())
      }
        == "no-such-file: \(directory.path)/no/report.yaml: open failed: "
        + "No such file or directory; create the directory it belongs to")
    try directory.put(newBytes, as: "long")
    #expect(
      performed { () throws(Problem) in
        _ = try DurableFile.read(directory.path + "/long", limit: 10, on: PosixFileSystem())
      }
        == "file-too-large: \(directory.path)/long: more than 10 bytes; "
        + "check that this is the file you mean")
    #expect(
      performed { () throws(Problem) in
        _ = try DurableFile.read(directory.path, limit: 10, on: PosixFileSystem())
      }
        == "not-a-file: \(directory.path): expected an ordinary file; name a file, or remove what stands in its place"
    )
  }

  @Test(arguments: faults, [false, true])
  func readingIsWholeOrAnError(fault: Fault, isPersistent: Bool) throws {
    let directory = try TemporaryDirectory()
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    try directory.put(bytes, as: "state")
    var call = 1
    while true {
      let files = FaultyFileSystem(fault, first: call, isPersistent: isPersistent)
      do {
        let read = try DurableFile.read(directory.path + "/state", limit: 1 << 20, on: files)
        #expect(read == bytes)
      } catch {
        #expect(error.place == directory.path + "/state")
      }
      #expect(files.openFiles == 0)
      if files.calls.count < call { break }
      call += 1
    }
    #expect(call >= 6)
  }

  @Test func makesDirectoriesAndSweepsThem() throws {
    let directory = try TemporaryDirectory()
    let files = PosixFileSystem()
    let path = directory.path + "/reports/run one/deep/"
    try DurableFile.makeDirectory(path, on: files)
    try DurableFile.makeDirectory(path, on: files)
    #expect(try files.status(path, followingLink: false)?.mode == 0o750)
    try directory.put(oldBytes, as: "reports/run one/deep/.tmp-0123456789abcdef")
    try directory.put(oldBytes, as: "reports/run one/deep/.tmp-notes")
    #expect(try DurableFile.removeLitter(in: path, on: files) == 1)
    #expect(try files.names(in: path) == [".tmp-notes"])
    try directory.put(oldBytes, as: "file")
    #expect(
      performed { () throws(Problem) in
        try DurableFile.makeDirectory(directory.path + "/file", on: files)
      }
        == "not-a-directory: \(directory.path)/file: something that is no directory has this name; "
        + "move it away, or name another directory")
  }

  private func performed(_ body: () throws(Problem) -> Void) -> String {
    do {
      try body()
      return "no problem"
    } catch {
      return error.description
    }
  }

  private func expectLine(_ problem: Problem, _ fault: Fault, _ place: Comment) {
    let code: String
    switch fault {
    // A call that was done and said it failed may fail differently the second time.
    case .late: return
    case .number(ENOSPC), .number(EDQUOT): code = "disk-full"
    case .number(EINTR), .late(EINTR): code = "interrupted"
    case .number(EACCES): code = "not-permitted"
    case .number(EROFS): code = "read-only"
    default: code = "io-failed"
    }
    #expect(problem.code == code, place)
    #expect(problem.what.contains(" failed: "), place)
  }

  // When unlink itself is what fails, or fails too, the sweep at the next start takes the rest.
  private func expectNoLitter(
    _ directory: TemporaryDirectory, _ files: FaultyFileSystem, _ isPersistent: Bool,
    _ place: Comment
  ) throws {
    if isPersistent, files.calls.contains("unlink") {
      try DurableFile.removeLitter(in: directory.path, on: PosixFileSystem())
    }
    #expect(try directory.names().filter { $0 != "report.yaml" } == [], place)
  }
}
