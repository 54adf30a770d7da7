// The trajectory of one run of an experiment: from series.json in its folder, or from the reports that
// the daemon or `backfill` wrote of it.

internal import Diagnostics
internal import Reports
internal import Watching

enum RecordedInformation {
  /// The rows of a run, in the order of the step; nil where nothing was recorded.
  ///
  /// - Parameter reports: the folder of reports; before series.json when given.
  /// - Throws: what is wrong with a file that is there.
  static func rows(run: String, reports: String?) throws(Problem) -> [InformationRow]? {
    if let reports, let report = try report(ofRunIn: RealPath.resolve(run), reports) {
      return ordered(report.trajectory.compactMap(row))
    }
    let disk = PosixFileSystem()
    let path = Path.join(run, "series.json")
    guard let bytes = try DurableFile.read(path, limit: 64 << 20, on: disk) else { return nil }
    return ordered(try SeriesFile(json: bytes, path: path).rows.map(row))
  }

  /// The report of a run, under its name or with folders above it in front; nil where there is none of it. Runs
  /// of one name are told apart by where their checkpoints are, as long as they are there.
  private static func report(
    ofRunIn folder: String, _ reports: String
  ) throws(Problem) -> RunReport? {
    var (name, above) = (Path.name(folder), Path.parent(folder))
    while true {
      let path = Path.join(Path.join(reports, name), "run.yaml")
      if let bytes = try DurableFile.read(path, limit: 64 << 20, on: PosixFileSystem()) {
        let report = try RunReport(yaml: bytes, path: path)
        if report.owner(besides: folder) == nil { return report }
      }
      guard above != "/" else { return nil }
      (name, above) = (Path.join(Path.name(above), name), Path.parent(above))
    }
  }

  private static func ordered(_ rows: [InformationRow]) -> [InformationRow] {
    rows.sorted { $0.step < $1.step }
  }

  private static func row(_ row: TrajectoryRow) -> InformationRow? {
    row.step.map { step in
      InformationRow(
        step: step, epoch: row.epoch, accuracy: row.accuracy, fisherTrace: row.fisherTrace,
        informationBits: row.informationBits, confidence: row.confidence)
    }
  }

  private static func row(_ row: SeriesFile.Row) -> InformationRow {
    InformationRow(
      step: row.step, epoch: row.epoch, accuracy: row.testAccuracy,
      fisherTrace: Quantity(row.fisherTrace, standardError: row.standardError),
      informationBits: nil, confidence: row.confidence)
  }
}
