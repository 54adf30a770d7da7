// One checkpoint by a worker, as the daemon does it.

internal import Diagnostics
internal import Ledger
internal import Pipeline
internal import Reports
internal import Watching

extension Backfill {
  /// Whether a checkpoint's report was made by other means than are asked for now, or is gone.
  func isOtherwise(
    _ entry: Entry, _ settings: RunSettings, _ ledger: Ledger
  ) throws(Problem) -> Bool {
    guard let digest = entry.digest,
      let known = try ledger.measurement(run: entry.run, digest: digest)
    else { return false }
    if !FileSystemNames.exists(known.reportPath) { return true }
    let statesDecay = settings.training.beta2 != nil
    guard probe?.digest != nil || statesDecay else { return false }
    let row = try SeriesRow(yaml: known.document, path: known.reportPath)
    if statesDecay, row.lacksDecay { return true }
    guard let wanted = probe?.digest else { return false }
    // A probe that did not fit may fit now.
    guard let used = row.probe?.split(separator: " "), used.count > 1 else { return true }
    return used[0] != wanted || labels.map { used[1] != $0 } ?? false
  }

  /// Why the checkpoint was not reported, or nil. A worker that something else ended has a second try.
  ///
  /// - Parameter again: whether what is known of it gives way to what is measured now.
  func measure(
    _ entry: inout Entry, _ settings: RunSettings, _ recorder: ReportRecorder, _ ledger: Ledger,
    again: Bool
  ) throws(Problem) -> String? {
    try ledger.settled(entry.id)
    var arguments = ["probe", entry.path, "--kept", "--run=\(entry.run)", "--threads=\(threads)"]
    func add(_ option: String, _ value: (some CustomStringConvertible)?) {
      if let value { arguments.append("\(option)=\(value)") }
    }
    add("--probe", probe?.folder ?? settings.probe)
    let stated = settings.labels.flatMap { $0 == .auto ? nil : $0.rawValue }
    add("--labels", labels ?? stated)
    arguments += settings.training.options
    let standing = try recorder.standing(of: entry.run, at: entry.path)
      .keepingPrevious(where: FileSystemNames.exists)
    if let previous = standing.previous { arguments += ["--previous", previous] }
    if let bits = standing.referenceEntropyBits {
      arguments += ["--reference-entropy-bits", String(bits)]
    }
    let command = ProgramCommand(
      executable: worker, arguments: arguments, environment: ProgramCommand.environment())
    var isLast = false
    while true {
      try ledger.started(entry.id)
      switch WorkerVerdict(BoundedProcess().run(command, timeout: .seconds(3600))) {
      case .record(let document):
        do throws(Problem) {
          if try recorder.record(document, of: entry, again: again) != nil { return nil }
          // It is of a run of its own, against whose checkpoints it is to be measured.
          entry = try ledger.entry(path: entry.path) ?? entry
          return try measure(&entry, settings, recorder, ledger, again: false)
        } catch {
          guard error.kind == .data || error.kind == .software else { throw error }
          return try reject(entry.path, error.code, error.description, recorder, ledger)
        }
      case .hold(let line):
        // The probe is wrong: so it would be for every other checkpoint.
        throw Problem(
          "probe-refused", at: entry.path, line, remedy: "mend the probe and run it again",
          kind: .configuration)
      case .retry(let code, let reason):
        if isLast { return try reject(entry.path, code, reason, recorder, ledger) }
        isLast = true
      case .reject(let code, let reason):
        return try reject(entry.path, code, reason, recorder, ledger)
      case .postpone(let reason):
        let code = String(reason.prefix { $0 != ":" })
        return try reject(entry.path, code, reason, recorder, ledger)
      case .abandon: return "the worker was stopped"
      }
    }
  }

  private func reject(
    _ path: String, _ code: String, _ reason: String, _ recorder: ReportRecorder, _ ledger: Ledger
  ) throws(Problem) -> String {
    if let entry = try ledger.entry(path: path) {
      try recorder.reject(entry, code: code, reason: reason)
    }
    return reason.contains(path) ? reason : "\(path): \(reason)"
  }
}
