// `plasticityd backfill` as a person runs it: folders of checkpoints in, reports out.

import Foundation
import Reports
import TestSupport
import Testing

@Suite struct BackfillTests {
  /// Two checkpoints of the recorded run, and a copy of the second; returns where its probe is.
  private static func copyRecordedRun(into folder: TestFolder) throws -> URL {
    let recorded = Fixtures.root.appending(path: "mnist1d-cnn-sgd")
    for (source, name) in [("000", "epoch_000"), ("004", "epoch_004"), ("004", "best")] {
      let bytes = try Data(contentsOf: recorded.appending(path: "checkpoints/epoch_\(source).pt"))
      try folder.file("run/\(name).pt", Array(bytes))
    }
    return recorded
  }

  private static func report(_ path: String) throws -> RunReport {
    try RunReport(yaml: Array(try Data(contentsOf: URL(filePath: path))), path: path)
  }

  /// A network that diverges is reported like any other, and what cannot be computed says why.
  @Test(arguments: [Float.nan, .infinity, -.infinity, 3e38]) func weightsThatAreNotFinite(
    _ value: Float
  ) throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for step in 1...5 {
      let values: [Float] = [1, Float(step), step == 3 ? value : 3, 4]
      try folder.file("run/step_\(step).safetensors", MatrixFile.safetensors(values))
    }
    let done = try Program.plasticityd(
      "backfill", folder.path + "/run", "--reports", folder.path + "/reports")
    #expect(done.code == 0, "\(done.error)")
    let run = try Self.report(folder.path + "/reports/run/run.yaml")
    #expect(run.rejected.isEmpty)
    #expect(run.trajectory.map(\.step) == [1, 2, 3, 4, 5])
    for (row, step) in zip(run.trajectory.dropFirst(), 2...) {
      let isKnown = row.relativeUpdate?.value != nil
      #expect(isKnown == (value.isFinite || step == 2 || step == 5), "step \(step)")
    }
    let findings = run.findings.filter { $0.code == "weights-not-finite" }
    #expect(findings.count == (value.isFinite ? 0 : 1))
    guard !value.isFinite else { return }
    #expect(findings[0].text.hasPrefix("the checkpoint of step 3 holds NaN"))
    let third = folder.path + "/reports/run/" + run.trajectory[2].report
    #expect(
      try String(contentsOfFile: third, encoding: .utf8).contains("not finite at one of the two"))
  }

  /// What somebody removed is made again, and nothing else.
  @Test func reportsThatAreGoneAreMadeAgain() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for step in 1...3 {
      try folder.file(
        "run/step_\(step).safetensors", MatrixFile.safetensors([1, 2, 3, Float(step)]))
    }
    func backfill() throws -> [String: Data] {
      let done = try Program.plasticityd(
        "backfill", folder.path + "/run", "--reports", folder.path + "/reports")
      #expect(done.code == 0, "\(done.error)")
      let run = try Self.report(folder.path + "/reports/run/run.yaml")
      #expect(run.trajectory.map(\.step) == [1, 2, 3])
      let reports = run.trajectory.map(\.report)
      return try Dictionary(
        uniqueKeysWithValues: reports.map {
          ($0, try Data(contentsOf: URL(filePath: folder.path + "/reports/run/" + $0)))
        })
    }
    let first = try backfill()
    let removed = try #require(first.keys.sorted().dropFirst().first)
    try FileManager.default.removeItem(atPath: folder.path + "/reports/run/" + removed)
    let second = try backfill()
    #expect(Set(second.keys) == Set(first.keys))
    for (name, report) in first where name != removed { #expect(second[name] == report, "\(name)") }
  }

  /// As the daemon does.
  @Test func linksAreAliases() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for step in 1...2 {
      try folder.file(
        "run/step_\(step).safetensors", MatrixFile.safetensors([1, 2, 3, Float(step)]))
    }
    let link = folder.path + "/run/latest.safetensors"
    try FileManager.default.createSymbolicLink(
      atPath: link, withDestinationPath: "step_2.safetensors")
    let done = try Program.plasticityd(
      "backfill", folder.path + "/run", "--reports", folder.path + "/reports")
    #expect(done.code == 0, "\(done.error)")
    let run = try Self.report(folder.path + "/reports/run/run.yaml")
    #expect(run.trajectory.map(\.aliases) == [[], [link]])
  }

  /// A mask of zeros and infinities that a module keeps is no weight, and no sign that the training diverged.
  @Test func aMaskIsNoDivergedWeight() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for step in 1...3 {
      let mask: [Float] = [0, -.infinity, 0, 0]
      let values = [1, Float(step), 3, 4] + mask
      let header =
        "{\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
        + "\"causal\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[16,32]}}"
      try folder.file(
        "run/step_\(step).safetensors", MatrixFile.safetensors(header: header, values))
    }
    let done = try Program.plasticityd(
      "backfill", folder.path + "/run", "--reports", folder.path + "/reports")
    #expect(done.code == 0, "\(done.error)")
    let run = try Self.report(folder.path + "/reports/run/run.yaml")
    #expect(run.findings.isEmpty)
    #expect(run.layers.map(\.name) == ["fc"])
    #expect(run.trajectory.dropFirst().allSatisfy { $0.relativeUpdate?.value != nil })
  }

  /// Runs of one name from two folders are two runs, whenever they come.
  @Test func runsOfOneNameAreToldApart() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for (number, place) in ["blur", "flip"].enumerated() {
      for step in 1...2 {
        try folder.file(
          "\(place)/control/step_\(step).safetensors",
          MatrixFile.safetensors([1, 2, Float(step), Float(number)]))
      }
    }
    for _ in 0..<2 {
      for (place, name) in [("blur", "control"), ("flip", "flip/control")] {
        let done = try Program.plasticityd(
          "backfill", "\(folder.path)/\(place)/control", "--reports", folder.path + "/reports")
        #expect(done.code == 0, "\(done.error)")
        let run = try Self.report("\(folder.path)/reports/\(name)/run.yaml")
        #expect(run.run == name)
        #expect(run.trajectory.map(\.step) == [1, 2])
        #expect(run.trajectory.allSatisfy { $0.path.contains("/\(place)/control/") })
      }
    }
    // One that was moved keeps its name.
    try FileManager.default.moveItem(
      atPath: folder.path + "/blur", toPath: folder.path + "/archive")
    let done = try Program.plasticityd(
      "backfill", folder.path + "/archive/control", "--reports", folder.path + "/reports")
    #expect(done.code == 0, "\(done.error)")
    #expect(try Self.report(folder.path + "/reports/control/run.yaml").trajectory.count == 2)
  }

  /// A run may be called like an option.
  @Test(arguments: ["-lr0.1", "--help", "--run"]) func anyNameIsAName(_ name: String) throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try folder.file("runs/\(name)/step_1.safetensors", MatrixFile.safetensors([1, 2, 3, 4]))
    let done = try Program.plasticityd(
      "backfill", folder.path + "/runs/\(name)", "--reports", folder.path + "/reports")
    #expect(done.code == 0, "\(done.error)")
    let run = try Self.report(folder.path + "/reports/\(name)/run.yaml")
    #expect(run.run == name)
    #expect(run.trajectory.map(\.step) == [1])
  }

  /// What was measured without a probe is measured again with one, and not again with the same.
  @Test func aProbeThatComesLaterCounts() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    let recorded = try Self.copyRecordedRun(into: folder)
    let plain = ["backfill", folder.path + "/run", "--reports", folder.path + "/reports"]
    let probed = plain + ["--probe", recorded.appending(path: "probe").path]
    let report = folder.path + "/reports/run/run.yaml"
    func fisher(_ arguments: [String]) throws -> [Double?] {
      let done = try Program.run(Program.plasticityd, arguments)
      #expect(done.code == 0, "\(done.error)")
      return try Self.report(report).trajectory.map { $0.fisherTrace?.value }
    }
    #expect(try fisher(plain) == [nil, nil])
    let measured = try fisher(probed)
    #expect(measured.allSatisfy { $0 != nil })
    // Other names of a content stay.
    #expect(try Self.report(report).trajectory.map(\.aliases.count) == [0, 1])
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/reports/run")
    #expect(files.count { $0.hasPrefix("step-") } == 2)
    // Neither without a probe nor with the same is anything measured again.
    let first = folder.path + "/reports/run/" + (try Self.report(report).trajectory[0].report)
    let written = try Data(contentsOf: URL(filePath: first))
    #expect(try fisher(plain) == measured)
    #expect(try fisher(probed) == measured)
    #expect(try Data(contentsOf: URL(filePath: first)) == written)
  }

  /// Weights that have not moved since are a checkpoint of their own, a copy is not; in any order.
  @Test(arguments: [[1, 2, 3], [3, 1, 2], [2, 3, 1]]) func standingStillIsSeen(order: [Int]) throws
  {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    let arguments = ["backfill", folder.path + "/run", "--reports", folder.path + "/reports"]
    for step in order {
      try folder.file(
        "run/step_\(step).safetensors",
        MatrixFile.safetensors([1, 2, 3, step == 1 ? 5 : 4], step: step))
      let done = try Program.run(Program.plasticityd, arguments)
      #expect(done.code == 0, "\(done.error)")
    }
    try folder.file("run/last.safetensors", MatrixFile.safetensors([1, 2, 3, 4], step: 3))
    try folder.file("run/step_9.safetensors", MatrixFile.safetensors([1, 2, 3, 4]))
    _ = try Program.run(Program.plasticityd, arguments)
    let run = try Self.report(folder.path + "/reports/run/run.yaml")
    #expect(run.trajectory.map(\.step) == [1, 2, 3])
    #expect(run.trajectory.flatMap(\.aliases).count == 2)
    #expect(run.trajectory[2].aliases.first?.hasSuffix("/last.safetensors") == true)
    #expect(run.trajectory[2].relativeUpdate?.value == 0)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/reports/run")
    #expect(files.count { $0.hasPrefix("step-") } == 3)
  }

  @Test func aProbeThatDoesNotFitIsNamedForTheRun() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for step in 1...2 {
      try folder.file(
        "run/step_\(step).safetensors", MatrixFile.safetensors([1, 2, 3, Float(step)]))
    }
    let done = try Program.plasticityd(
      "backfill", folder.path + "/run", "--reports", folder.path + "/reports", "--probe",
      Fixtures.root.appending(path: "mnist1d-cnn-sgd/probe").path)
    #expect(done.code == 0, "\(done.error)")
    let run = try Self.report(folder.path + "/reports/run/run.yaml")
    let finding = try #require(run.findings.first { $0.code == "probe-not-used" })
    #expect(
      finding.text.hasPrefix(
        "2 of 2 checkpoints were measured without the probe: it does not fit: "))
  }

  /// A decay that no checkpoint tells can be said later: what lacked it is measured again, once.
  @Test func aDecayIsSaidLater() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    for step in [4, 9] {
      let source = Fixtures.root.appending(path: "moments/optax-\(step).msgpack")
      try folder.file("run/optax-\(step).msgpack", Array(try Data(contentsOf: source)))
    }
    let arguments = ["backfill", folder.path + "/run", "--reports", folder.path + "/reports"]
    func run() throws -> RunReport {
      let done = try Program.run(Program.plasticityd, arguments)
      #expect(done.code == 0, "\(done.error)")
      return try Self.report(folder.path + "/reports/run/run.yaml")
    }
    let without = try run()
    #expect(without.evidence == "weights")
    let finding = try #require(without.findings.first { $0.code == "moments-not-used" })
    #expect(finding.text.hasPrefix("of 2 of 2 checkpoints the optimizer tells nothing: "))
    try folder.text("run/plasticity.yaml", "beta2: 0.95\n")
    let with = try run()
    #expect(with.evidence == "optimizer")
    #expect(with.findings.isEmpty)
    #expect(with.trajectory.allSatisfy { $0.windowedSecondMoment != nil })
    let last = folder.path + "/reports/run/" + with.trajectory[1].report
    let number = try FileManager.default.attributesOfItem(atPath: last)[.systemFileNumber] as? Int
    _ = try run()
    #expect(
      try FileManager.default.attributesOfItem(atPath: last)[.systemFileNumber] as? Int == number)
    let report = try CheckpointReport(
      yaml: Array(try Data(contentsOf: URL(filePath: last))), path: last)
    #expect(report.optimizer?.flags.contains("stated_decay") == true)
    #expect(report.optimizer?.flags.contains("since_start") == false)
  }

  /// What is said beside the checkpoints holds as it does for the daemon.
  @Test func aRunsOwnSettingsHold() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    let recorded = try Self.copyRecordedRun(into: folder)
    let probe = recorded.appending(path: "probe").path
    try folder.text("run/plasticity.yaml", "name: my/own\nprobe: \(probe)\n")
    let arguments = ["backfill", folder.path + "/run", "--reports", folder.path + "/reports"]
    let done = try Program.run(Program.plasticityd, arguments)
    #expect(done.code == 0, "\(done.error)")
    let run = try Self.report(folder.path + "/reports/my/own/run.yaml")
    #expect(run.evidence == "probe")
    // A mistake holds its own run back, and no other.
    try folder.text("run/plasticity.yaml", "prob: x\n")
    try folder.file("second/step_1.safetensors", MatrixFile.safetensors([1, 2, 3, 4]))
    let wrong = try Program.plasticityd(
      "backfill", folder.path, "--reports", folder.path + "-reports")
    defer { try? FileManager.default.removeItem(atPath: folder.path + "-reports") }
    #expect(wrong.code == 78)
    #expect(wrong.errorLines.last?.contains("plasticity.yaml") == true)
    let name = URL(filePath: folder.path).lastPathComponent
    #expect(
      try Self.report("\(folder.path)-reports/\(name)/second/run.yaml").trajectory.map(\.step) == [
        1
      ])
  }

  /// Reports that another ledger knows are left alone.
  @Test func reportsOfTheDaemonAreLeftAlone() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try folder.file("run/step_1.safetensors", MatrixFile.safetensors([1, 2, 3, 4]))
    try folder.text("reports/run/run.yaml", "schema: plasticityd/run/v1\n")
    let done = try Program.plasticityd(
      "backfill", folder.path + "/run", "--reports", folder.path + "/reports")
    #expect(done.code == 64)
    #expect(done.error.hasPrefix("reports-of-another: \(folder.path)/reports/run: "))
  }

  /// The same content under a name that tells its step, and under one that does not, in either order.
  @Test(arguments: ["best-model.safetensors", "zz.safetensors"]) func aliasesTellTheStep(
    _ name: String
  ) throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    let reports = folder.path + "/reports"
    try folder.file("run/\(name)", MatrixFile.safetensors([1, 2, 3, 4]))
    let arguments = ["backfill", folder.path + "/run", "--reports", reports]
    _ = try Program.run(Program.plasticityd, arguments)
    #expect(try Self.report(reports + "/run/run.yaml").trajectory.map(\.step) == [nil])
    try folder.file("run/step_7.safetensors", MatrixFile.safetensors([1, 2, 3, 4]))
    try folder.file("run/step_8.safetensors", MatrixFile.safetensors([1, 2, 3, 5]))
    let done = try Program.run(Program.plasticityd, arguments)
    #expect(done.code == 0, "\(done.error)")
    let run = try Self.report(reports + "/run/run.yaml")
    #expect(run.trajectory.map(\.step) == [7, 8])
    #expect(run.trajectory[0].aliases == ["\(folder.path)/run/\(name)"])
    let files = try FileManager.default.contentsOfDirectory(atPath: reports + "/run")
    #expect(files.filter { $0.hasPrefix("step-") }.allSatisfy { !$0.contains("unknown") })
  }

  @Test func checkpointsWithoutAStepAreListedAsTheyAre() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try folder.file("run/best.safetensors", MatrixFile.safetensors([1, 2, 3, 4]))
    _ = try Program.plasticityd(
      "backfill", folder.path + "/run", "--reports", folder.path + "/reports")
    let shown = try Program.plasticityd("show", folder.path + "/reports/run")
    let text = String(decoding: shown.output, as: UTF8.self)
    #expect(text.contains("1 checkpoint tells no step"))
    #expect(text.hasPrefix("run run: 1 checkpoint, evidence "))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  /// What OpenBLAS cannot have it asks for without end: threads are as many as the limit allows.
  @Test(arguments: [384, 512, 1024], [1, 2, 16, 64])
  func noMemoryLimitMakesAWorkerHang(mebibytes: Int, threads: Int) throws {
    let recorded = Fixtures.root.appending(path: "mnist1d-cnn-sgd")
    let done = try Program.plasticityd(
      "probe", recorded.appending(path: "checkpoints/epoch_004.pt").path, "--probe",
      recorded.appending(path: "probe").path, "--threads", "\(threads)",
      "--memory-limit-mebibytes", "\(mebibytes)")
    #expect(done.code == 0, "\(done.error)")
    let report = try CheckpointReport(yaml: done.output, path: "r.yaml")
    #expect(report.information?.fisherTrace.value != nil)
  }

  @Test func nothingIsWrittenBesideCheckpoints() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try folder.file("run/step_1.safetensors", MatrixFile.safetensors([1, 2, 3, 4]))
    let run = folder.path + "/run"
    for reports in [run + "/reports", run] {
      let done = try Program.plasticityd("backfill", run, "--reports", reports)
      #expect(done.code == 64)
      #expect(done.error.contains("folder-inside-root: \(reports): "))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: run) == ["step_1.safetensors"])
  }

  @Test func aFileIsNoRun() throws {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    try folder.file("step_1.safetensors", MatrixFile.safetensors([1, 2, 3, 4]))
    for (name, what) in [("step_1.safetensors", "it is no folder"), ("none", "it is not there")] {
      let path = "\(folder.path)/\(name)"
      let done = try Program.plasticityd("backfill", path, "--reports", folder.path + "/reports")
      #expect(done.code == 66)
      #expect(done.error.hasPrefix("no-such-folder: \(path): \(what); name the folder"))
    }
  }

  @Test func whatLeavesNoRoomIsRefused() throws {
    for limit in ["0", "64", "383", "99999999999"] {
      let done = try Program.plasticityd("probe", "x.pt", "--memory-limit-mebibytes", limit)
      #expect(done.code == 64)
      #expect(done.error.contains("--memory-limit-mebibytes: 384 to"))
    }
    for command in [["backfill", "x", "--reports", ""], ["evaluate", "x", "--measure", ""]] {
      #expect(try Program.run(Program.plasticityd, command).code == 64)
    }
  }
}
