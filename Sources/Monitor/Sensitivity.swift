// A deficit experiment from its folders to its result: find the runs, compare, label, set beside the
// information of the clean run.

internal import CriticalPeriods
public import Diagnostics
public import Reports

/// The result of the experiment whose runs stand in these folders.
///
/// - Parameters:
///   - folders: runs, or folders of runs; or one folder with a label.json, whose curve is read again.
///   - reports: where `backfill` or the daemon reports the runs; by default each run's series.json.
/// - Throws: `no-runs`, `mixed-runs`, `no-clean-run`, or what is wrong with a file.
public func sensitivity(
  of folders: [String], reports: String? = nil
) throws(Problem) -> SensitivityReport {
  let found = try DeficitFolder.all(in: folders)
  let runs = found.compactMap { if case .run(let path, let run) = $0 { (path, run) } else { nil } }
  let labels = found.compactMap {
    if case .label(let path, let label) = $0 { (path, label) } else { nil }
  }
  if let (path, label) = labels.first {
    guard found.count == 1 else {
      throw Problem(
        "mixed-runs", at: path, "a label is the result of an experiment of its own",
        remedy: "name one folder with a label.json, or the runs of one experiment", kind: .usage)
    }
    return try SensitivityReport(label: label, path: path, reports: reports)
  }
  return try SensitivityReport(runs: runs, reports: reports)
}
