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
    let disk = PosixFileSystem()
    let real = RealPath.resolve(run)
    let name = Path.name(real)
    for place in reports.map({
      [Path.join($0, name), Path.join($0, Path.join(Path.name(Path.parent(real)), name))]
    }) ?? [] {
      let path = Path.join(place, "run.yaml")
      if let bytes = try DurableFile.read(path, limit: 64 << 20, on: disk) {
        return ordered(try RunReport(yaml: bytes, path: path).trajectory.compactMap(row))
      }
    }
    let path = Path.join(run, "series.json")
    guard let bytes = try DurableFile.read(path, limit: 64 << 20, on: disk) else { return nil }
    return ordered(try SeriesFile(json: bytes, path: path).rows.map(row))
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
