// The path of a checkpoint through its states. Each change is committed when the call returns,
// unless it stands in a transaction.

public import Diagnostics

extension Ledger {
  /// Takes note of a path: new, or with a changed fingerprint, it is `seen` with no attempts;
  /// otherwise it is as it was. One read and no write when nothing changed.
  @discardableResult
  public func observe(
    path: String, run: String, fingerprint: Fingerprint
  ) throws(Problem) -> Entry {
    if var entry = try entry(path: path) {
      if entry.fingerprint == fingerprint, entry.run == run { return entry }
      entry.run = run
      entry.fingerprint = fingerprint
      entry.state = .seen
      entry.attempts = 0
      entry.code = nil
      entry.reason = nil
      entry.digest = nil
      try save(entry)
      return entry
    }
    // The number is part of the checksum and known only after the insertion: both at once.
    return try transaction { () throws(Problem) in
      try connection.run(
        """
        INSERT INTO entry(path, run, fingerprint, state, attempts, checksum)
        VALUES (?1, ?2, ?3, 'seen', 0, 0)
        """, [.text(path), .text(run), .text(fingerprint.text)])
      let entry = Entry(
        id: connection.lastInsertedRow, path: path, run: run, fingerprint: fingerprint,
        state: .seen, attempts: 0)
      try save(entry)
      return entry
    }
  }

  /// It has stopped changing: `seen` becomes `settled`.
  public func settled(_ id: Entry.ID) throws(Problem) {
    try change(id) { entry in
      if entry.state == .seen { entry.state = .settled }
    }
  }

  /// A worker is about to be started: the attempt is on the disk before anything is parsed
  /// (reliability.md). Returns how many attempts there are now, this one included.
  @discardableResult
  public func started(_ id: Entry.ID) throws(Problem) -> Int {
    try change(id) { entry in
      entry.state = .started
      entry.attempts += 1
    }.attempts
  }

  /// Not now: it is `settled` again, to be tried later, or `seen` when it must settle anew.
  ///
  /// An attempt that ended politely (the file was still being written) need not count. Nothing
  /// happens to an entry that meanwhile changed or came to an end.
  public func postpone(
    _ id: Entry.ID, reason: String, to state: EntryState = .settled, countsAttempt: Bool = true
  ) throws(Problem) {
    try change(id) { entry in
      guard [.started, .settled, .seen].contains(entry.state) else { return }
      if entry.state == .started, !countsAttempt { entry.attempts = max(0, entry.attempts - 1) }
      if entry.state == .started { entry.state = state == .seen ? .seen : .settled }
      entry.reason = reason
    }
  }

  /// It is reported: the measurement joins the series and the entry is `done`, at once. When the
  /// file changed while the worker read it, the entry stays `seen` and is probed again.
  @discardableResult
  public func done(
    _ id: Entry.ID, measurement: StoredMeasurement
  ) throws(Problem) -> Recorded {
    try transaction { () throws(Problem) in
      let recorded = try add(measurement)
      try change(id) { entry in
        guard entry.state == .started else { return }
        entry.state = .done
        entry.code = nil
        entry.reason = nil
        entry.digest = measurement.digest
      }
      return recorded
    }
  }

  /// It is refused, with a stable word and a sentence. With a fingerprint, only if it still looks
  /// like that; returns whether it was rejected.
  @discardableResult
  public func rejected(
    _ id: Entry.ID, code: String, reason: String, fingerprint: Fingerprint? = nil
  ) throws(Problem) -> Bool {
    try change(id) { entry in
      if let fingerprint, entry.fingerprint != fingerprint { return }
      entry.state = .rejected
      entry.code = code
      entry.reason = reason
    }.state == .rejected
  }

  /// What was refused is to be tried again, as it is; its attempts count on.
  public func reconsider(_ id: Entry.ID) throws(Problem) {
    try change(id) { entry in
      guard entry.state == .rejected else { return }
      entry.state = .seen
      entry.code = nil
    }
  }

  /// It is gone before it was reported: `missed`, and counted, once.
  public func missed(_ id: Entry.ID) throws(Problem) {
    try transaction { () throws(Problem) in
      var isNew = false
      try change(id) { entry in
        guard [.seen, .settled, .started].contains(entry.state) else { return }
        entry.state = .missed
        isNew = true
      }
      if isNew { try count("missed") }
    }
  }

