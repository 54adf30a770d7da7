// The outbox: an alert is enqueued with the change that causes it, written to its file, and then
// marked; after that whoever is to be told is told, and it is marked again. A crash in between writes the same
// file, or tells of it, again.

public import Diagnostics

extension Ledger {
  /// Puts an alert into the outbox; false when one of that id ever was there. The id is made of
  /// what the alert says (run and transition), so that a restart does not say it again.
  @discardableResult
  public func enqueueAlert(id: String, run: String, document: [UInt8]) throws(Problem) -> Bool {
    let alert = StoredAlert(id: id, run: run, document: document)
    return try transaction { () throws(Problem) in
      let isNew =
        try connection.run(
          """
          INSERT INTO alert(id, run, document, is_written, checksum) VALUES (?1, ?2, ?3, 0, ?4)
          ON CONFLICT (id) DO NOTHING
          """,
          [
            .text(id), .text(run), .blob(document),
            .integer(Self.checksum(alert, isWritten: false)),
          ]
        ) > 0
      if isNew { try connection.run("INSERT INTO untold(id) VALUES (?1)", [.text(id)]) }
      return isNew
    }
  }

  /// The alerts that are not written yet, oldest first.
  public func pendingAlerts() throws(Problem) -> [StoredAlert] {
    try connection.rows(
      """
      SELECT id, run, document, is_written, checksum FROM alert WHERE is_written = 0
      ORDER BY sequence
      """, [], { Self.readAlert($0).0 })
  }

  /// All alerts of a run, oldest first.
  public func alerts(run: String) throws(Problem) -> [StoredAlert] {
    try connection.rows(
      """
      SELECT id, run, document, is_written, checksum FROM alert WHERE run = ?1 ORDER BY sequence
      """, [.text(run)], { Self.readAlert($0).0 })
  }

  /// The alerts that are written and that nobody has been told of yet, oldest first.
  public func untoldAlerts() throws(Problem) -> [StoredAlert] {
    try connection.rows(
      """
      SELECT id, run, document, is_written, checksum FROM untold JOIN alert USING (id)
      WHERE is_written = 1 ORDER BY sequence
      """, [], { Self.readAlert($0).0 })
  }

  /// Whoever was to be told of an alert has been told.
  public func markTold(_ id: String) throws(Problem) {
    try connection.run("DELETE FROM untold WHERE id = ?1", [.text(id)])
  }

  /// Forgets the alerts of a run whose series is measured anew: its decisions are taken again.
  public func forgetAlerts(run: String) throws(Problem) {
    try connection.run("DELETE FROM alert WHERE run = ?1", [.text(run)])
  }

  /// The alert's file is on the disk.
  public func markWritten(_ id: String) throws(Problem) {
    let found = try connection.rows(
      "SELECT id, run, document, is_written, checksum FROM alert WHERE id = ?1", [.text(id)],
      { Self.readAlert($0).0 })
    guard let alert = found.first else {
      throw Problem(
        "no-such-alert", at: connection.path, "the ledger has no alert \(id)",
        remedy: "report this as a defect", kind: .software)
    }
    try connection.run(
      "UPDATE alert SET is_written = 1, checksum = ?2 WHERE id = ?1",
      [.text(id), .integer(Self.checksum(alert, isWritten: true))])
  }

  private static func checksum(_ alert: StoredAlert, isWritten: Bool) -> Int64 {
    Checksum.of([
      .text(alert.id), .text(alert.run), .blob(alert.document), .integer(isWritten ? 1 : 0),
    ])
  }

  // The alert, and whether it matches its checksum.
  static func readAlert(_ row: Row) -> (StoredAlert, isSound: Bool) {
    let alert = StoredAlert(id: row.text(0), run: row.text(1), document: row.blob(2))
    return (alert, checksum(alert, isWritten: row.integer(3) == 1) == row.integer(4))
  }
}
