// Several networks whose checkpoints lie in one folder, told apart by their names: as many runs.

import Foundation
import Reports
import TestSupport
import Testing

@Suite struct SeriesBesideTests {
  private let tree: DaemonTree

  init() throws { tree = try DaemonTree() }

  private func write(_ name: String, _ values: [Float]) throws {
    let folder = tree.path + "/runs/gan"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(MatrixFile.safetensors(values)).write(
      to: URL(filePath: "\(folder)/\(name).safetensors"), options: .atomic)
  }

  private func names(_ report: RunReport) -> [[String]] {
    report.trajectory.map { row in
      ([row.path] + row.aliases).map {
        URL(filePath: $0).deletingPathExtension().lastPathComponent
      }.sorted()
    }
  }

  /// Two generators of one shape and a discriminator of another, as CycleGAN names them. What stands for the newest
  /// of each has no number.
  private func networks(_ epoch: Int) -> [(name: String, values: [Float])] {
    let (d, b): ([Float], [Float]) = ([1, Float(epoch), 3, 4], [1, 2, 3, 4, Float(epoch), 6])
    return [
      ("\(epoch)_net_D", d), ("\(epoch)_net_G_A", [1, 2, Float(epoch), 4, 5, 6]),
      ("\(epoch)_net_G_B", b), ("latest_net_D", d), ("latest_net_G_B", b),
    ]
  }

  private func runNames() -> [String] {
    tree.written().filter { $0.hasSuffix("/run.yaml") }.map { String($0.dropLast(9)) }
  }

  private func writeNetworks(_ epoch: Int) throws {
    for network in networks(epoch) { try write(network.name, network.values) }
  }

  /// Checks the runs of the three networks.
  private func check() throws {
    for (run, family) in [("gan", "net_D"), ("gan/net_G_A", "net_G_A"), ("gan/net_G_B", "net_G_B")]
    {
      let report = try tree.run(run)
      #expect(report.run == run)
      #expect(report.trajectory.map(\.step) == [5, 10, 15])
      #expect(report.trajectory.map(\.segment) == [0, 0, 0])
      let newest = family == "net_G_A" ? [] : ["latest_\(family)"]
      #expect(
        names(report) == [["5_\(family)"], ["10_\(family)"], ["15_\(family)"] + newest])
      // Each was measured against the one before it in its own series, the first against none.
      #expect(report.trajectory[0].relativeUpdate == nil)
      for row in report.trajectory.dropFirst() { #expect((row.relativeUpdate?.value ?? 0) > 0) }
      // So its own report says too.
      var previous: Int?
      for row in report.trajectory {
        for layer in try tree.checkpoint("\(run)/\(row.report)").layers {
          #expect(layer.update?.sinceStep == previous, "\(row.report)")
          let cosine = layer.update?.cosineToFirst.value
          #expect(previous == nil || abs((cosine ?? 0) - 0.8) < 0.2, "\(row.report)")
        }
        previous = row.step
      }
    }
  }

