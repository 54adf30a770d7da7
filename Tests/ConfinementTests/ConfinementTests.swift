// What a confined process can and cannot do, by a program that tries it.

import Confinement
import Foundation
import Testing

@Suite struct ConfinementTests {
  private let folder: String

  /// With a file that may be read, `allowed`, and one that may not, `other`.
  init() throws {
    folder =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
      + "/confinement-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder + "/beside", withIntermediateDirectories: true)
    for name in ["allowed", "other", "beside/inside"] {
      try Data("content".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
    }
  }

  private static let program =
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "sandbox-trial").path
  private static let strace = ["/usr/bin/strace", "/bin/strace"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// The one line it prints, and how it ended.
  private func run(
    _ thing: String, _ allowed: String = "allowed", _ other: String = "other",
    through: [String] = []
  ) throws -> (line: String, signal: Int32?) {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let process = Process()
    let command = through + [Self.program, thing, "\(folder)/\(allowed)", "\(folder)/\(other)"]
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command[1...])
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let line = String(decoding: said, as: UTF8.self).trimmingCharacters(in: .newlines)
    return (line, process.terminationReason == .exit ? nil : process.terminationStatus)
  }

  private static let denied = "Operation not permitted"

  @Test(arguments: [
    ("read", "done"), ("threads", "done"), ("execute", denied), ("spawn", denied),
    ("connect", denied), ("write", denied), ("create", denied), ("truncate", denied),
    ("remove", denied), ("map-code", denied), ("signal", denied), ("lock", denied),
  ])
  func filtersCalls(_ thing: String, _ outcome: String) throws {
    guard Confinement.available.filtersCalls else { return }
    let (line, _) = try run(thing)
    #expect(line.hasSuffix(": \(outcome)"), "\(thing): \(line)")
  }

  @Test(arguments: [
    ("read", "allowed", "other", "done"), ("read-other", "allowed", "other", "Permission denied"),
    ("read-other", "beside", "beside/inside", "done"),
    ("list-other", "beside", "beside", "done"),
    ("list-other", "allowed", "beside", "Permission denied"),
    ("read-other", "beside", "beside/../other", "Permission denied"),
    ("read-other", "missing", "other", "Permission denied"),
  ])
  func restrictsFiles(
    _ thing: String, _ allowed: String, _ other: String, _ outcome: String
  ) throws {
    guard Confinement.available.landlockVersion > 0 else { return }
    let (line, _) = try run(thing, allowed, other)
    #expect(line.hasSuffix(": \(outcome)"), "\(thing): \(line)")
  }

  @Test func mayStillAbort() throws {
    #expect(try run("abort").signal == SIGABRT)
  }

  /// Where the kernel lacks one of the two, the other holds, and reading goes on.
  @Test(.enabled(if: strace != nil, "needs strace"))
  func worksWithoutLandlock() throws {
    let strace = try #require(Self.strace)
    let missing = ["-f", "-o", "/dev/null", "-e", "inject=landlock_create_ruleset:error=ENOSYS"]
    let (line, _) = try run("read", through: [strace] + missing)
    #expect(line == "no landlock, system-call filter: done")
  }

  @Test(.enabled(if: strace != nil, "needs strace"))
  func worksWithoutFilter() throws {
    let strace = try #require(Self.strace)
    let missing = ["-f", "-o", "/dev/null", "-e", "inject=seccomp:error=EINVAL"]
    let (line, _) = try run("read", through: [strace] + missing)
    #expect(line == "\(Confinement.files), no system-call filter: done")
  }
}

extension Confinement {
  fileprivate static var files: String {
    available.landlockVersion > 0 ? "landlock \(available.landlockVersion)" : "no landlock"
  }
}
