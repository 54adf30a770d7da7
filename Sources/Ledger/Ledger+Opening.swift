// Opening: directory, lock, database, checks, and what a crash left half done.

public import Diagnostics
public import Reports

extension Ledger {
  /// Opens the ledger in a state directory, which is created if it is missing.
  ///
  /// A damaged database is set aside as `ledger.sqlite.corrupt-1` (the newest of at most three) and
  /// a new one begun: folders and reports hold everything that is needed to fill it again. A row
  /// that is damaged is forgotten, and its checkpoint probed again. Both stand in `findings`.
  ///
  /// - Throws: `already-running` (exit 75), `ledger-newer` (exit 78), or what the system says.
  public static func open(
    directory: String, fileSystem: any FileSystem = PosixFileSystem()
  ) throws(Problem) -> Ledger {
    try open(directory: directory, fileSystem: fileSystem, vfs: nil)
  }

  static func open(
    directory: String, fileSystem: any FileSystem, vfs: String?
  ) throws(Problem) -> Ledger {
    try DurableFile.makeDirectory(directory, on: fileSystem, mode: 0o700)
    let stateLock = try StateLock.take(in: directory, on: fileSystem)
    try DurableFile.removeLitter(in: directory, on: fileSystem)
    let path = directory + "/ledger.sqlite"
    var setAsideFindings: [Problem] = []
    var loaded: (SQLiteConnection, [Problem])
    do {
      loaded = try load(path, on: fileSystem, vfs: vfs)
    } catch {
      guard error.code == "ledger-corrupt" || error.code == "ledger-failed" else { throw error }
      setAsideFindings = [try setAside(path, because: error, on: fileSystem)]
      loaded = try load(path, on: fileSystem, vfs: vfs)
    }
    let (connection, findings) = (loaded.0, setAsideFindings + loaded.1)
    let ledger = try Ledger(
      connection: connection, stateLock: stateLock, findings: findings, on: fileSystem)
    try ledger.resumeStarted()
    return ledger
  }

  private static func load(
    _ path: String, on fileSystem: any FileSystem, vfs: String?
  ) throws(Problem) -> (SQLiteConnection, [Problem]) {
    let connection = try connect(path, on: fileSystem, vfs: vfs)
    return (connection, try removeDamagedRows(connection))
  }

  private static func connect(
    _ path: String, on fileSystem: any FileSystem, vfs: String?
  ) throws(Problem) -> SQLiteConnection {
    do {
      // Created here, so that nobody else may read it and no link is followed; the log that SQLite
      // puts beside it takes over its permissions.
      try fileSystem.close(try fileSystem.open(path, for: .lock(mode: 0o600)))
    } catch {
      throw error.problem(at: path)
    }
    let connection = try SQLiteConnection.open(path, vfs: vfs)
    try Schema.prepare(connection)
    // We could open it for writing just now: that SQLite cannot means a damaged header.
    if connection.isReadOnly { throw Schema.corrupt(connection, "its header says read-only") }
    try Schema.createOrCheck(connection)
    return connection
  }

  private static func setAside(
    _ path: String, because problem: Problem, on fileSystem: any FileSystem
  ) throws(Problem) -> Problem {
    let aside = path + ".corrupt-"
    do {
      for suffix in ["", "-wal", "-journal"] {
        for number in [2, 1] {
          try move(
            aside + "\(number)" + suffix, to: aside + "\(number + 1)" + suffix, on: fileSystem)
        }
        try move(path + suffix, to: aside + "1" + suffix, on: fileSystem)
      }
      if try fileSystem.status(path + "-shm", followingLink: false) != nil {
        try fileSystem.unlink(path + "-shm")
      }
    } catch {
      throw error.problem(at: path)
    }
    return Problem(
      "ledger-set-aside", at: path, "damaged (\(problem.what)), kept as \(aside)1, begun afresh",
      remedy: "nothing to do: checkpoints that are still there are probed again", kind: .data)
  }

  // What has no old name must leave none under the new one, or parts of two would be mixed.
  private static func move(
    _ path: String, to newPath: String, on fileSystem: any FileSystem
  ) throws(SystemCallError) {
    if try fileSystem.status(path, followingLink: false) != nil {
      try fileSystem.rename(path, to: newPath)
    } else if try fileSystem.status(newPath, followingLink: false) != nil {
      try fileSystem.unlink(newPath)
    }
  }

  // A worker that was at it died with us. The attempt stays counted: a checkpoint that kills the
  // daemon must not do so for ever.
  private func resumeStarted() throws(Problem) {
    try transaction { () throws(Problem) in
      for var entry in try entries(in: [.started]) {
        entry.state = .settled
        try save(entry)
      }
    }
  }
}
