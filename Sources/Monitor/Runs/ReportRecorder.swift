// From a worker's document to everything that is written of it: the checkpoint's report, alerts, and when its
// turn comes the run's documents. The order makes a crash harmless: the report is on the disk under a name
// made of its content before the ledger says `done`; alerts are in the ledger before their files;
// run.yaml can be written again at any time.

import CriticalPeriods
import Diagnostics
import Ledger
import Reports
import Watching

/// Writes reports. Not thread-safe: whoever owns the ledger owns it.
final class ReportRecorder: Recorder {
  private let paths: ReportPaths
  private let ledger: Ledger
  private let fileSystem: any FileSystem
  private var timelines: RunTimelines
  // Runs whose documents do not say yet what the ledger does.
  private var unwritten: Set<String> = []
  // When a run's documents may be written again. They grow with the run: in a burst of checkpoints, to write
  // them for every one would be most of the work.
  private var notBefore: [String: Duration] = [:]

  /// How many times as long as it took to write a run's documents they are left as they are.
  private static let rest = 9

  /// - Parameters:
  ///   - reports: the report folder.
  ///   - ledger: where series and alerts are kept.
  ///   - fileSystem: how the folder is written to.
  init(reports: String, ledger: Ledger, fileSystem: any FileSystem) {
    paths = ReportPaths(root: reports)
    self.ledger = ledger
    timelines = RunTimelines(ledger)
    self.fileSystem = fileSystem
  }

  /// Records what a worker measured of an entry.
  ///
  /// - Throws: what makes the document unusable (of kind `.data` or `.software`: the worker is not
  ///   trusted), or what the disk says (then it can be tried again).
  @discardableResult
  func record(_ document: [UInt8], of entry: Entry) throws(Problem) -> Recorded? {
    try record(document, of: entry, again: false)
  }

  /// The same; what is known of that content gives way when it is measured `again`, by other means, and so does
  /// what was concluded.
  @discardableResult
  func record(_ document: [UInt8], of entry: Entry, again: Bool) throws(Problem) -> Recorded? {
    let run = entry.run
    var (report, row) = try read(document, of: entry)
    let reportPath = paths.folder(run: run) + "/" + row.report
    if try isSeparated(row, at: entry) { return nil }
    if let step = row.step, try known(row.digest, in: run)?.row.isOfAnotherStep(than: row) ?? false
    {
      row.digest = "\(row.digest)@\(step)"
    }
    let known = try known(row.digest, in: run)
    // What was read under a name that tells the step less well, or told less of training, gives way.
    let superseded = known.flatMap { known in
      again || row.tellsStep(betterThan: known.row) || row.tellsMore(than: known.row)
        ? known.measurement : nil
    }
    // Files first: while the ledger has the row, what a crash leaves undone is done again.
    if again {
      if let superseded { try remove(superseded.reportPath) }
      for alert in try ledger.alerts(run: run) { try remove(paths.alert(alert.id)) }
    }
    let measurement = StoredMeasurement(
      run: run, digest: row.digest, step: row.step, epoch: row.epoch, path: entry.path,
      reportPath: reportPath, document: try row.yaml())
    let (recorded, timeline) = try ledger.transaction { () throws(Problem) in
      let others = superseded == nil ? [] : try supersede(row.digest, of: run, again: again)
      var timeline = try timelines.take(run)
      if known == nil || superseded != nil {
        try timelines.append(row, to: &timeline, of: run)
        try timelines.timeline(for: row, in: timeline, of: run)
          .complete(&report, ofRow: row.digest)
        report.kept = nil
        try DurableFile.makeDirectory(paths.folder(run: run), on: fileSystem)
        try DurableFile.writeOnce(try report.yaml(), to: reportPath, on: fileSystem)
      }
      let recorded = try ledger.done(entry.id, measurement: measurement)
      for path in others where path != entry.path {
        try ledger.addAlias(run: run, digest: row.digest, path: path)
      }
      try enqueueAlerts(timeline.verdict, of: run)
      return (recorded, timeline)
    }
    if let superseded, superseded.reportPath != reportPath { try remove(superseded.reportPath) }
    // What a worker once failed on is read after all.
    try remove(rejection(of: entry))
    timelines.keep(timeline, of: run)
    unwritten.insert(run)
    try writePendingAlerts()
    return recorded
  }

