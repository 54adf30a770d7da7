// The tables, and how a database is told to be ours, another version's, or damaged.

import Diagnostics

enum Schema {
  /// Raised with every change of the tables or of what they mean.
  static let version = 2
  /// "plas": tells our databases from others (sqlite.org/fileformat.html, offset 68).
  static let applicationID = 0x706C_6173

  // STRICT, so that a value of another type is an error and not kept as it came
  // (sqlite.org/stricttables.html). Every row that matters carries a checksum: SQLite checks the
  // structure of its pages, not the bytes in them.
  static let tables = firstTables + "\n" + untold

  // What version 2 has added: the alerts that nobody but their files has been told of.
  private static let untold = """
    CREATE TABLE untold(
      id TEXT PRIMARY KEY REFERENCES alert(id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    """

  // Version 1, to which others were added.
  private static let firstTables = """
    CREATE TABLE about(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE entry(
      id INTEGER PRIMARY KEY,
      path TEXT NOT NULL UNIQUE,
      run TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      state TEXT NOT NULL
        CHECK (state IN ('seen', 'settled', 'started', 'done', 'rejected', 'missed')),
      attempts INTEGER NOT NULL CHECK (attempts >= 0),
      code TEXT,
      reason TEXT,
      digest TEXT,
      checksum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX entry_of_run ON entry(run, id);
    CREATE INDEX entry_in_state ON entry(state, id);
    CREATE TABLE measurement(
      arrival INTEGER PRIMARY KEY,
      run TEXT NOT NULL,
      digest TEXT NOT NULL,
      step INTEGER,
      epoch REAL,
      path TEXT NOT NULL,
      report_path TEXT NOT NULL,
      document BLOB NOT NULL,
      checksum INTEGER NOT NULL,
      UNIQUE (run, digest)
    ) STRICT;
    CREATE INDEX measurement_in_order ON measurement(run, step, arrival);
    CREATE TABLE alias(
      run TEXT NOT NULL,
      digest TEXT NOT NULL,
      path TEXT NOT NULL,
      PRIMARY KEY (run, digest, path),
      FOREIGN KEY (run, digest) REFERENCES measurement(run, digest) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE alert(
      sequence INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      run TEXT NOT NULL,
      document BLOB NOT NULL,
      is_written INTEGER NOT NULL CHECK (is_written IN (0, 1)),
      checksum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX alert_pending ON alert(is_written, sequence);
    CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    """

  /// Settings of a connection, each for a reason.
  static func prepare(_ connection: SQLiteConnection) throws(Problem) {
    // We hold a lock of our own for life, so nobody else may have it open; then WAL needs no
    // shared memory (sqlite.org/wal.html §8), which a full or truncated file would turn to SIGBUS.
    // The price: the sqlite3 shell finds the database locked while the daemon runs.
    _ = try pragma(connection, "locking_mode = EXCLUSIVE")
    // Readers and a killed writer never see half a transaction, and a commit is one fsync.
    let mode = try pragma(connection, "journal_mode = WAL")
    guard mode == "wal" || connection.path == ":memory:" else {
      throw Problem(
        "ledger-failed", at: connection.path, "write-ahead logging is refused (mode \(mode))",
        remedy: "put the state directory on a local file system", kind: .unavailable)
    }
    // In WAL mode NORMAL may lose the last commits at a power cut; FULL syncs the log after each
    // commit (sqlite.org/pragma.html#pragma_synchronous), and what is reported must stay done.
    _ = try pragma(connection, "synchronous = FULL")
    _ = try pragma(connection, "foreign_keys = ON")
    // The file may be damaged or planted: no functions from its schema, no mapped pages, cells
    // checked as they are read (sqlite.org/security.html).
    _ = try pragma(connection, "trusted_schema = OFF")
    _ = try pragma(connection, "cell_size_check = ON")
    _ = try pragma(connection, "mmap_size = 0")
    // Memory and log of the daemon stay small: 2 MiB of pages, 4 MiB of log kept.
    _ = try pragma(connection, "cache_size = -2048")
    _ = try pragma(connection, "journal_size_limit = 4194304")
  }

