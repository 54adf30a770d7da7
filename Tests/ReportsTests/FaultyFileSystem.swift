// The real file system with one call, or every call from one on, failing as told. It also watches
// that nobody synchronises a file twice after a failed fsync, and that everything is closed.

import Reports
import Synchronization

/// How the chosen calls fail.
enum Fault: Sendable, Hashable, CustomStringConvertible {
  /// The call does nothing and gives this errno.
  case number(Int32)
  /// A write takes only half of what it is given (at least one byte); other calls are unharmed.
  case shortWrite
  /// A write takes nothing and gives no reason; other calls are unharmed.
  case emptyWrite
  /// The call is carried out and reported as failed with this errno.
  case late(Int32)

  var description: String {
    switch self {
    case .number(let number): return "errno \(number)"
    case .shortWrite: return "short write"
    case .emptyWrite: return "empty write"
    case .late(let number): return "done, but errno \(number)"
    }
  }
}

final class FaultyFileSystem: FileSystem {
  private struct State {
    var calls: [String] = []
    var failedSynchronize: Set<Int32> = []
    var open: Set<Int32> = []
    var violations: [String] = []
  }

  private let real = PosixFileSystem()
  private let fault: Fault
  private let first: Int
  private let isPersistent: Bool
  private let state = Mutex(State())

  /// `first` is the number, from 1, of the first call that fails; 0 for none.
  init(_ fault: Fault, first: Int, isPersistent: Bool) {
    self.fault = fault
    self.first = first
    self.isPersistent = isPersistent
  }

  var calls: [String] { state.withLock { $0.calls } }
  var openFiles: Int { state.withLock { $0.open.count } }
  var violations: [String] { state.withLock { $0.violations } }

  private func isHit(_ call: String) -> Bool {
    state.withLock { state in
      state.calls.append(call)
      return first > 0
        && (isPersistent ? state.calls.count >= first : state.calls.count == first)
    }
  }

  private func run<Value>(
    _ call: String, _ body: () throws(SystemCallError) -> Value
  ) throws(SystemCallError) -> Value {
    guard isHit(call) else { return try body() }
    switch fault {
    case .number(let number): throw SystemCallError(call: call, number: number)
    case .late(let number):
      _ = try body()
      throw SystemCallError(call: call, number: number)
    case .shortWrite, .emptyWrite: return try body()
    }
  }

  func open(_ path: String, for purpose: OpenPurpose) throws(SystemCallError) -> OpenFile {
    // A failed open gives no descriptor: a late failure would leak one that never was.
    if isHit("open") {
      switch fault {
      case .number(let number), .late(let number):
        throw SystemCallError(call: "open", number: number)
      case .shortWrite, .emptyWrite: break
      }
    }
    let file = try real.open(path, for: purpose)
    state.withLock { _ = $0.open.insert(file.descriptor) }
    return file
  }

  func close(_ file: OpenFile) throws(SystemCallError) {
    state.withLock {
      $0.failedSynchronize.remove(file.descriptor)
      if $0.open.remove(file.descriptor) == nil { $0.violations.append("closed twice") }
    }
    let isHit = isHit("close")
    // Linux closes the descriptor whatever it says.
    try real.close(file)
    if isHit, case .number(let number) = fault {
      throw SystemCallError(call: "close", number: number)
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile) throws(SystemCallError) -> Int {
    if isHit("write") {
      switch fault {
      case .number(let number), .late(let number):
        throw SystemCallError(call: "write", number: number)
      case .emptyWrite: return 0
      case .shortWrite:
        let half = UnsafeRawBufferPointer(rebasing: bytes[..<max(1, bytes.count / 2)])
        return try real.write(half, to: file)
      }
    }
    return try real.write(bytes, to: file)
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, from file: OpenFile
  ) throws(SystemCallError) -> Int {
    // A read that took bytes and then says it failed does not exist.
    if isHit("read") {
      switch fault {
      case .number(let number), .late(let number):
        throw SystemCallError(call: "read", number: number)
      case .shortWrite, .emptyWrite: break
      }
    }
    return try real.read(into: buffer, from: file)
  }

  func synchronize(_ file: OpenFile) throws(SystemCallError) {
    state.withLock {
      if $0.failedSynchronize.contains(file.descriptor) {
        $0.violations.append("fsync after a failed fsync of the same file")
      }
    }
    do {
      try run("fsync") { () throws(SystemCallError) in try real.synchronize(file) }
    } catch {
      state.withLock { _ = $0.failedSynchronize.insert(file.descriptor) }
      throw error
    }
  }

  func truncate(_ file: OpenFile, to size: Int) throws(SystemCallError) {
    try run("ftruncate") { () throws(SystemCallError) in try real.truncate(file, to: size) }
  }

  func setMode(_ mode: UInt32, of file: OpenFile) throws(SystemCallError) {
    try run("fchmod") { () throws(SystemCallError) in try real.setMode(mode, of: file) }
  }

  func lock(_ file: OpenFile) throws(SystemCallError) -> Bool {
    try run("flock") { () throws(SystemCallError) in try real.lock(file) }
  }

  func unlock(_ file: OpenFile) { real.unlock(file) }

  func rename(_ path: String, to newPath: String) throws(SystemCallError) {
    try run("rename") { () throws(SystemCallError) in try real.rename(path, to: newPath) }
  }

  func unlink(_ path: String) throws(SystemCallError) {
    try run("unlink") { () throws(SystemCallError) in try real.unlink(path) }
  }

  func makeDirectory(_ path: String, mode: UInt32) throws(SystemCallError) {
    try run("mkdir") { () throws(SystemCallError) in try real.makeDirectory(path, mode: mode) }
  }

  func names(in directory: String) throws(SystemCallError) -> [String] {
    try run("readdir") { () throws(SystemCallError) in try real.names(in: directory) }
  }

  func status(_ path: String, followingLink: Bool) throws(SystemCallError) -> FileStatus? {
    try run("stat") { () throws(SystemCallError) in
      try real.status(path, followingLink: followingLink)
    }
  }

  func status(of file: OpenFile) throws(SystemCallError) -> FileStatus {
    try run("fstat") { () throws(SystemCallError) in try real.status(of: file) }
  }
}