  /// A worker's document as the run's report and its row of the series. The worker is not trusted.
  private func read(
    _ document: [UInt8], of entry: Entry
  ) throws(Problem) -> (CheckpointReport, SeriesRow) {
    var report = try CheckpointReport(yaml: document, path: entry.path)
    report.run = entry.run
    report.checkpoint.path = entry.path
    let digest = report.checkpoint.digest
    guard digest.count == 64, digest.utf8.allSatisfy({ $0.isHexadecimalDigit }),
      report.checkpoint.step ?? 0 >= 0
    else {
      throw Problem(
        "bad-worker-document", at: entry.path, "its digest or step is impossible",
        remedy: "please report this defect", kind: .software)
    }
    let name = ReportPaths.name(step: report.checkpoint.step, digest: digest)
    guard let row = SeriesRow(report, reportName: name) else {
      throw Problem(
        "bad-worker-document", at: entry.path, "it holds no evidence to keep",
        remedy: "run a plasticityd of one version", kind: .software)
    }
    return (report, row)
  }

  /// Whether a checkpoint turns out to be of another network than its folder's run: it then begins one of its own.
  /// A copy of what the run has is of it, whatever it is called: but what stands for the newest may be of several.
  private func isSeparated(_ row: SeriesRow, at entry: Entry) throws(Problem) -> Bool {
    let run = entry.run
    if let known = try known(row.digest, in: run), known.row.step != nil || row.step == nil {
      return false
    }
    let entries = try timelines.timeline(of: run).entries
    guard let other = entries.first(where: { row.isBeside($0.row) })?.row.path,
      try ledger.separate(entry.path, other, in: run, remove: remove)
    else { return false }
    timelines.forget(run)
    unwritten.insert(run)
    return true
  }

  /// Makes what is known of a content give way, and where it is measured `again`, what was concluded too. Says
  /// under which paths it was known.
  private func supersede(
    _ digest: String, of run: String, again: Bool
  ) throws(Problem) -> [String] {
    let paths = try ledger.supersede(run: run, digest: digest)
    if again { try ledger.forgetAlerts(run: run) }
    timelines.forget(run)
    return paths
  }

  private func enqueueAlerts(_ verdict: Verdict, of run: String) throws(Problem) {
    for transition in transitions(from: verdict.trajectory) {
      let alert = AlertReport(
        transition, layers: verdict.layers, run: run, runReport: paths.runReport(run))
      try ledger.enqueueAlert(id: alert.id, run: run, document: try alert.yaml())
    }
  }

  private func known(
    _ digest: String, in run: String
  ) throws(Problem) -> (measurement: StoredMeasurement, row: SeriesRow)? {
    guard let known = try ledger.measurement(run: run, digest: digest) else { return nil }
    return (known, try SeriesRow(yaml: known.document, path: known.reportPath))
  }

  func alias(_ path: String, of entry: Entry) throws(Problem) {
    guard let digest = entry.digest,
      try ledger.addAlias(run: entry.run, digest: digest, path: path)
    else { return }
    unwritten.insert(entry.run)
  }

  func reject(_ entry: Entry, code: String, reason: String) throws(Problem) {
    let document = RejectedReport(
      run: entry.run, path: entry.path, code: code, reason: reason, attempts: entry.attempts)
    let folder = paths.folder(run: entry.run)
    try DurableFile.makeDirectory(folder, on: fileSystem)
    try DurableFile.writeOnce(try document.yaml(), to: rejection(of: entry), on: fileSystem)
    try ledger.rejected(entry.id, code: code, reason: reason, fingerprint: entry.fingerprint)
    unwritten.insert(entry.run)
  }

  func changed(run: String) { unwritten.insert(run) }

  func flush() throws(Problem) {
    for run in unwritten.sorted() { try refresh(run: run) }
  }

  func flushDue() throws(Problem) {
    let now = BootClock.now()
    for run in unwritten.sorted() where now >= notBefore[run] ?? now { try refresh(run: run) }
  }

  var nextFlush: Duration? { unwritten.map { notBefore[$0] ?? .zero }.min() }

  func recover() throws(Problem) {
    try DurableFile.makeDirectory(paths.root, on: fileSystem)
    try DurableFile.removeLitter(in: paths.root, on: fileSystem)
    for run in try ledger.runs() {
      let folder = paths.folder(run: run)
      if try exists(folder) { try DurableFile.removeLitter(in: folder, on: fileSystem) }
      if try !isCurrent(run: run) { try refresh(run: run) }
    }
    if try exists(paths.alerts) {
      try DurableFile.removeLitter(in: paths.alerts, on: fileSystem)
    }
    try writePendingAlerts()
  }

