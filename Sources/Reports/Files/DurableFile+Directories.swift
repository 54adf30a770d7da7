// Directories that are on the disk before anything is put into them.

public import Diagnostics
internal import Glibc

extension DurableFile {
  /// Creates a directory and those above it that are missing; each is on the disk on return.
  ///
  /// - Throws: `not-a-directory` when something else has the name, or what `mkdir` says.
  public static func makeDirectory(
    _ path: String, on fileSystem: any FileSystem, mode: UInt32 = 0o750
  ) throws(Problem) {
    var name = path
    while name.utf8.count > 1, name.utf8.last == UInt8(ascii: "/") { name.removeLast() }
    do {
      try makeDirectories(name, on: fileSystem, mode: mode)
    } catch {
      if error.number == EEXIST {
        throw Problem(
          "not-a-directory", at: path, "something that is no directory has this name",
          remedy: "move it away, or name another directory", kind: .configuration)
      }
      throw error.problem(at: path)
    }
  }

  private static func makeDirectories(
    _ path: String, on fileSystem: any FileSystem, mode: UInt32
  ) throws(SystemCallError) {
    let above = parent(of: path)
    do {
      try make(path, on: fileSystem, mode: mode)
    } catch {
      switch error.number {
      case EEXIST:
        guard try fileSystem.status(path, followingLink: true)?.kind == .directory else {
          throw error
        }
        return
      case ENOENT where above != path && above != ".":
        try makeDirectories(above, on: fileSystem, mode: mode)
        try make(path, on: fileSystem, mode: mode)
      default: throw error
      }
    }
    let directory = try repeating { () throws(SystemCallError) in
      try fileSystem.open(path, for: .directory)
    }
    defer { close(directory, on: fileSystem) }
    // The unit's umask is 0077; who may enter is said here.
    try repeating { () throws(SystemCallError) in try fileSystem.setMode(mode, of: directory) }
    try synchronizeDirectory(above, on: fileSystem)
  }

  private static func make(
    _ path: String, on fileSystem: any FileSystem, mode: UInt32
  ) throws(SystemCallError) {
    try repeating { () throws(SystemCallError) in
      try fileSystem.makeDirectory(path, mode: mode)
    }
  }
}
