import Diagnostics
import Foundation
import Monitor
import Reports
import Testing

/// The labelled runs of the project, and what is promised of them.
@Suite struct EvaluationTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../etc/evaluation").standardizedFileURL.path

  /// Parts of runs.txt: each was added when the rule had been fitted to those before.
  private enum Part: Int, Comparable {
    case usual, others, finer

    static let headings: [(String, Part)] = [
      ("# and these: other regularisation", .others), ("# and these, with finer windows", .finer),
    ]

    static func < (a: Part, b: Part) -> Bool { a.rawValue < b.rawValue }
  }

  /// The labelled runs that are wanted, by their names and the part of runs.txt they stand in.
  private static func runs(where isWanted: (_ name: String, _ part: Part) -> Bool) throws
    -> [String]
  {
    var part = Part.usual
    var parts: [String: Part] = [:]
    for line in try String(contentsOfFile: folder + "/runs.txt", encoding: .utf8).split(
      separator: "\n")
    {
      part = Part.headings.first { line.hasPrefix($0.0) }?.1 ?? part
      if let name = line.split(separator: " ").first, name != "#" { parts[String(name)] = part }
    }
    #expect(part == .finer)
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      .filter { isWanted($0, parts[$0] ?? .usual) }
      .map { "\(folder)/\($0)" }
      .filter { FileManager.default.fileExists(atPath: $0 + "/label.json") }
  }

  private static func isAdaptive(_ name: String) -> Bool {
    ["adam", "rms", "adagrad"].contains { name.contains($0) }
  }

  /// What is promised of our rule, level and spread of its score fitted without the network asked about.
  private func expect(
    _ report: EvaluationReport, falseEnds: Int, error: Double, delay: Double
  ) throws {
    let ours = try #require(report.methods.first { $0.method == "ours-left-out" })
    #expect(ours.decisions == report.labelled)
    #expect(ours.falseEnds <= falseEnds)
    #expect(try #require(ours.errorLog2) <= error)
    #expect(try #require(ours.delay) <= delay)
    #expect(try #require(ours.delayFromOwn) <= 0.1)
    // No baseline is nearly as close.
    for other in report.methods where !other.method.hasPrefix("ours") {
      guard let error = other.errorLog2, other.decisions == report.labelled else { continue }
      #expect(try #require(ours.errorLog2) < 0.65 * error, "\(other.method)")
    }
  }

  @Test func ourRuleHoldsOnTheUsualRuns() throws {
    let report = try evaluate(Self.runs { _, part in part == .usual })
    #expect(report.labelled >= 70)
    // conv1d-adam. Most of the delay is that of the adaptive optimizers.
    try expect(report, falseEnds: 1, error: 0.45, delay: 0.3)
  }

  @Test func ourRuleHoldsOnAllGradientDescent() throws {
    let report = try evaluate(Self.runs { name, _ in !Self.isAdaptive(name) })
    #expect(report.labelled >= 87)
    // mnist1d-relu8-cosine.
    try expect(report, falseEnds: 1, error: 0.4, delay: 0.25)
  }

  /// Labels of which several lie in the first epochs: delays mean little there.
  @Test func ourRuleHoldsOnAdaptiveOptimizers() throws {
    let report = try evaluate(
      Self.runs { name, part in Self.isAdaptive(name) && part < .finer })
    #expect(report.labelled >= 24)
    // conv1d-adam and mnist1d-rms-tanh4.
    try expect(report, falseEnds: 2, error: 0.85, delay: 0.85)
  }

  @Test func ourRuleHoldsOnAllAdaptiveOptimizers() throws {
    let report = try evaluate(Self.runs { name, _ in Self.isAdaptive(name) })
    #expect(report.labelled >= 32)
    try expect(report, falseEnds: 2, error: 0.9, delay: 0.9)
  }

  /// What trainers leave out of a run, or spoil, and what the error may be then.
  struct Lack: Sendable {
    /// Epochs before this one have no checkpoint, nor those that are no multiple of `every`.
    var firstEpoch = 0
    var every = 1
    /// The checkpoint called step 0 has been trained for an epoch: so it is where epochs are counted from 0.
    var startsTrained = false
    /// Fields whose names end so are missing.
    var field: String?
    /// Standard deviation of ln(loss): of the losses of single batches, say.
    var noise = 0.0
    let error: Double
  }

  /// The end is named nearly as well, or with due doubt.
  @Test(arguments: [
    Lack(field: "learning_rate", error: 0.7), Lack(firstEpoch: 1, error: 0.55),
    Lack(startsTrained: true, error: 0.55),
    Lack(firstEpoch: 5, every: 5, error: 0.55), Lack(firstEpoch: 1, field: "accuracy", error: 0.75),
    Lack(field: "accuracy", noise: 0.25, error: 0.85),
  ]) func ourRuleHoldsWhereSomethingIsMissing(lack: Lack) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    var generator = Normal(state: 1)
    for run in try Self.runs(where: { _, _ in true }) {
      let copy = folder.appending(path: URL(filePath: run).lastPathComponent)
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: run + "/label.json", toPath: copy.path + "/label.json")
      let all = try Data(contentsOf: URL(filePath: run + "/series.json"))
      let rows = try #require(try JSONSerialization.jsonObject(with: all) as? [[String: Any]])
      var kept = rows.compactMap { row -> [String: Any]? in
        guard let epoch = row["epoch"] as? Double else { return lack.firstEpoch > 0 ? nil : row }
        guard epoch >= Double(lack.firstEpoch), Int(epoch) % lack.every == 0 else { return nil }
        var row = row.filter { name, _ in lack.field.map { !name.hasSuffix($0) } ?? true }
        if lack.noise > 0, let loss = row["train_loss"] as? Double {
          row["train_loss"] = loss * exp(lack.noise * generator.next())
        }
        return row
      }
      if lack.startsTrained, kept.count > 1, kept[0]["step"] as? Int == 0 {
        kept[1]["step"] = 0
        kept[1]["epoch"] = 0.0
        kept.removeFirst()
      }
      try JSONSerialization.data(withJSONObject: kept)
        .write(to: copy.appending(path: "series.json"))
    }
    let report = try evaluate([folder.path])
    let ours = try #require(report.methods.first { $0.method == "ours" })
    #expect(10 * ours.decisions >= 9 * report.labelled, "\(ours)")
    #expect(try #require(ours.errorLog2) <= lack.error)
    #expect(try #require(ours.coverage) >= 0.7)
  }

  /// Normal numbers from a linear congruential generator, the same everywhere.
  private struct Normal {
    var state: UInt64

    mutating func next() -> Double {
      var sum = -6.0
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        sum += Double(state >> 32) / Double(1 << 32)
      }
      return sum
    }
  }

  @Test func statedProbabilitiesAreObserved() throws {
    for one in try evaluate([Self.folder]).reliability where one.checkpoints >= 20 {
      #expect(abs(one.stated - one.observed) <= 0.1, "\(one)")
    }
  }

  @Test func aRunThatCannotBeReadIsPassedOver() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["bad-label", "bad-series", "good", "no-series"] {
      let run = folder.appending(path: name)
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      for file in ["label.json", "series.json"] {
        try FileManager.default.copyItem(
          atPath: "\(Self.folder)/cnn-exp/\(file)", toPath: run.appending(path: file).path)
      }
    }
    try Data("{".utf8).write(to: folder.appending(path: "bad-label/label.json"))
    try Data("[{}]".utf8).write(to: folder.appending(path: "bad-series/series.json"))
    try FileManager.default.removeItem(at: folder.appending(path: "no-series/series.json"))
    var told: [Problem] = []
    let good = folder.appending(path: "good").path
    let report = try evaluate([folder.path, good]) { told.append($0) }
    #expect(told.map(\.code) == ["yaml-syntax", "wrong-document", "no-series"])
    #expect(report.unreadable == told.map { "\($0)" })
    #expect(report.runs.map(\.run) == ["good"])
    #expect(report.labelled == 1)
    do throws(Problem) {
      _ = try evaluate([folder.appending(path: "bad-series").path])
      Issue.record("nothing thrown")
    } catch {
      #expect(error.code == "wrong-document")
    }
  }

  @Test func aFolderWithoutLabelsIsNamed() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    do throws(Problem) {
      _ = try evaluate([folder.path])
      Issue.record("nothing thrown")
    } catch {
      #expect(error.code == "no-labels")
    }
  }
}
