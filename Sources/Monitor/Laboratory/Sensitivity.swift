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
/// - Throws: `no-runs`, `mixed-runs`, `no-clean-run`, or what is wrong with a file where nothing can be
///   told without it.
public func sensitivity(
  of folders: [String], reports: String? = nil
) throws(Problem) -> SensitivityReport {
  var runs: [SensitivityReport.Described] = []
  var labels: [(path: String, label: LabelFile)] = []
  var unreadable: [Problem] = []
  for path in try DeficitFolder.paths(in: folders, passOver: { unreadable.append($0) }) {
    do throws(Problem) {
      switch try DeficitFolder(path) {
      case .run(let run): runs.append((path, run))
      case .label(let label): labels.append((path, label))
      }
    } catch {
      unreadable.append(error)
    }
  }
  if let (path, label) = labels.first {
    guard labels.count + runs.count + unreadable.count == 1 else {
      throw Problem(
        "mixed-runs", at: path, "a label is the result of an experiment of its own",
        remedy: "name one folder with a label.json, or the runs of one experiment", kind: .usage)
    }
    return SensitivityReport(label: label, path: path, reports: reports)
  }
  if runs.isEmpty, let problem = unreadable.first { throw problem }
  return try SensitivityReport(runs: runs, unreadable: unreadable, reports: reports)
}
