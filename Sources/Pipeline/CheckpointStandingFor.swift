public import Diagnostics
import Reports

/// The checkpoint that a path stands for: itself, or that of a run's last report where it is a folder
/// of reports.
///
/// - Throws: what is wrong with run.yaml; `no-checkpoints`, `checkpoint-gone`.
public func checkpointStandingFor(_ path: String) throws(Problem) -> String {
  let document = path.hasSuffix("/run.yaml") ? path : path + "/run.yaml"
  guard fileExists(document) else { return path }
  let run = try RunReport(yaml: try readSmallFile(document, limit: 64 << 20), path: document)
  guard let last = run.trajectory.last else {
    throw Problem(
      "no-checkpoints", at: document, "the run has no measured checkpoint yet",
      remedy: "wait for its first, or name a checkpoint")
  }
  guard fileExists(last.path) else {
    throw Problem(
      "checkpoint-gone", at: document, "its last checkpoint, \(last.path), is not there any more",
      remedy: "name another checkpoint of the run: a report does not hold the weights",
      kind: .noInput)
  }
  return last.path
}
