// The series of each run. A content counts once in its run, wherever else it lies.

public import Diagnostics

extension Ledger {
  /// Adds a point to its run's series, unless the run has this content; then its path becomes an
  /// alias. For what comes from an entry, `done` does this and ends the entry at once.
  @discardableResult
  public func add(_ measurement: StoredMeasurement) throws(Problem) -> Recorded {
    if let known = try self.measurement(run: measurement.run, digest: measurement.digest) {
      if known.path == measurement.path { return .repeated }
      let isNew = try addAlias(
        run: measurement.run, digest: measurement.digest, path: measurement.path)
      return isNew ? .alias : .repeated
    }
    try forgetAliases(run: measurement.run, path: measurement.path, besides: measurement.digest)
    let values = Self.values(measurement)
    try connection.run(
      """
      INSERT INTO measurement(\(Self.measurementColumns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      """, values + [.integer(Checksum.of(values))])
    return .added
  }

  /// Notes that a content of the run lies at another path too, where no other does any more; false when that is
  /// known.
  ///
  /// - Throws: `ledger-failed` when the run has no measurement of that digest.
  @discardableResult
  public func addAlias(run: String, digest: String, path: String) throws(Problem) -> Bool {
    try transaction { () throws(Problem) in
      try forgetAliases(run: run, path: path, besides: digest)
      return try connection.run(
        "INSERT INTO alias VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        [.text(run), .text(digest), .text(path)]) > 0
    }
  }

  // A path whose content changed, as `last.ckpt`, is no name of the one before.
  private func forgetAliases(run: String, path: String, besides digest: String) throws(Problem) {
    try connection.run(
      "DELETE FROM alias WHERE run = ?1 AND path = ?2 AND digest <> ?3",
      [.text(run), .text(path), .text(digest)])
  }

  /// Takes a content out of the run's series, for another measurement of it; returns the paths that it was
  /// known under.
  public func supersede(run: String, digest: String) throws(Problem) -> [String] {
    try transaction { () throws(Problem) in
      guard let known = try measurement(run: run, digest: digest) else { return [] }
      let paths = try [known.path] + (aliases(run: run)[digest] ?? [])
      // Its aliases go with it.
      try connection.run(
        "DELETE FROM measurement WHERE run = ?1 AND digest = ?2", [.text(run), .text(digest)])
      return paths
    }
  }

  /// The other paths of the run's contents, sorted, by digest.
  public func aliases(run: String) throws(Problem) -> [String: [String]] {
    let known = try connection.rows(
      "SELECT digest, path FROM alias WHERE run = ?1 ORDER BY digest, path", [.text(run)]
    ) { (digest: $0.text(0), path: $0.text(1)) }
    return Dictionary(grouping: known, by: \.digest).mapValues { $0.map(\.path) }
  }

  /// The run's measurement of a content.
  public func measurement(run: String, digest: String) throws(Problem) -> StoredMeasurement? {
    try connection.rows(
      "SELECT \(Self.measurementColumns) FROM measurement WHERE run = ?1 AND digest = ?2",
      [.text(run), .text(digest)], { Self.readMeasurement($0).0 }
    ).first
  }

  /// The run's series by step, then by arrival; what has no step comes last.
  public func measurements(run: String) throws(Problem) -> [StoredMeasurement] {
    try measurements(run: run, order: "step IS NULL, step, arrival")
  }

  /// The run's series in order of arrival.
  public func arrivals(run: String) throws(Problem) -> [StoredMeasurement] {
    try measurements(run: run, order: "arrival")
  }

  /// The digests of the run's contents in order of arrival.
  public func digests(run: String) throws(Problem) -> [String] {
    try connection.rows(
      "SELECT digest FROM measurement WHERE run = ?1 ORDER BY arrival", [.text(run)]
    ) { $0.text(0) }
  }

  /// How many contents the run's series holds.
  public func measurementCount(run: String) throws(Problem) -> Int {
    try connection.rows("SELECT count(*) FROM measurement WHERE run = ?1", [.text(run)]) {
      Int($0.integer(0))
    }.first ?? 0
  }

  private func measurements(run: String, order: String) throws(Problem) -> [StoredMeasurement] {
    try connection.rows(
      "SELECT \(Self.measurementColumns) FROM measurement WHERE run = ?1 ORDER BY \(order)",
      [.text(run)], { Self.readMeasurement($0).0 })
  }

  /// The names of all runs of which anything is known, sorted.
  public func runs() throws(Problem) -> [String] {
    try connection.rows(
      "SELECT run FROM measurement UNION SELECT run FROM entry ORDER BY run"
    ) { $0.text(0) }
  }

  static var measurementColumns: String {
    "run, digest, step, epoch, path, report_path, document, checksum"
  }

  private static func values(_ measurement: StoredMeasurement) -> [SQLValue] {
    [
      .text(measurement.run), .text(measurement.digest), .integer(measurement.step),
      .real(measurement.epoch), .text(measurement.path), .text(measurement.reportPath),
      .blob(measurement.document),
    ]
  }

  // The measurement, and whether it matches its checksum.
  static func readMeasurement(_ row: Row) -> (StoredMeasurement, isSound: Bool) {
    let measurement = StoredMeasurement(
      run: row.text(0), digest: row.text(1), step: row.optionalInteger(2),
      epoch: row.optionalReal(3), path: row.text(4), reportPath: row.text(5),
      document: row.blob(6))
    return (measurement, Checksum.of(values(measurement)) == row.integer(7))
  }
}
