// Every row against its checksum, at the start. What is damaged is forgotten: an entry is then seen
// as new, a measurement is made again from its checkpoint, an alert is raised again by the series.

import Diagnostics

extension Ledger {
  static func removeDamagedRows(_ connection: SQLiteConnection) throws(Problem) -> [Problem] {
    var findings: [Problem] = []
    let path = connection.path
    func finding(_ what: String) -> Problem {
      Problem(
        "ledger-row-damaged", at: path, "\(what) does not match its checksum and is forgotten",
        remedy: "nothing to do: it is made again while its checkpoint is there; look at the disk",
        kind: .data)
    }
    try connection.run("BEGIN IMMEDIATE")
    for (entry, isSound) in try connection.rows("SELECT \(entryColumns) FROM entry", [], readEntry)
    where !isSound {
      try connection.run("DELETE FROM entry WHERE id = ?1", [.integer(entry.id)])
      findings.append(finding("entry \(entry.id) (\(entry.path))"))
    }
    let measurements = try connection.rows(
      "SELECT \(measurementColumns), arrival FROM measurement",
      [],
      { row in
        let (measurement, isSound) = readMeasurement(row)
        return isSound ? nil : (measurement, row.integer(8))
      })
    for (measurement, arrival) in measurements.compactMap(\.self) {
      try connection.run("DELETE FROM measurement WHERE arrival = ?1", [.integer(arrival)])
      // Whatever is done and has no measurement any more is observed as new.
      try connection.run(
        """
        DELETE FROM entry WHERE state = 'done' AND NOT EXISTS (
          SELECT 1 FROM measurement WHERE measurement.run = entry.run
          AND measurement.digest = entry.digest)
        """)
      findings.append(finding("measurement \(arrival) of run \(measurement.run)"))
    }
    let alerts = try connection.rows(
      "SELECT id, run, document, is_written, checksum, sequence FROM alert",
      [],
      { row in
        let (alert, isSound) = readAlert(row)
        return isSound ? nil : (alert, row.integer(5))
      })
    for (alert, sequence) in alerts.compactMap(\.self) {
      try connection.run("DELETE FROM alert WHERE sequence = ?1", [.integer(sequence)])
      findings.append(finding("alert \(alert.id)"))
    }
    try connection.run("COMMIT")
    return findings
  }
}