  /// Creates the tables in an empty database, or checks that they are ours and sound.
  ///
  /// - Throws: `ledger-newer` for another version's; `ledger-corrupt` for anything else amiss.
  static func createOrCheck(_ connection: SQLiteConnection) throws(Problem) {
    let found = try number(connection, "PRAGMA user_version")
    let objects = try definitions(connection)
    if found == 0, objects.isEmpty {
      try connection.execute(
        """
        BEGIN IMMEDIATE;
        \(tables)
        INSERT INTO about VALUES ('version', \(version));
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        COMMIT;
        """)
      return
    }
    guard try number(connection, "PRAGMA application_id") == Int64(applicationID) else {
      throw corrupt(connection, "it is not a ledger of plasticityd")
    }
    // The version stands twice: one flipped bit must not look like a newer version.
    let stated =
      objects.contains { $0.hasPrefix("CREATE TABLE about") }
      ? try number(connection, "SELECT value FROM about WHERE name = 'version'") : 0
    guard stated == found else { throw corrupt(connection, "its two version numbers differ") }
    guard found <= Int64(version) else {
      throw Problem(
        "ledger-newer", at: connection.path,
        "written by a newer version (schema \(found), this one knows \(version))",
        remedy: "install that version again, or name another state directory",
        kind: .configuration)
    }
    let expected = try SQLiteConnection.open(":memory:")
    try expected.execute(found == 1 ? firstTables : tables)
    guard try definitions(expected) == objects else {
      throw corrupt(connection, "its tables are not those of schema \(found)")
    }
    let answer = try connection.rows("PRAGMA integrity_check(1)") { $0.text(0) }
    guard answer == ["ok"] else {
      let words = answer.first ?? "the integrity check says nothing"
      throw isFailedRead(words)
        ? Problem(
          "io-failed", at: connection.path, "the integrity check could not read it: \(words)",
          remedy: "look for the reason in the kernel's log (dmesg)", kind: .io)
        : corrupt(connection, words)
    }
    if found == 1 { try raise(connection) }
  }

  // What version 1 has told stays told: none of its alerts is due.
  private static func raise(_ connection: SQLiteConnection) throws(Problem) {
    try connection.execute(
      """
      BEGIN IMMEDIATE;
      \(untold)
      UPDATE about SET value = \(version) WHERE name = 'version';
      PRAGMA user_version = \(version);
      COMMIT;
      """)
  }

  // The check reports a page that could not be read among the damages, and a failing disk must not
  // cost a healthy ledger: "unable to get the page. error code=266" (SQLITE_IOERR and its details,
  // SQLITE_NOMEM) and "failed to get page 15". The fault tests hold these words to the library.
  private static func isFailedRead(_ words: String) -> Bool {
    if words.contains("failed to get page") { return true }
    guard let range = words.firstRange(of: "error code=") else { return false }
    let code = Int(words[range.upperBound...].prefix { $0.isNumber }) ?? 0
    return [7, 10].contains(code & 0xFF)
  }

  static func corrupt(_ connection: SQLiteConnection, _ what: String) -> Problem {
    Problem(
      "ledger-corrupt", at: connection.path, what,
      remedy: "start again: a damaged ledger is set aside at the start", kind: .data)
  }

  private static func definitions(_ connection: SQLiteConnection) throws(Problem) -> [String] {
    try connection.rows("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name") {
      $0.optionalText(2) ?? "\($0.text(0)) \($0.text(1))"
    }
  }

  private static func number(
    _ connection: SQLiteConnection, _ sql: String
  ) throws(Problem) -> Int64 {
    try connection.rows(sql) { $0.integer(0) }.first ?? 0
  }

  private static func pragma(
    _ connection: SQLiteConnection, _ setting: String
  ) throws(Problem) -> String {
    try connection.rows("PRAGMA \(setting)") { $0.text(0) }.first ?? ""
  }
}
