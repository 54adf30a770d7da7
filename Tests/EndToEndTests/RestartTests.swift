// What RELIABILITY.md's first rows promise: whatever the order of arrival, and however often the
// daemon is killed, the reports and the decision are those of a quiet run.

import Foundation
import Reports
import TestSupport
import Testing

@Suite struct RestartTests {
  static let kills =
    ProcessInfo.processInfo.environment["PLASTICITYD_KILLS"].flatMap(Int.init) ?? 4
  static let seed =
    ProcessInfo.processInfo.environment["PLASTICITYD_SEED"].flatMap(UInt64.init) ?? 20_261

  private static func tree() throws -> DaemonTree {
    let tree = try DaemonTree()
    let probes = RecordedRun.all.map { "  \($0.name): \($0.probe)" }.joined(separator: "\n")
    try tree.text(
      "tell",
      "#!/bin/sh\n[ -n \"$(cat)\" ] && basename \"$PLASTICITYD_ALERT\" >> '\(tree.path)/told'\n")
    chmod(tree.path + "/tell", 0o700)
    try tree.configure(more: "alerts: {command: [tell]}\nprobes:\n\(probes)")
    for run in RecordedRun.all {
      try FileManager.default.createDirectory(
        atPath: "\(tree.path)/runs/\(run.name)", withIntermediateDirectories: true)
      try tree.text("runs/\(run.name)/plasticity.yaml", "probe: \(run.name)\n")
    }
    return tree
  }

  /// Waits until somebody was told of every alert that is there; says how often of each.
  private static func told(_ tree: DaemonTree) -> [String: Int] {
    var told: [String: Int] = [:]
    let alerts = tree.written().filter { $0.hasPrefix("alerts/") }.map { $0.dropFirst(7) }
    let isWhole = eventually {
      let text = (try? String(contentsOfFile: tree.path + "/told", encoding: .utf8)) ?? ""
      told = Dictionary(text.split(separator: "\n").map { (String($0), 1) }, uniquingKeysWith: +)
      return alerts.allSatisfy { told[String($0)] != nil }
    }
    #expect(isWhole, "told \(told) of \(alerts)")
    return told
  }

  private static func counts() throws -> [String: Int] {
    try Dictionary(
      uniqueKeysWithValues: RecordedRun.all.map { ($0.name, try $0.checkpoints().count) })
  }

  /// A run's document with the tree's own path taken out: nothing else may differ.
  private static func runDocument(_ run: String, _ tree: DaemonTree) throws -> String {
    String(decoding: try tree.bytes("\(run)/run.yaml"), as: UTF8.self)
      .replacing(tree.path, with: "TREE")
  }

  /// A checkpoint's report without what may differ: paths of the tree, when the file was written
  /// (its copy's time) and what it cost; and what is told against the checkpoints that had arrived
  /// before it, which is the order of arrival itself: the state as it stood, plasticity and
  /// movement since the previous one, the window of the moments.
  private static func comparable(_ name: String, _ tree: DaemonTree) throws -> String {
    var report = try tree.checkpoint(name)
    report.took = CostReport(seconds: 0, peakMemoryBytes: 0)
    report.checkpoint.written = .init(unixSeconds: 0)
    report.criticalPeriod = nil
    report.flow = nil
    report.optimizer = nil
    // Tempered to a peak that is known only once it has passed.
    report.information?.temperedTrace = nil
    report.information?.temperature = nil
    report.information?.referenceEntropyBits = nil
    for layer in report.layers.indices {
      report.layers[layer].update = nil
      report.layers[layer].temperedTrace = nil
      report.layers[layer].optimizer = nil
      if report.probe == nil { report.layers[layer].share = nil }
    }
    return String(decoding: try report.yaml(), as: UTF8.self).replacing(tree.path, with: "TREE")
  }

