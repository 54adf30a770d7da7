// Parameters that training leaves as they are, as probe.yaml names them and frozen.weights holds them. Against
// PyTorch: NetworkTests' `adapted` and `adapters-alone`.

import Diagnostics
import Foundation
import Networks
import Pipeline
import Reports
import TestSupport
import Testing

@Suite struct FrozenTests {
  private static let run = "mnist1d-cnn-sgd"
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// The run's probe with some of its parameters frozen.
  private func makeProbe(_ frozen: [String]) throws -> String {
    let probe = folder.path + "/probe"
    try? FileManager.default.removeItem(atPath: probe)
    try FileManager.default.copyItem(atPath: Fixtures.probe(Self.run), toPath: probe)
    try folder.text(
      "probe/probe.yaml",
      "schema: plasticityd/probe/v1\nfrozen: [\(frozen.joined(separator: ", "))]\n")
    return probe
  }

  private func measure(_ frozen: [String], previous: String? = nil) throws -> CheckpointReport {
    var request = ProbeRequest()
    request.probe = try ProbeDefinition(directory: try makeProbe(frozen))
    // The same labels are drawn whatever is frozen.
    request.labels = .sampled
    request.previous = previous
    return try probe(Fixtures.checkpoint(Self.run, "epoch_004.pt"), request)
  }

