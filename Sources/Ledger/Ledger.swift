// What must survive a crash: which checkpoints were seen, tried, done or rejected, the series they
// make, and the alerts that are due. The only writer of the state directory. One thread at a time.

public import Diagnostics
import Reports

/// The ledger of one daemon, open and locked until it is released.
public final class Ledger {
  /// What was found amiss when it was opened, for the log and the status.
  public let findings: [Problem]

  let connection: SQLiteConnection
  private var stateLock: StateLock
  private let fileSystem: any FileSystem
  /// The file at the connection's path when it was opened.
  private let file: FileStatus?
  private var depth = 0
  private var undoing: Problem?

  init(
    connection: SQLiteConnection, stateLock: StateLock, findings: [Problem],
    on fileSystem: any FileSystem
  ) throws(Problem) {
    self.connection = connection
    self.stateLock = stateLock
    self.findings = findings
    self.fileSystem = fileSystem
    file = try Self.status(connection.path, on: fileSystem)
  }

  private static func status(
    _ path: String, on fileSystem: any FileSystem
  ) throws(Problem) -> FileStatus? {
    do { return try fileSystem.status(path, followingLink: false) } catch {
      throw error.problem(at: path)
    }
  }

  /// Makes all changes in `body` at once, or none when it throws; they are on the disk on return.
  ///
  /// Within another transaction it joins that one, and a problem in it undoes both, even if the
  /// outer body catches it and goes on.
  ///
  /// - Throws: what `body` throws, or `disk-full`, `io-failed` … from the commit.
  public func transaction<Value>(_ body: () throws(Problem) -> Value) throws(Problem) -> Value {
    if depth > 0 {
      depth += 1
      defer { depth -= 1 }
      do throws(Problem) { return try body() } catch {
        undoing = undoing ?? error
        throw error
      }
    }
    try connection.run("BEGIN IMMEDIATE")
    depth = 1
    undoing = nil
    defer { depth = 0 }
    do throws(Problem) {
      let value = try body()
      if let undoing { throw undoing }
      try connection.run("COMMIT")
      return value
    } catch {
      // After some failures (a full disk, an I/O error) SQLite has rolled back by itself
      // (sqlite.org/lang_transaction.html §3).
      let problem = error
      if connection.isInTransaction { try connection.run("ROLLBACK") }
      throw problem
    }
  }

  /// False when the state directory was removed or replaced under us: nothing written since is
  /// kept, and the daemon should start again.
  ///
  /// - Throws: `io-failed` … when even looking fails.
  public func isInPlace() throws(Problem) -> Bool {
    do {
      return try stateLock.isInPlace()
    } catch {
      throw error.problem(at: connection.path)
    }
  }

  /// Takes the lock again where only the lock was removed; false where the ledger itself is not what was opened.
  ///
  /// - Throws: `already-running` when another process was quicker.
  public func retakeLock() throws(Problem) -> Bool {
    let path = connection.path
    guard let now = try Self.status(path, on: fileSystem), now.inode == file?.inode,
      now.device == file?.device
    else { return false }
    stateLock = try StateLock.take(
      in: String(path.dropLast("/ledger.sqlite".count)), on: fileSystem)
    return true
  }

  /// Adds to a counter, for example `missed`.
  public func count(_ name: String, by amount: Int = 1) throws(Problem) {
    try connection.run(
      """
      INSERT INTO counter VALUES (?1, ?2)
      ON CONFLICT (name) DO UPDATE SET value = value + excluded.value
      """, [.text(name), .integer(Int64(amount))])
  }

  /// All counters that were ever counted.
  public func counters() throws(Problem) -> [String: Int] {
    let rows = try connection.rows("SELECT name, value FROM counter") {
      ($0.text(0), Int($0.integer(1)))
    }
    return Dictionary(rows, uniquingKeysWith: { _, last in last })
  }
}