  /// The entry of a path.
  public func entry(path: String) throws(Problem) -> Entry? {
    try connection.rows(
      "SELECT \(Self.entryColumns) FROM entry WHERE path = ?1", [.text(path)],
      { Self.readEntry($0).0 }
    ).first
  }

  /// The entries of a run in the order of first sight.
  public func entries(run: String) throws(Problem) -> [Entry] {
    try connection.rows(
      "SELECT \(Self.entryColumns) FROM entry WHERE run = ?1 ORDER BY id", [.text(run)],
      { Self.readEntry($0).0 })
  }

  /// The entry of a run that was seen first.
  public func firstEntry(run: String) throws(Problem) -> Entry? {
    try connection.rows(
      "SELECT \(Self.entryColumns) FROM entry WHERE run = ?1 ORDER BY id LIMIT 1", [.text(run)],
      { Self.readEntry($0).0 }
    ).first
  }

  /// The runs that entries are of whose names are in a folder of names.
  public func runs(below folder: String) throws(Problem) -> [String] {
    // "0" is the character after "/".
    try connection.rows(
      "SELECT DISTINCT run FROM entry WHERE run > ?1 AND run < ?2 ORDER BY run",
      [.text("\(folder)/"), .text("\(folder)0")]
    ) { $0.text(0) }
  }

  /// The entries in some states in the order of first sight.
  public func entries(in states: Set<EntryState>) throws(Problem) -> [Entry] {
    var entries: [Entry] = []
    for state in EntryState.allCases where states.contains(state) {
      entries += try connection.rows(
        "SELECT \(Self.entryColumns) FROM entry WHERE state = ?1 ORDER BY id",
        [.text(state.rawValue)], { Self.readEntry($0).0 })
    }
    return entries.sorted { $0.id < $1.id }
  }

  /// The entries that are still to come to an end.
  public func pendingEntries() throws(Problem) -> [Entry] {
    try entries(in: [.seen, .settled, .started])
  }

  @discardableResult
  func change(_ id: Entry.ID, _ body: (inout Entry) -> Void) throws(Problem) -> Entry {
    let found = try connection.rows(
      "SELECT \(Self.entryColumns) FROM entry WHERE id = ?1", [.integer(id)],
      { Self.readEntry($0).0 })
    guard var entry = found.first else {
      throw Problem(
        "no-such-entry", at: connection.path, "the ledger has no entry \(id)",
        remedy: "report this as a defect", kind: .software)
    }
    let before = entry
    body(&entry)
    if entry != before { try save(entry) }
    return entry
  }

  func save(_ entry: Entry) throws(Problem) {
    try connection.run(
      """
      UPDATE entry SET path = ?2, run = ?3, fingerprint = ?4, state = ?5, attempts = ?6, code = ?7,
      reason = ?8, digest = ?9, checksum = ?10 WHERE id = ?1
      """, Self.values(entry) + [.integer(Checksum.of(Self.values(entry)))])
  }

  static var entryColumns: String {
    "id, path, run, fingerprint, state, attempts, code, reason, digest, checksum"
  }

  private static func values(_ entry: Entry) -> [SQLValue] {
    [
      .integer(entry.id), .text(entry.path), .text(entry.run), .text(entry.fingerprint.text),
      .text(entry.state.rawValue), .integer(Int64(entry.attempts)), .text(entry.code),
      .text(entry.reason), .text(entry.digest),
    ]
  }

  // The entry, and whether it matches its checksum. A word that is no state is damage.
  static func readEntry(_ row: Row) -> (Entry, isSound: Bool) {
    let state = EntryState(rawValue: row.text(4))
    let entry = Entry(
      id: row.integer(0), path: row.text(1), run: row.text(2),
      fingerprint: Fingerprint(row.text(3)), state: state ?? .seen,
      attempts: Int(row.integer(5)), code: row.optionalText(6), reason: row.optionalText(7),
      digest: row.optionalText(8))
    return (entry, state != nil && Checksum.of(values(entry)) == row.integer(9))
  }
}