  func standing(of run: String, at path: String?) throws(Problem) -> Standing {
    let all = try timelines.timeline(of: run).rows
    let rows = path.map(all.ofSeries) ?? all
    let step = path.map(Self.stepInName) ?? .max
    // Those of lower steps, as names tell them; all that are known when this one's does not.
    let earlier =
      if let step { rows.filter { Self.stepInName($0.path).map { $0 < step } ?? false } } else {
        rows
      }
    var standing = Standing(referenceEntropyBits: Self.referenceEntropyBits(earlier))
    if step != nil {
      standing.previous = earlier.max { ($0.step ?? 0) < ($1.step ?? 0) }?.path
    }
    return standing
  }

  private static func referenceEntropyBits(_ rows: [SeriesRow]) -> Double? {
    let measured = rows.filter { $0.fisherTrace?.value != nil }
    guard let probe = measured.last?.probe else { return nil }
    return measured.filter { $0.probe == probe && $0.entropyBits ?? 0 > 0 }
      .max { ($0.fisherTrace?.value ?? 0) < ($1.fisherTrace?.value ?? 0) }?.entropyBits
  }

  private static func stepInName(_ path: String) -> UInt64? {
    CheckpointNames.step(inName: Path.name(path))
  }

  /// Whether run.yaml says what the ledger knows: a crash may have come between the two.
  private func isCurrent(run: String) throws(Problem) -> Bool {
    let path = paths.runReport(run)
    guard let bytes = try DurableFile.read(path, limit: 64 << 20, on: fileSystem) else {
      return false
    }
    let report: RunReport
    do {
      report = try RunReport(yaml: bytes, path: path)
    } catch {
      // Another version's, or damaged: it is ours to replace.
      return false
    }
    let entries = try ledger.entries(run: run)
    let aliases = report.trajectory.reduce(0) { $0 + $1.aliases.count }
    let known = try ledger.measurementCount(run: run)
    return report.trajectory.count == known
      && report.rejected.count == entries.filter { $0.state == .rejected }.count
      && report.missed == entries.filter { $0.state == .missed }.count
      && aliases + known >= entries.filter { $0.state == .done }.count
  }

  /// Writes a run's documents again from the ledger.
  func refresh(run: String) throws(Problem) {
    try write(try timelines.timeline(of: run), run: run)
  }

  // MARK: Writing

  private func write(_ timeline: Timeline, run: String) throws(Problem) {
    let start = BootClock.now()
    let entries = try ledger.entries(run: run)
    let rejected = entries.filter { $0.state == .rejected }.map {
      RejectedCheckpoint(
        path: $0.path, code: $0.code ?? "rejected", reason: $0.reason ?? "not given")
    }
    let report = timeline.report(
      run: run, aliases: try ledger.aliases(run: run), rejected: rejected,
      missed: entries.filter { $0.state == .missed }.count)
    try DurableFile.makeDirectory(paths.folder(run: run), on: fileSystem)
    try DurableFile.write(try report.yaml(), to: paths.runReport(run), on: fileSystem)
    try DurableFile.write(RunPage(report).html, to: paths.page(run), on: fileSystem)
    unwritten.remove(run)
    let end = BootClock.now()
    notBefore[run] = end + (end - start) * Self.rest
  }

  private func writePendingAlerts() throws(Problem) {
    for alert in try ledger.pendingAlerts() {
      try DurableFile.makeDirectory(paths.alerts, on: fileSystem)
      try DurableFile.writeOnce(alert.document, to: paths.alert(alert.id), on: fileSystem)
      try ledger.markWritten(alert.id)
    }
  }

  private func rejection(of entry: Entry) -> String {
    paths.folder(run: entry.run) + "/"
      + ReportPaths.rejection(path: entry.path, fingerprint: entry.fingerprint.text)
  }

  private func remove(_ path: String) throws(Problem) {
    guard try exists(path) else { return }
    do {
      try fileSystem.unlink(path)
    } catch {
      throw error.problem(at: path)
    }
  }

  private func exists(_ path: String) throws(Problem) -> Bool {
    do {
      return try fileSystem.status(path, followingLink: true) != nil
    } catch {
      throw error.problem(at: path)
    }
  }
}

extension UInt8 {
  fileprivate var isHexadecimalDigit: Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
  }
}
