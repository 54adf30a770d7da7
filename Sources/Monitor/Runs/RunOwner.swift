// Two folders cannot be one run: the ledger, or a run's report, knows whose checkpoints a name stands for.

import Diagnostics
import Ledger
import Reports
import Watching

extension Ledger {
  /// A folder that reported checkpoints of a run are in, other than this one and those in it, if it is still
  /// there. What was only seen claims nothing: it may be held back for its name.
  func owner(
    ofRun run: String, besides directory: String, isThere: (String) -> Bool
  ) throws(Problem) -> String? {
    var asked: Set<String> = []
    for entry in try entries(run: run)
    where entry.state == .done && Path.relative(entry.path, to: directory) == nil {
      let place = Path.parent(entry.path)
      if asked.insert(place).inserted, isThere(place) { return place }
    }
    return nil
  }
}

extension RunReport {
  /// A folder that checkpoints of the report are in, other than this one and those in it, if they are still
  /// there.
  func owner(besides directory: String) -> String? {
    let foreign = trajectory.first { row in
      Path.relative(row.path, to: directory) == nil && FileSystemNames.exists(row.path)
    }
    return foreign.map { Path.parent($0.path) }
  }
}