  @Test func killedAndShuffledEndsAsQuiet() throws {
    let counts = try Self.counts()
    let quiet = try Self.tree()
    try quiet.start()
    for run in RecordedRun.all {
      for checkpoint in try run.checkpoints() {
        try run.drop(checkpoint, into: quiet.path + "/runs", .renamed)
      }
    }
    try #require(quiet.waitForReports(counts))
    // Each once; where it was killed, at least once.
    #expect(Self.told(quiet).allSatisfy { $0.value == 1 })
    #expect(quiet.stop().code == 0)

    var random = Seeded(seed: Self.seed)
    let killed = try Self.tree()
    try killed.start()
    var drops: [(RecordedRun, String)] = []
    for run in RecordedRun.all { drops += try run.checkpoints().map { (run, $0) } }
    drops.shuffle(using: &random)
    // Moments are spread over the arrival and over the work; each comes at a random time after a
    // report that is chosen at random.
    let moments = (0..<Self.kills).map { _ in Int.random(in: 0..<drops.count, using: &random) }
      .sorted()
    var done = 0
    func killWhereDue() throws {
      while done < moments.count, killed.checkpointReports().count >= moments[done] {
        poll(nil, 0, Int32.random(in: 0...400, using: &random))
        killed.kill9()
        done += 1
        try killed.start()
      }
    }
    for (run, checkpoint) in drops {
      let manner: RecordedRun.Manner = Bool.random(using: &random) ? .inPlace : .renamed
      try run.drop(checkpoint, into: killed.path + "/runs", manner)
      try killWhereDue()
    }
    let allKilled = try eventually {
      try killWhereDue()
      return done == moments.count
    } progress: {
      killed.checkpointReports().count
    }
    #expect(allKilled, "\(done) of \(moments.count) kills, seed \(Self.seed)")
    try #require(killed.waitForReports(counts), "seed \(Self.seed)")
    _ = Self.told(killed)
    #expect(killed.stop().code == 0)

    let comment: Comment = "seed \(Self.seed), \(Self.kills) kills"
    #expect(killed.checkpointReports() == quiet.checkpointReports(), comment)
    #expect(quiet.checkpointReports().count == counts.values.reduce(0, +))
    // run.yaml, index.html, alerts: the same set, nothing torn or temporary beside it.
    #expect(killed.written() == quiet.written(), comment)
    #expect(killed.rejections().isEmpty)
    for run in RecordedRun.all {
      #expect(
        try Self.runDocument(run.name, killed) == Self.runDocument(run.name, quiet), comment)
    }
    for name in quiet.checkpointReports() {
      #expect(try Self.comparable(name, killed) == Self.comparable(name, quiet), comment)
    }
    // The recorded language model still learns at its end; the image classifier has peaked.
    #expect(try quiet.run(RecordedRun.chars.name).criticalPeriod.state == "acquiring")
    let state = try quiet.run(RecordedRun.mnist1d.name).criticalPeriod.state
    #expect(["peaked", "consolidating", "closed"].contains(state), "\(state)")
    let alerts = quiet.written().filter { $0.hasPrefix("alerts/") }
    #expect(!alerts.contains { $0.contains(RecordedRun.chars.name) })
    #expect(alerts.contains { $0.contains(RecordedRun.mnist1d.name) })
    if PyYAML.python != nil {
      for tree in [quiet, killed] {
        let (count, failures) = try PyYAML.failures(below: tree.reports)
        #expect(failures.isEmpty)
        #expect(count > counts.values.reduce(0, +))
      }
    }
  }

  @Test func withoutProbesTheEvidenceIsNamed() throws {
    let tree = try DaemonTree()
    try tree.start()
    for run in RecordedRun.all {
      for checkpoint in try run.checkpoints() {
        try run.drop(checkpoint, into: tree.path + "/runs", .renamed)
      }
    }
    try #require(tree.waitForReports(try Self.counts()))
    #expect(tree.stop().code == 0)
    for (run, evidence) in [
      (RecordedRun.mnist1d, "weights"), (.digits, "optimizer"), (.chars, "optimizer"),
    ] {
      let report = try tree.run(run.name)
      #expect(report.evidence == evidence, "\(run.name)")
      let known = [
        "waiting", "acquiring", "ambiguous", "peaked", "consolidating", "closed", "reopened",
      ]
      #expect(known.contains(report.criticalPeriod.state), "\(report.criticalPeriod.state)")
      #expect(!report.layers.isEmpty)
      let last = try #require(report.trajectory.last)
      #expect(last.shares?.count == report.layers.count, "\(run.name)")
      for row in report.trajectory {
        let checkpoint = try tree.checkpoint("\(run.name)/\(row.report)")
        #expect(checkpoint.probe == nil)
        #expect(checkpoint.evidence.contains("weights"))
        // A first checkpoint may hold no moments yet.
        if (row.step ?? 0) > 0 {
          #expect(checkpoint.evidence.contains("optimizer") == (evidence == "optimizer"))
        }
      }
    }
  }
}