  private func traces(_ report: CheckpointReport) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: report.layers.flatMap(\.tensors).compactMap { tensor in
        tensor.fisherTrace?.value.map { (tensor.name, $0) }
      })
  }

  @Test func measuresTheOthersAsBefore() throws {
    let all = traces(try measure([]))
    let report = try measure(["conv1", "conv3.1.weight"])
    let measured = traces(report)
    let frozen: Set = ["conv1.0.weight", "conv1.1.weight", "conv1.1.bias", "conv3.1.weight"]
    #expect(Set(measured.keys) == Set(all.keys).subtracting(frozen))
    for (name, trace) in measured {
      let before = try #require(all[name])
      #expect(abs(trace - before) <= 1e-6 * before, "\(name)")
    }
    let total = try #require(report.information?.fisherTrace.value)
    #expect(abs(total - measured.values.reduce(0, +)) <= 1e-6 * total)
    for layer in report.layers where ["conv1.0", "conv1.1"].contains(layer.name) {
      #expect(layer.share == nil)
      #expect(layer.fisherTrace?.reason?.hasPrefix("frozen") == true)
      // The weights are there all the same.
      #expect(layer.tensors.allSatisfy { ($0.frobeniusNorm.value ?? 0) > 0 })
    }
    #expect(report.findings.allSatisfy { !$0.code.hasPrefix("frozen") })
  }

  /// As where a wrapper has put its prefix before every name, or one of two tied names was meant.
  @Test func knowsTheCheckpointsNames() throws {
    let path = Fixtures.probe(Self.run) + "/graph.onnx"
    let graph = try Graph.parse(Array(Data(contentsOf: URL(filePath: path))), path: path)
    let names = Dictionary(
      uniqueKeysWithValues: graph.weights.map { ($0.name, "module.\($0.name)") })
    let (frozen, unknown) = graph.freezing(
      ["module.conv1", "conv2.1.bias", "conv"], checkpointNames: names)
    #expect(unknown == ["conv"])
    let named = graph.weights.filter {
      $0.name.hasPrefix("conv1.") || $0.name == "conv2.1.bias"
    }
    // Running statistics below a frozen module stay buffers.
    let wanted = named.filter(\.isTrained).map(\.name)
    #expect(named.count == wanted.count + 2)
    #expect(frozen.weights.filter { $0.role == .frozen }.map(\.name) == wanted)
    #expect(
      frozen.weights.count { $0.role == .buffer } == graph.weights.count { $0.role == .buffer })
  }

  @Test func doubtsWhatMoves() throws {
    let previous = Fixtures.checkpoint(Self.run, "epoch_001.pt")
    let report = try measure(["conv1", "nowhere"], previous: previous)
    let findings = report.findings.filter { $0.code.hasPrefix("frozen") }
    #expect(findings.map(\.code).sorted() == ["frozen-moved", "frozen-unknown"])
    #expect(findings.first { $0.code == "frozen-moved" }?.where == "conv1.0")
    #expect(findings.first { $0.code == "frozen-unknown" }?.text.contains("nowhere") == true)
  }

  @Test func somethingIsTrained() throws {
    let names = try measure([]).layers.map(\.name)
    let report = try measure(names)
    #expect(report.findings.map(\.code).contains("nothing-trained"))
    #expect(report.information == nil && report.evidence.contains("weights"))
  }

  private func keep(_ epoch: String) throws {
    let kept = folder.path + "/probe/frozen.weights"
    try? FileManager.default.removeItem(atPath: kept)
    try FileManager.default.copyItem(
      atPath: Fixtures.checkpoint(Self.run, epoch), toPath: kept)
  }

  /// What the probe keeps is for checkpoints that lack it, and part of the probe's identity.
  @Test func theCheckpointsOwnComeFirst() throws {
    let directory = try makeProbe([])
    var request = ProbeRequest()
    request.labels = .sampled
    func report() throws -> (traces: [String: Double], CheckpointReport) {
      request.probe = try ProbeDefinition(directory: directory)
      let report = try probe(Fixtures.checkpoint(Self.run, "epoch_004.pt"), request)
      return (traces(report), report)
    }
    let (plain, first) = try report()
    try keep("epoch_001.pt")
    let (beside, second) = try report()
    #expect(plain == beside)
    #expect(second.findings.allSatisfy { $0.code != "frozen-kept" })
    try keep("epoch_002.pt")
    let (_, third) = try report()
    #expect(Set([first, second, third].map { $0.probe?.digest }).count == 3)
  }

  @Test func whatItKeepsIsSaid() throws {
    let folder = Fixtures.root.appending(path: "networks/adapters-alone")
    var request = ProbeRequest()
    request.probe = try ProbeDefinition(directory: folder.appending(path: "probe").path)
    let report = try probe(folder.appending(path: "step_4.pt").path, request)
    let findings = report.findings.filter { $0.code.hasPrefix("frozen") }
    #expect(findings.map(\.code) == ["frozen-kept"])
    #expect(findings.first?.text.contains("again.bias and 9 more") == true, "\(findings)")
  }

  @Test func refusesDamagedOnes() throws {
    let directory = try makeProbe([])
    try folder.text("probe/frozen.weights", "no weights")
    let problem = #expect(throws: Problem.self) { try ProbeDefinition(directory: directory) }
    #expect(problem?.place.hasSuffix("probe/frozen.weights") == true)
    #expect(problem?.code == "unsupported-format")
  }

  @Test func theRunSaysSo() throws {
    let probe = try makeProbe(["conv1"])
    try folder.folder("checkpoints")
    for epoch in 0...3 {
      try FileManager.default.copyItem(
        atPath: Fixtures.checkpoint(Self.run, "epoch_00\(epoch).pt"),
        toPath: folder.path + "/checkpoints/epoch_00\(epoch).pt")
    }
    let done = try Program.plasticityd(
      "backfill", folder.path + "/checkpoints", "--probe", probe, "--labels", "sampled",
      "--reports", folder.path + "/reports")
    #expect(done.code == 0, "\(done.error)")
    let path = folder.path + "/reports/checkpoints/run.yaml"
    let run = try RunReport(yaml: Array(Data(contentsOf: URL(filePath: path))), path: path)
    let frozen = run.layers.filter { $0.share == nil }
    #expect(frozen.map(\.name).sorted() == ["conv1.0", "conv1.1"])
    #expect(frozen.allSatisfy { $0.endStep == nil && $0.reason?.hasPrefix("frozen") == true })
    let flow = try #require(run.flow)
    let told = Set(flow.moving + flow.fixed.map(\.layer))
    #expect(told == Set(run.layers.filter { $0.share != nil }.map(\.name)))
    let shown = try Program.plasticityd("show", folder.path + "/reports/checkpoints")
    let lines = String(decoding: shown.output, as: UTF8.self).split(separator: "\n")
    #expect(lines.filter { $0.contains("–  frozen: not trained") }.count == 2)
  }
}
