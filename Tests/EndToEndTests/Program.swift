// The built binaries, found beside the test bundle, and running them to their end.

import Foundation
import TestSupport

/// A finished process.
struct Finished {
  /// The exit code, or nil when a signal ended it.
  let code: Int32?
  /// The signal that ended it.
  let signal: Int32?
  let output: [UInt8]
  let error: String

  /// Its lines on standard error.
  var errorLines: [String] { error.split(separator: "\n").map(String.init) }
}

enum Program {
  /// The folder that holds the binaries: the test bundle's, whatever the build folder is, or
  /// `PLASTICITYD_BINARIES` for those of another build.
  static let folder =
    ProcessInfo.processInfo.environment["PLASTICITYD_BINARIES"].map { URL(filePath: $0) }
    ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  static let plasticityd = folder.appending(path: "plasticityd").path

  /// The first of these programs on PATH or by path.
  static func find(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let places = name.hasPrefix("/") ? [name] : path.split(separator: ":").map { "\($0)/\(name)" }
    return places.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program to its end; its output goes through files, so that no pipe can fill up.
  static func run(
    _ executable: String, _ arguments: [String], input: [UInt8] = [],
    environment: [String: String]? = nil
  ) throws -> Finished {
    let base = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    let names = ["in", "out", "err"].map { "\(base).\($0)" }
    defer { for name in names { unlink(name) } }
    try Data(input).write(to: URL(filePath: names[0]))
    for name in names[1...] { try Data().write(to: URL(filePath: name)) }
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    if let environment { process.environment = environment }
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: names[0]))
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: names[1]))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: names[2]))
    let end = End(process)
    try process.run()
    guard end.wait(seconds: patience) else {
      kill(process.processIdentifier, SIGKILL)
      throw CocoaError(.executableNotLoadable)
    }
    let exited = process.terminationReason == .exit
    return Finished(
      code: exited ? process.terminationStatus : nil,
      signal: exited ? nil : process.terminationStatus,
      output: Array(try Data(contentsOf: URL(filePath: names[1]))),
      error: String(decoding: try Data(contentsOf: URL(filePath: names[2])), as: UTF8.self))
  }

  /// Runs the daemon's binary.
  static func plasticityd(_ arguments: String...) throws -> Finished {
    try run(plasticityd, arguments)
  }
}

/// Waits for a process's end from any thread.
final class End: @unchecked Sendable {
  private let condition = NSCondition()
  private var hasEnded = false

  /// To be made before the process runs.
  init(_ process: Process) {
    process.terminationHandler = { [self] _ in
      condition.withLock {
        hasEnded = true
        condition.broadcast()
      }
    }
  }

  func wait(seconds: Double) -> Bool {
    condition.withLock {
      let limit = Date(timeIntervalSinceNow: seconds)
      while !hasEnded { if !condition.wait(until: limit) { return hasEnded } }
      return true
    }
  }
}

/// Looks every 5 ms until something holds; whether it ever did. Patience begins anew with every step of the
/// progress towards it.
func eventually(_ holds: () throws -> Bool, progress: () -> Int = { 0 }) rethrows -> Bool {
  var steps = progress()
  var limit = Date(timeIntervalSinceNow: patience)
  while true {
    if try holds() { return true }
    if Date() > limit {
      let now = progress()
      if now == steps { return false }
      (steps, limit) = (now, Date(timeIntervalSinceNow: patience))
    }
    poll(nil, 0, 5)
  }
}
