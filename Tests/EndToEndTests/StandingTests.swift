// What trainers do to a run that is known already: saves over saves, resumed runs, and the checkpoint
// before gone bad.

import Foundation
import Reports
import Testing

@Suite struct StandingTests {
  private static func bytes(_ names: [String], _ seed: UInt8 = 0) -> [UInt8] {
    var file = HostileFiles.safetensors(names)
    // The lowest byte of the last element: another content of the same kind.
    file[file.count - 4] = seed
    return file
  }

  private static func write(_ bytes: [UInt8], _ path: String) throws {
    try Data(bytes).write(to: URL(filePath: path + ".tmp"))
    guard rename(path + ".tmp", path) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  private static func wait(_ tree: DaemonTree, _ run: String, _ count: Int) -> Bool {
    let isThere = eventually { (try? tree.run(run))?.trajectory.count == count }
    if !isThere {
      Issue.record("\((try? tree.run(run)).debugDescription)\n\(tree.log.suffix(3_000))")
    }
    return isThere
  }

  /// A run that is taken up again at an earlier step writes steps anew: another segment, no alert.
  @Test func aResumedRunOpensASegment() throws {
    let tree = try DaemonTree()
    let run = "\(tree.path)/runs/resumed"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try tree.start()
    let steps = [100, 200, 300, 200, 300, 400]
    for (place, step) in steps.enumerated() {
      try Self.write(Self.bytes(["fc.weight"], UInt8(place)), "\(run)/step_\(step).safetensors")
      try #require(Self.wait(tree, "resumed", place + 1))
    }
    // The old content of a step again, by another name: known already.
    try Self.write(Self.bytes(["fc.weight"], 1), "\(run)/copy_of_step_200.safetensors")
    let isNamed = eventually {
      (try? tree.run("resumed"))?.trajectory.contains { !$0.aliases.isEmpty } ?? false
    }
    #expect(isNamed)
    #expect(tree.stop().code == 0)
    let report = try tree.run("resumed")
    #expect(report.trajectory.map(\.step) == [100, 200, 300, 200, 300, 400])
    #expect(report.trajectory.map(\.segment) == [0, 0, 0, 1, 1, 1])
    #expect(report.trajectory[1].aliases == ["\(run)/copy_of_step_200.safetensors"])
    #expect(report.rejected.isEmpty && report.missed == 0)
    #expect(!tree.written().contains { $0.hasPrefix("alerts/") })
    // And the same again after a restart.
    let before = try tree.bytes("resumed/run.yaml")
    try tree.start()
    #expect(tree.stop().code == 0)
    #expect(try tree.bytes("resumed/run.yaml") == before)
  }

  /// A save over an old one: new shards stand beside the old index until its writer comes to it.
  @Test func shardsOfTwoSavesAreNeverOneReport() throws {
    let tree = try DaemonTree()
    let run = "\(tree.path)/runs/sharded"
    let folder = "\(run)/checkpoint-5"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func shard(_ number: Int, _ seed: UInt8) throws {
      try Self.write(
        Self.bytes(["fc\(number).weight"], seed),
        "\(folder)/model-0000\(number)-of-00002.safetensors")
    }
    let map = (1...2).map { "\"fc\($0).weight\": \"model-0000\($0)-of-00002.safetensors\"" }
    func end(_ step: Int) throws {
      let index = "{\"weight_map\": {\(map.joined(separator: ", "))}}"
      try Self.write(Array(index.utf8), "\(folder)/model.safetensors.index.json")
      try Self.write(
        Array("{\"global_step\": \(step)}".utf8), "\(folder)/trainer_state.json")
    }
    for number in 1...2 { try shard(number, 0) }
    try end(5)
    try tree.start()
    try #require(Self.wait(tree, "sharded", 1))
    try shard(1, 1)
    let isWaiting = eventually { tree.status().contains("settling: 1") }
    #expect(isWaiting, "\(tree.status())")
    try shard(2, 1)
    try end(10)
    try #require(Self.wait(tree, "sharded", 2))
    #expect(tree.stop().code == 0)
    #expect(tree.checkpointReports("sharded").count == 2 && tree.rejections().isEmpty)
    #expect(try tree.run("sharded").trajectory.map(\.step) == [5, 10])
  }

  /// Rotated away or damaged since it was chosen: that is not the next checkpoint's fault.
  @Test(arguments: ["gone", "damaged", "a link"]) func aBadPredecessorCostsTheComparison(
    _ how: String
  ) throws {
    let folder =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
      + "/plasticityd-previous-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (path, previous) = ("\(folder)/step_2.safetensors", "\(folder)/step_1.safetensors")
    try Self.write(Self.bytes(["fc.weight"]), path)
    switch how {
    case "damaged": try Self.write(Array(Self.bytes(["fc.weight"]).dropLast()), previous)
    case "a link": #expect(symlink("/etc/shadow", previous) == 0)
    default: break
    }
    let asDaemon = try Program.plasticityd("probe", path, "--kept", "--previous", previous)
    #expect(asDaemon.code == 0, "\(asDaemon.error)")
    let report = try CheckpointReport(yaml: asDaemon.output, path: path)
    #expect(report.findings.map(\.code).contains("not-compared"))
    // A person who names it is told.
    let asPerson = try Program.plasticityd("probe", path, "--previous", previous)
    #expect(asPerson.code != 0 && asPerson.errorLines.count == 1)
    #expect(asPerson.error.contains("step_1.safetensors"))
  }
}
