// Labelled runs on disk: label.json with series.json, or with checkpoints and a probe, which are then
// measured as the daemon measures them.

import CriticalPeriods
import Diagnostics
import Ledger
import Reports
import Watching

/// A folder with a label.json.
struct LabelledFolder {
  let path: String
  let label: LabelFile

  /// Reads the label of a folder that `paths(in:)` found.
  ///
  /// - Throws: what is wrong with the file.
  init(_ path: String) throws(Problem) {
    self.path = path
    label = try LabelFile(in: path)
  }

  /// The labelled folders among these, and right below those that are not labelled themselves.
  ///
  /// - Throws: `no-such-folder`, `no-labels`, or why a folder cannot be listed.
  static func paths(in folders: [String]) throws(Problem) -> [String] {
    try RunFolders.all(in: folders, markedBy: [LabelFile.name]) { folder in
      Problem(
        "no-labels", at: folder, "neither it nor a folder in it holds a \(LabelFile.name)",
        remedy: "name folders of labelled runs", kind: .noInput)
    }
  }

  /// What the file says of the end.
  var end: LabelledSeries.Label {
    if label.expected?.answer == "never-closes" { return .never }
    guard let step = label.endStep, step > 0 else { return .unknown }
    var interval: ClosedRange<Double>?
    if let bounds = label.endStepInterval, bounds.count == 2, bounds[0] <= bounds[1] {
      interval = bounds[0]...bounds[1]
    }
    return .end(step: step, interval: interval)
  }

  /// The series.
  ///
  /// - Parameter reports: where checkpoints are measured into, if they are to be and are there.
  func series(measuringInto reports: String?) throws(Problem) -> LabelledSeries {
    let name = Path.name(RealPath.resolve(path))
    let checkpoints = Path.join(path, "checkpoints")
    if let reports, RealPath.isDirectory(checkpoints) {
      return try measured(name, checkpoints, into: Path.join(reports, name))
    }
    let file = Path.join(path, "series.json")
    guard let bytes = try DurableFile.read(file, limit: 64 << 20, on: PosixFileSystem()) else {
      throw Problem(
        "no-series", at: path, "there is no series.json",
        remedy: "measure its checkpoints with --measure", kind: .noInput)
    }
    return LabelledSeries(
      name: name, points: try SeriesFile(json: bytes, path: file).points, label: end,
      network: label.network)
  }

  private func measured(
    _ name: String, _ checkpoints: String, into reports: String
  ) throws(Problem) -> LabelledSeries {
    let hasProbe = try RunFolders.holds(path, oneOf: ["probe.onnx"])
    _ = try Backfill(
      folder: checkpoints, reports: reports, options: hasProbe ? ["--probe", path] : []
    ).run { _ in }
    let ledger = try Ledger.open(directory: Path.join(reports, ".backfill"))
    var rows: [SeriesRow] = []
    for run in try ledger.runs() {
      for measurement in try ledger.arrivals(run: run) {
        rows.append(try SeriesRow(yaml: measurement.document, path: measurement.reportPath))
      }
    }
    var cache = ComparisonCache()
    let timeline = Timeline(rows, cache: &cache, keepsExamples: true)
    return LabelledSeries(
      name: name, points: timeline.pointsWithRotation, evidence: timeline.evidence, label: end,
      network: label.network)
  }
}

extension SeriesFile {
  /// The rows as the rule sees them; tensors of one module are a layer.
  var points: [SeriesPoint] {
    rows.sorted { $0.step < $1.step }.map { row in
      var layers: [String: Double] = [:]
      for (name, trace) in row.tensors ?? [:] {
        let module = name.split(separator: ".").dropLast().joined(separator: ".")
        layers[module.isEmpty ? name : module, default: 0] += trace
      }
      let squares = row.norms?.values.reduce(0) { $0 + $1 * $1 }
      return SeriesPoint(
        step: row.step, information: row.fisherTrace, informationStandardError: row.standardError,
        layers: layers.sorted { $0.key < $1.key }.map {
          LayerPoint(name: $0.key, information: $0.value)
        },
        loss: row.trainLoss, accuracy: row.trainAccuracy, confidence: row.confidence,
        epoch: row.epoch, learningRate: row.learningRate, weightNorm: squares?.squareRoot())
    }
  }
}
