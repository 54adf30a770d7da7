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
  /// - Parameter passOver: told of each folder below those named that cannot be looked into.
  /// - Throws: `no-such-folder`, `no-labels`, or why a folder cannot be listed.
  static func paths(
    in folders: [String], passOver: (Problem) -> Void
  ) throws(Problem) -> [String] {
    try RunFolders.all(in: folders, markedBy: [LabelFile.name], passOver: passOver) { folder in
      Problem(
        "no-labels", at: folder, "neither it nor a folder in it holds a \(LabelFile.name)",
        remedy: "name folders of labelled runs", kind: .noInput)
    }
  }

  /// What the file says of the end.
  private func end() throws(Problem) -> LabelledSeries.Label {
    if label.expected?.answer == "never-closes" { return .never }
    guard let step = label.endStep else {
      guard label.endEpoch == nil else { throw bad("an end_epoch without an end_step") }
      return .unknown
    }
    guard step > 0 else { throw bad("an end_step of \(step)") }
    guard let bounds = label.endStepInterval else { return .end(step: step, interval: nil) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else {
      throw bad("an end_step_interval of \(bounds)")
    }
    return .end(step: step, interval: bounds[0]...bounds[1])
  }

  private func bad(_ what: String) -> Problem {
    Problem(
      "bad-label", at: Path.join(path, LabelFile.name), "it says \(what)",
      remedy: "give the end in steps, 1 or more, and its interval as two numbers in order")
  }

  /// The series.
  ///
  /// - Parameters:
  ///   - reports: where checkpoints are measured into, if they are to be and are there.
  ///   - passOver: told of each checkpoint that is left out.
  func series(
    measuringInto reports: String?, passOver: (Problem) -> Void = { _ in }
  ) throws(Problem) -> LabelledSeries {
    let end = try end()
    let name = Path.name(RealPath.resolve(path))
    let checkpoints = Path.join(path, "checkpoints")
    if let reports, RealPath.isDirectory(checkpoints) {
      let (points, evidence) = try measured(
        checkpoints, into: Path.join(reports, name), passOver: passOver)
      return LabelledSeries(
        name: name, points: points, evidence: evidence, label: end, network: label.network)
    }
    let file = Path.join(path, "series.json")
    guard let bytes = try DurableFile.read(file, limit: 64 << 20, on: PosixFileSystem()) else {
      throw Problem(
        "no-series", at: path, "there is no series.json",
        remedy: "measure its checkpoints with --measure", kind: .noInput)
    }
    let points = try SeriesFile(json: bytes, path: file).points
    guard !points.isEmpty else {
      throw Problem(
        "no-series", at: file, "it has no rows", remedy: "write a row for every checkpoint")
    }
    return LabelledSeries(name: name, points: points, label: end, network: label.network)
  }

  private func measured(
    _ checkpoints: String, into reports: String, passOver: (Problem) -> Void
  ) throws(Problem) -> (points: [SeriesPoint], evidence: EvidenceKind) {
    let hasProbe = try RunFolders.holds(path, oneOf: ["probe.onnx", "probe.npz"])
    let runs = try Backfill(
      folder: checkpoints, reports: reports, probe: hasProbe ? Backfill.Probe(folder: path) : nil
    ).run { _ in }
    let ledger = try Ledger.open(directory: Path.join(reports, ".backfill"))
    var rows: [SeriesRow] = []
    for run in runs {
      for entry in try ledger.entries(run: run.name) where entry.state == .rejected {
        passOver(
          Problem(
            "checkpoint-left-out", at: entry.path, "it was rejected (\(entry.code ?? "unknown"))",
            remedy: "mend or remove it; its run is compared without it"))
      }
      for measurement in try ledger.arrivals(run: run.name) {
        rows.append(try SeriesRow(yaml: measurement.document, path: measurement.reportPath))
      }
    }
    var cache = ComparisonCache()
    let timeline = Timeline(rows, cache: &cache, keepsExamples: true)
    let points = timeline.pointsWithRotation
    guard !points.isEmpty else {
      throw Problem(
        "no-series", at: checkpoints, "none of its checkpoints could be read and tells its step",
        remedy: "write the step into them, or name them by it (step_100.pt)")
    }
    return (points, timeline.evidence)
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
