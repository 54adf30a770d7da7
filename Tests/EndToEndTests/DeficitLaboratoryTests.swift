// The deficit laboratory's Python, from a factory to the curve that plasticityd reads off its runs.
// Only where there is a Python with PyTorch: PLASTICITYD_PYTHON names one that is not on PATH.

import Foundation
import Reports
import Testing

@Suite(.enabled(if: Laboratory.python != nil, "no Python with torch, numpy and pyyaml"))
struct DeficitLaboratoryTests {
  @Test func anExperimentBecomesACurve() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(
      """
      from examples import described, perceptron, signal_sets

      def small(seed):
          return described(perceptron(seed, [40, 8, 10]), signal_sets(128, 64), "small", "signals")
      """.utf8
    ).write(to: folder.appending(path: "own.py"))
    let runs = folder.appending(path: "runs").path
    let arguments = [
      "own:small", "--out", runs, "--epochs", "4", "--batch-size", "32", "--windows", "0,2",
      "--length", "2", "--seeds", "1,2", "--checkpoints", "control", "--series", "control",
      "--probe-examples", "8", "--deficit", "noise",
    ]
    let first = try Laboratory.run(arguments, in: folder)
    try #require(first.code == 0, "\(first.error)")
    #expect(first.error.contains("seed 1: 3 runs trained, 0 were there already"))
    let names = try FileManager.default.contentsOfDirectory(atPath: runs)
    #expect(
      names.filter { $0 != "probe" }.sorted()
        == [
          "control-seed1", "control-seed2", "noise-000-002-seed1", "noise-000-002-seed2",
          "noise-002-004-seed1", "noise-002-004-seed2",
        ])

    // Repeated, it trains what is missing only.
    let again = try Laboratory.run(arguments, in: folder)
    #expect(again.error.contains("seed 2: 0 runs trained, 3 were there already"))

    // Other settings are no part of this experiment.
    for (option, value) in [("--epochs", "5"), ("--strength", "7")] {
      let other = try Laboratory.run(arguments + [option, value], in: folder)
      #expect(other.code != 0)
      #expect(other.error.contains("was made with other settings: "), "\(other.error)")
    }

    let done = try Program.plasticityd("sensitivity", runs)
    try #require(done.code == 0, "\(done.error)")
    let report = try SensitivityReport(yaml: done.output, path: "sensitivity.yaml")
    #expect(report.seeds == [1, 2])
    #expect(report.curves.map { $0.points.map(\.epoch) } == [[0, 2]])
    #expect(report.information.first?.trajectory.count == 5)
    // The checkpoints are plain files that the daemon reads.
    let read = try Program.plasticityd("inspect", "\(runs)/control-seed1/epoch_004.pt")
    #expect(read.code == 0, "\(read.error)")
  }

  @Test(arguments: [
    ("exp:0.5", "1.0,0.5,0.125"), ("constant", "1.0,1.0,1.0"), ("cosine", "1.0,0.8536,0.1464"),
    ("cosine:2", "1.0,0.5,0.5"), ("step:0.1@1,3", "1.0,0.1,0.01"), ("cooldown:2", "1.0,1.0,0.5"),
  ])
  func schedulesAreWhatTheirNamesSay(name: String, factors: String) throws {
    let script =
      "import sys; from schedules import schedule; factor = schedule(sys.argv[1], 4); "
      + "print(','.join(str(round(factor(epoch), 4) + 0.0) for epoch in (0, 1, 3)))"
    let done = try Program.run(
      try #require(Laboratory.python), ["-c", script, name],
      environment: Laboratory.environment())
    let printed = String(decoding: done.output, as: UTF8.self)
    #expect(
      zip(printed.split(separator: ","), factors.split(separator: ",")).allSatisfy { text, wanted in
        abs((Double(text.trimmed) ?? .nan) - (Double(wanted) ?? 0)) < 0.005
      }, "\(printed) \(done.error)")
  }

  @Test func mistakesEndInWords() throws {
    let folder = FileManager.default.temporaryDirectory
    for (arguments, words) in [
      (["examples:relu", "--out", "x", "--schedule", "linear"], "schedule 'linear': one of"),
      (["examples:nothing", "--out", "x"], "give module:function"),
      (["examples:relu", "--out", "x", "--epochs", "10", "--windows", "5"], "does not lie within"),
    ] {
      let done = try Laboratory.run(arguments, in: folder)
      #expect(done.code != 0)
      #expect(done.error.contains(words), "\(done.error)")
      #expect(!done.error.contains("Traceback"), "\(done.error)")
    }
  }
}

/// probes/deficit and a Python to run it with.
private enum Laboratory {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../probes/deficit").standardized

  static let python: String? = [
    ProcessInfo.processInfo.environment["PLASTICITYD_PYTHON"], "python3", "/usr/bin/python3",
  ].compactMap { $0.flatMap(Program.find) }.first {
    (try? Program.run($0, ["-c", "import torch, numpy, yaml"]))?.code == 0
  }

  static func environment(_ path: String? = nil) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    environment["PYTHONPATH"] = [path, folder.path].compactMap(\.self).joined(separator: ":")
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["OMP_NUM_THREADS"] = "1"
    return environment
  }

  /// Runs deficit.py with a factory's folder importable.
  static func run(_ arguments: [String], in place: URL) throws -> Finished {
    try Program.run(
      try #require(python), [folder.appending(path: "deficit.py").path] + arguments,
      environment: environment(place.path))
  }
}

extension Substring {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
