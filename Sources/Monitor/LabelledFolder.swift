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
    let file = Self.labelFile(in: path)
    label = try LabelFile(
      json: try DurableFile.read(file, limit: 1 << 20, on: PosixFileSystem()) ?? [], path: file)
  }

  /// The labelled folders among these, and right below those that are not labelled themselves; each once.
  ///
  /// - Throws: `no-labels` naming a folder without any, or why a folder cannot be listed.
  static func paths(in folders: [String]) throws(Problem) -> [String] {
    var found: [String] = []
    var seen: Set<String> = []
    for folder in folders {
      var inside: [String] = []
      if try isLabelled(folder) {
        inside = [folder]
      } else {
        let names: [String]
        do {
          names = try PosixFileSystem().names(in: folder)
        } catch { throw error.problem(at: folder) }
        for path in names.sorted().map({ Path.join(folder, $0) }) where try isLabelled(path) {
          inside.append(path)
        }
      }
      guard !inside.isEmpty else {
        throw Problem(
          "no-labels", at: folder, "neither it nor a folder in it holds a label.json",
          remedy: "name folders of labelled runs", kind: .noInput)
      }
      for one in inside where seen.insert(RealPath.resolve(one)).inserted { found.append(one) }
    }
    return found
  }

  private static func labelFile(in folder: String) -> String { Path.join(folder, "label.json") }

  private static func isLabelled(_ folder: String) throws(Problem) -> Bool {
    guard RealPath.isDirectory(folder) else { return false }
    return try PosixFileSystem().exists(labelFile(in: folder))
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
    let hasProbe = try PosixFileSystem().exists(Path.join(path, "probe.onnx"))
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
    let timeline = Timeline(rows, cache: &cache)
    return LabelledSeries(
      name: name, points: timeline.pointsWithRotation, evidence: timeline.evidence, label: end,
      network: label.network)
  }
}

extension PosixFileSystem {
  fileprivate func exists(_ path: String) throws(Problem) -> Bool {
    do {
      return try status(path, followingLink: true) != nil
    } catch {
      throw error.problem(at: path)
    }
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