  @Test func theDaemonFollowsEach() throws {
    try tree.start()
    for (count, epoch) in [5, 10, 15].enumerated() {
      try writeNetworks(epoch)
      // One epoch tells of no series yet.
      let runs = count == 0 ? ["gan"] : ["gan", "gan/net_G_A", "gan/net_G_B"]
      try #require(
        tree.waitForReports(
          Dictionary(uniqueKeysWithValues: runs.map { ($0, count == 0 ? 3 : count + 1) })))
      if count == 1 {
        // Whose they are is known after a crash too.
        tree.kill9()
        try tree.start()
      }
    }
    let areNamed = eventually {
      ["gan", "gan/net_G_B"].allSatisfy { run in
        (try? tree.run(run))?.trajectory.last?.aliases.count == 1
      }
    }
    #expect(areNamed, "\(tree.log.suffix(3_000))")
    try check()
    let reports = tree.checkpointReports()
    #expect(reports.count == 9)
    for report in reports {
      let findings = try tree.checkpoint(report).findings.map(\.code)
      #expect(!findings.contains("not-compared"), "\(report)")
    }
  }

  /// Each file is reported before the next one is written, whichever comes first.
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func inWhateverOrderTheyCome(seed: UInt64) throws {
    var generator = Seeded(seed: seed)
    try tree.start()
    for epoch in [5, 10, 15] {
      for network in networks(epoch).shuffled(using: &generator) {
        try write(network.name, network.values)
        let isReported = eventually {
          runNames().contains { name in
            guard let run = try? tree.run(name) else { return false }
            return zip(run.trajectory, names(run)).contains { row, names in
              names.contains(network.name) && (row.step ?? epoch) == epoch
            }
          }
        }
        #expect(isReported, "seed \(seed), \(network.name) of \(epoch)")
      }
    }
    let areApart = eventually { self.runNames().count == 3 && tree.checkpointReports().count == 9 }
    #expect(areApart, "seed \(seed): \(tree.checkpointReports())")
    try check()
  }

  @Test func backfillFollowsEach() throws {
    for epoch in [5, 10, 15] { try writeNetworks(epoch) }
    for _ in 0..<2 {
      let done = try Program.plasticityd(
        "backfill", tree.path + "/runs/gan", "--reports", tree.reports)
      #expect(done.code == 0, "\(done.error)")
      for run in ["gan", "gan/net_G_A", "gan/net_G_B"] {
        let told = String(decoding: done.output, as: UTF8.self)
        #expect(told.contains("show \(tree.reports)/\(run)\n"))
      }
      try check()
    }
  }

  /// Averages come first by name, and leave the folder's run to the weights all the same.
  @Test(arguments: [true, false]) func averagesHaveTheirOwn(online: Bool) throws {
    if online { try tree.start() }
    for step in 1...3 {
      try write("ema_step_\(step)", [1, Float(step) / 2, 3, 4])
      try write("step_\(step)", [1, Float(step), 3, 4])
      if online, step > 1 {
        try #require(tree.waitForReports(["gan": step, "gan/ema_step": step]))
      }
    }
    if !online {
      let done = try Program.plasticityd(
        "backfill", tree.path + "/runs/gan", "--reports", tree.reports)
      #expect(done.code == 0, "\(done.error)")
    }
    for (run, family) in [("gan", "step"), ("gan/ema_step", "ema_step")] {
      let done = eventually {
        (try? tree.run(run)).map(names) == [["\(family)_1"], ["\(family)_2"], ["\(family)_3"]]
      }
      #expect(done, "\(run): \((try? tree.run(run)).map(names) ?? [])")
    }
  }

  /// Names that share one number only are of no series: each is a checkpoint of its folder's run.
  @Test func oneNumberIsNoSeries() throws {
    for (index, name) in ["plain_step_16", "half_step_16", "model_16"].enumerated() {
      try write(name, [1, 2, 3, Float(index)])
    }
    let done = try Program.plasticityd(
      "backfill", tree.path + "/runs/gan", "--reports", tree.reports)
    #expect(done.code == 0, "\(done.error)")
    #expect(try tree.run("gan").trajectory.map(\.step) == [16, 16, 16])
    #expect(tree.written().filter { $0.hasSuffix("run.yaml") } == ["gan/run.yaml"])
  }

  /// Copies under names of another kind are of the series that they are copies of; and so is what tells no number.
  @Test func copiesAreNoSeries() throws {
    for step in 1...3 { try write("model_\(step)", [1, Float(step), 3, 4]) }
    for step in 1...2 { try write("best_\(step)", [1, Float(step), 3, 4]) }
    try write("last", [1, 2, 3, 5])
    let done = try Program.plasticityd(
      "backfill", tree.path + "/runs/gan", "--reports", tree.reports)
    #expect(done.code == 0, "\(done.error)")
    #expect(
      names(try tree.run("gan")) == [
        ["best_1", "model_1"], ["best_2", "model_2"], ["model_3"], ["last"],
      ])
    #expect(tree.written().filter { $0.hasSuffix("run.yaml") } == ["gan/run.yaml"])
  }
}
