// One SQLite connection, used by one thread at a time: that is all "multi-thread" mode asks
// (sqlite.org/threadsafe.html), so no mutexes are taken. Every failure is a Problem with the SQL.

internal import CSQLite
import Diagnostics

/// Owns an open database.
final class SQLiteConnection {
  let path: String
  private let handle: OpaquePointer
  private var statements: [String: Statement] = [:]

  private init(handle: OpaquePointer, path: String) {
    self.handle = handle
    self.path = path
  }

  deinit {
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  /// Opens a database that exists, or one in memory (`:memory:`); through another file-system
  /// layer of SQLite's (VFS) when named, so that a test can make its calls fail.
  static func open(_ path: String, vfs: String? = nil) throws(Problem) -> SQLiteConnection {
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = sqlite3_open_v2(path, &handle, flags, vfs)
    guard let handle else {
      throw problem(SQLITE_NOMEM, "no memory for a connection", sql: nil, path: path)
    }
    // From here on the connection closes what was opened, as SQLite asks even after a failure.
    let connection = SQLiteConnection(handle: handle, path: path)
    guard code == SQLITE_OK else { throw connection.problem(code, sql: nil) }
    // Somebody may be looking at it with the sqlite3 shell as we start.
    sqlite3_busy_timeout(handle, 5_000)
    return connection
  }

  /// True when SQLite could open the file for reading only.
  var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

  /// A transaction was begun and neither committed nor rolled back, by us or by SQLite itself.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Runs statements without values or rows, such as a schema.
  func execute(_ sql: String) throws(Problem) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw problem(code, sql: sql) }
  }

  /// Runs one statement; returns how many rows it changed.
  @discardableResult
  func run(_ sql: String, _ values: [SQLValue] = []) throws(Problem) -> Int {
    let code = try statement(sql).run(values) { _ in }
    guard code == SQLITE_OK else { throw problem(code, sql: sql) }
    return Int(sqlite3_changes64(handle))
  }

  /// Runs one query and reads every row.
  func rows<Value>(
    _ sql: String, _ values: [SQLValue] = [], _ read: (Row) -> Value
  ) throws(Problem) -> [Value] {
    var result: [Value] = []
    let code = try statement(sql).run(values) { result.append(read($0)) }
    guard code == SQLITE_OK else { throw problem(code, sql: sql) }
    return result
  }

  /// The number of the row that was inserted last.
  var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

  private func statement(_ sql: String) throws(Problem) -> Statement {
    if let statement = statements[sql] { return statement }
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw problem(code, sql: sql) }
    let statement = Statement(handle: prepared)
    statements[sql] = statement
    return statement
  }

  private func problem(_ code: Int32, sql: String?) -> Problem {
    let message = sqlite3_errmsg(handle).map { String(cString: $0) } ?? "no message"
    return Self.problem(code, message, sql: sql, path: path)
  }

  private static func problem(
    _ code: Int32, _ message: String, sql: String?, path: String
  ) -> Problem {
    let what =
      "SQLite says \"\(message)\" (code \(code))" + (sql.map { " while executing `\($0)`" } ?? "")
    func problem(_ name: String, _ remedy: String, _ kind: Problem.Kind) -> Problem {
      Problem(name, at: path, what, remedy: remedy, kind: kind)
    }
    switch code & 0xFF {
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT:
      return problem(
        "ledger-corrupt", "start again: a damaged ledger is set aside at the start", .data)
    case SQLITE_BUSY, SQLITE_LOCKED:
      return problem(
        "ledger-busy", "close the other program that has this database open", .tryAgain)
    case SQLITE_FULL: return problem("disk-full", "free space (or quota) there", .io)
    case SQLITE_IOERR:
      return problem("io-failed", "look for the reason in the kernel's log (dmesg)", .io)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH:
      return problem("not-permitted", "give this user the right to write there", .permission)
    case SQLITE_NOMEM: return problem("out-of-memory", "free some memory", .unavailable)
    default: return problem("ledger-failed", "report this as a defect", .software)
    }
  }
}
