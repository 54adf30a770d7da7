// Files that are whole or not there: temporary name, write, fsync, rename, fsync of the directory.
// reliability.md D8: Linux forgets a failed fsync, so a second one on the same file says yes over
// lost data (PostgreSQL panics for this). A failed fsync therefore means a new file from memory.

public import Diagnostics
internal import Glibc

/// Whole small files; reading and directories are in the extensions.
public enum DurableFile {
  /// What `writeOnce` found.
  public enum Outcome: Sendable, Hashable {
    /// The file was not there and is now.
    case written
    /// A file of that name was there and was kept.
    case kept
  }

  // New files that one write may use up, and interrupted calls in a row that it may repeat.
  private static let attempts = 3
  private static let interruptions = 16
  private static let prefix = ".tmp-"

  /// Replaces the file at `path`, or creates it: on return the new bytes are on the disk under that
  /// name; on an error the name shows the old file or the new one, whole.
  ///
  /// - Throws: `disk-full`, `not-permitted`, `io-failed` …: the first failure that could not be
  ///   overcome. Writing again is safe.
  public static func write(
    _ bytes: [UInt8], to path: String, on fileSystem: any FileSystem, mode: UInt32 = 0o640
  ) throws(Problem) {
    let directory = parent(of: path)
    var first: SystemCallError?
    for _ in 0..<attempts {
      let temporary = directory + "/" + temporaryName()
      do {
        try create(temporary, bytes, mode: mode, on: fileSystem)
      } catch {
        // The name is taken, by chance or by somebody who plants links: take another.
        if error.call == "open", error.number == EEXIST { continue }
        guard error.call == "fsync" || error.call == "close" else {
          throw (first ?? error).problem(at: path)
        }
        first = first ?? error
        continue
      }
      do {
        try repeating { () throws(SystemCallError) in
          try fileSystem.rename(temporary, to: path)
        }
        try synchronizeDirectory(directory, on: fileSystem)
        return
      } catch {
        // Over a network, what is reported as failed may have been done: only doing all of it
        // again tells.
        if error.call == "rename" { remove(temporary, on: fileSystem) }
        first = first ?? error
      }
    }
    throw (first ?? SystemCallError(call: "open", number: EEXIST)).problem(at: path)
  }

  /// Creates the file at `path` unless a file that is not empty already has that name: since files
  /// appear whole under their names, that one is whole. Either way it is on the disk on return.
  ///
  /// - Throws: as `write`.
  @discardableResult
  public static func writeOnce(
    _ bytes: [UInt8], to path: String, on fileSystem: any FileSystem, mode: UInt32 = 0o640
  ) throws(Problem) -> Outcome {
    do {
      let status = try repeating { () throws(SystemCallError) in
        try fileSystem.status(path, followingLink: false)
      }
      if let status, status.kind == .regular, status.size > 0 {
        // It may have been renamed just before a crash, and its name not yet be on the disk.
        try synchronizeDirectory(parent(of: path), on: fileSystem)
        return .kept
      }
    } catch {
      throw error.problem(at: path)
    }
    try write(bytes, to: path, on: fileSystem, mode: mode)
    return .written
  }

  /// Removes the temporary files that a crash left in a directory; returns how many. Only for who
  /// is alone in writing there.
  ///
  /// - Throws: what listing or removing says.
  @discardableResult
  public static func removeLitter(
    in directory: String, on fileSystem: any FileSystem
  ) throws(Problem) -> Int {
    var removed = 0
    do {
      for name in try fileSystem.names(in: directory) where isTemporary(name) {
        try repeating { () throws(SystemCallError) in
          try fileSystem.unlink(directory + "/" + name)
        }
        removed += 1
      }
    } catch {
      throw error.problem(at: directory)
    }
    return removed
  }

  /// Waits until the names in a directory are on the disk.
  static func synchronizeDirectory(
    _ directory: String, on fileSystem: any FileSystem
  ) throws(SystemCallError) {
    let file = try repeating { () throws(SystemCallError) in
      try fileSystem.open(directory, for: .directory)
    }
    do {
      try fileSystem.synchronize(file)
    } catch {
      close(file, on: fileSystem)
      // Some network and FUSE file systems have no fsync for directories.
      if error.number == EINVAL || error.number == EOPNOTSUPP { return }
      throw error
    }
    close(file, on: fileSystem)
  }

  // A call interrupted by a signal did nothing; it is made again, but not for ever.
  static func repeating<Value>(
    _ call: () throws(SystemCallError) -> Value
  ) throws(SystemCallError) -> Value {
    for _ in 1..<interruptions {
      do { return try call() } catch {
        guard error.number == EINTR else { throw error }
      }
    }
    return try call()
  }

  // The file is whole and on the disk on return, or not there.
  private static func create(
    _ path: String, _ bytes: [UInt8], mode: UInt32, on fileSystem: any FileSystem
  ) throws(SystemCallError) {
    let file = try repeating { () throws(SystemCallError) in
      try fileSystem.open(path, for: .create(mode: mode))
    }
    do {
      try fill(file, bytes, mode: mode, on: fileSystem)
    } catch {
      remove(path, on: fileSystem)
      throw error
    }
  }

  private static func fill(
    _ file: OpenFile, _ bytes: [UInt8], mode: UInt32, on fileSystem: any FileSystem
  ) throws(SystemCallError) {
    do {
      // The unit's umask is 0077; who may read a report is said here.
      try repeating { () throws(SystemCallError) in try fileSystem.setMode(mode, of: file) }
      try bytes.withUnsafeBufferPointer { (all) throws(SystemCallError) in
        var rest = UnsafeRawBufferPointer(all)[...]
        while !rest.isEmpty {
          let part = UnsafeRawBufferPointer(rebasing: rest)
          let count = try repeating { () throws(SystemCallError) in
            try fileSystem.write(part, to: file)
          }
          // Nothing written and no reason given: no later call would do better.
          guard count > 0 else { throw SystemCallError(call: "write", number: EIO) }
          rest = rest.dropFirst(count)
        }
      }
      try fileSystem.synchronize(file)
    } catch {
      close(file, on: fileSystem)
      throw error
    }
    do {
      try fileSystem.close(file)
    } catch {
      // Interrupted, the descriptor is closed all the same, and fsync had said yes.
      if error.number != EINTR { throw error }
    }
  }

  // Closing what was only read, or is about to be removed: its result changes nothing.
  static func close(_ file: OpenFile, on fileSystem: any FileSystem) {
    do { try fileSystem.close(file) } catch { return }
  }

  // The first failure is what the caller hears of; what cannot be removed now is litter that
  // `removeLitter` takes at the next start.
  private static func remove(_ path: String, on fileSystem: any FileSystem) {
    do {
      try repeating { () throws(SystemCallError) in try fileSystem.unlink(path) }
    } catch { return }
  }

  static func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func temporaryName() -> String {
    let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    return prefix + String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  private static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(prefix) && name.utf8.count == prefix.utf8.count + 16
      && name.utf8.dropFirst(prefix.utf8.count).allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}
