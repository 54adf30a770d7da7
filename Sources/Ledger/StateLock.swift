// The state directory belongs to one process: an flock held for life, which the kernel releases
// however the process dies.

import Diagnostics
internal import Glibc
import Reports

/// Owns the lock on a state directory.
final class StateLock {
  private let path: String
  private let file: OpenFile
  private let fileSystem: any FileSystem

  private init(path: String, file: OpenFile, fileSystem: any FileSystem) {
    self.path = path
    self.file = file
    self.fileSystem = fileSystem
  }

  deinit {
    fileSystem.unlock(file)
    // The descriptor is gone whatever close says.
    do { try fileSystem.close(file) } catch { return }
  }

  /// Takes the lock of a directory that exists.
  ///
  /// - Throws: `already-running` (exit 75) with the process that holds it.
  static func take(
    in directory: String, on fileSystem: any FileSystem
  ) throws(Problem) -> StateLock {
    let path = directory + "/lock"
    do {
      while true {
        let file = try fileSystem.open(path, for: .lock(mode: 0o600))
        let lock = StateLock(path: path, file: file, fileSystem: fileSystem)
        guard try fileSystem.lock(file) else {
          let holder = try lock.holder().map { "process \($0)" } ?? "another process"
          throw Problem(
            "already-running", at: directory, "\(holder) uses this state directory",
            remedy: "stop it, or give this one another state directory", kind: .tryAgain)
        }
        // Between opening and locking, the file may have been replaced: then it guards nothing.
        guard try lock.isInPlace() else { continue }
        try lock.sign()
        return lock
      }
    } catch let problem as Problem {
      throw problem
    } catch let error as SystemCallError {
      throw error.problem(at: path)
    } catch {
      throw Problem(
        "ledger-failed", at: path, "\(error)", remedy: "report this as a defect", kind: .software)
    }
  }

  /// The file we hold is the one that others would open.
  func isInPlace() throws(SystemCallError) -> Bool {
    let held = try fileSystem.status(of: file)
    guard let named = try fileSystem.status(path, followingLink: false) else { return false }
    return held.inode == named.inode && held.device == named.device
  }

  private func sign() throws(SystemCallError) {
    try fileSystem.truncate(file, to: 0)
    let bytes = Array("\(getpid())\n".utf8)
    _ = try bytes.withUnsafeBufferPointer { (buffer) throws(SystemCallError) in
      try fileSystem.write(UnsafeRawBufferPointer(buffer), to: file)
    }
  }

  private func holder() throws(SystemCallError) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = try bytes.withUnsafeMutableBufferPointer {
      (buffer) throws(SystemCallError) -> Int in
      try fileSystem.read(into: UnsafeMutableRawBufferPointer(buffer), from: file)
    }
    return Int32(String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self))
  }
}
