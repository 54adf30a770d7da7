// One folder of a deficit experiment: a run's holds deficit.yaml, a labelled one label.json.

internal import Diagnostics
internal import Reports
internal import Watching

/// What one folder holds.
enum DeficitFolder {
  /// A run that has ended or goes on.
  case run(DeficitRunReport)
  /// A curve that is already a mean over runs.
  case label(LabelFile)

  private static let description = "deficit.yaml"

  /// The folders of runs and curves among these, and right below those that are neither.
  ///
  /// - Parameter passOver: told of each folder below those named that cannot be looked into.
  /// - Throws: `no-such-folder`, `no-runs`, or why a folder cannot be listed.
  static func paths(
    in folders: [String], passOver: (Problem) -> Void
  ) throws(Problem) -> [String] {
    try RunFolders.all(
      in: folders, markedBy: [description, LabelFile.name], passOver: passOver
    ) { folder in
      Problem(
        "no-runs", at: folder, "neither it nor a folder in it holds a \(description)",
        remedy: "name the folder that probes/deficit/deficit.py wrote to with --out", kind: .noInput
      )
    }
  }

  /// Reads a folder that `paths(in:)` found.
  ///
  /// - Throws: what is wrong with the file.
  init(_ folder: String) throws(Problem) {
    let path = Path.join(folder, Self.description)
    if let bytes = try DurableFile.read(path, limit: 1 << 20, on: PosixFileSystem()) {
      let run = try DeficitRunReport(yaml: bytes, path: path)
      if let fault = run.fault {
        throw Problem("impossible-run", at: path, fault, remedy: DeficitRunReport.remedy)
      }
      self = .run(run)
    } else {
      self = .label(try LabelFile(in: folder))
    }
  }
}

extension DeficitRunReport {
  /// What cannot be so.
  fileprivate var fault: String? {
    if epochs < 1 { return "it has \(epochs) epochs" }
    if stepsPerEpoch < 1 { return "an epoch has \(stepsPerEpoch) steps" }
    guard let window else { return nil }
    return window.startEpoch >= 0 && window.endEpoch > window.startEpoch
      ? nil : "its window goes from epoch \(window.startEpoch) to \(window.endEpoch)"
  }
}
