import Foundation
import TestSupport
import Testing

@testable import Watching

@Suite struct TensorFlowRuleTests {
  let folder: TestFolder
  let patience = Completeness.Patience(trainerState: .seconds(2), hole: .seconds(9))
  private static let index: [UInt8] =
    [UInt8](repeating: 1, count: 60) + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]

  init() throws { folder = try TestFolder() }

  private func check(_ name: String) throws -> Completeness {
    let found = try Scanner(root: folder.path).scan().candidates
    let candidate = try #require(found.first { $0.path == folder.path + "/" + name })
    #expect(try #require(Scanner(root: folder.path).look(at: candidate)) == candidate)
    return Completeness.check(candidate, patience: patience)
  }

  @Test func anIndexCommitsItsDataFiles() throws {
    try folder.file("ckpt-3.index", Self.index)
    // An index of something else.
    #expect(try Scanner(root: folder.path).scan().candidates.isEmpty)
    try folder.file("ckpt-3.data-00000-of-00002")
    #expect(try check("ckpt-3.index") == .incomplete("1 of 2 data files are there"))
    try folder.file("ckpt-3.data-00001-of-00002")
    try folder.touch("ckpt-3.data-00000-of-00002", seconds: 99)
    try folder.touch("ckpt-3.data-00001-of-00002", seconds: 100)
    try folder.touch("ckpt-3.index", seconds: 100)
    #expect(try check("ckpt-3.index") == .complete)
    #expect(CheckpointNames.step(inName: "ckpt-3.index") == 3)
    for count in [1, 47, 48, 67] {
      try folder.file("ckpt-3.index", Array(Self.index[..<count]))
      #expect(
        try check("ckpt-3.index")
          == .incomplete(
            "ckpt-3.index: the table's footer is not there yet, which is written last"))
    }
  }

  @Test func aSaveOverAnOlderOneIsDoubted() throws {
    try folder.file("a.index", Self.index)
    try folder.file("a.data-00000-of-00001")
    try folder.touch("a.index", seconds: 100)
    try folder.touch("a.data-00000-of-00001", seconds: 101)
    #expect(
      try check("a.index")
        == .doubtful(
          "overwrite in progress: a.data-00000-of-00001 is newer than a.index",
          patience: .seconds(9)))
    try folder.file("a.data-00000-of-00002")
    #expect(try check("a.index") == .incomplete("data files of two saves are there"))
  }

  @Test func aChangedDataFileIsAnotherCheckpoint() throws {
    try folder.file("a.index", Self.index)
    try folder.file("a.data-00000-of-00001")
    let scanner = Scanner(root: folder.path)
    let before = try #require(try scanner.scan().candidates.first)
    try folder.file("a.data-00000-of-00001", [1, 2])
    let after = try #require(scanner.look(at: before))
    #expect(after.fingerprint != before.fingerprint)
    #expect(after.fingerprint.bytes == 70)
  }

  @Test func savedModelsAreWholeWithTheirGraph() throws {
    try folder.file("export/variables/variables.index", Self.index)
    try folder.file("export/variables/variables.data-00000-of-00001")
    try folder.touch("export/variables/variables.data-00000-of-00001", seconds: 99)
    #expect(try Scanner(root: folder.path).scan().candidates.isEmpty)
    try folder.file("export/saved_model.pb")
    #expect(try check("export") == .complete)
    try folder.remove("export/variables/variables.index")
    #expect(try check("export") == .incomplete("variables/variables.index is not there yet"))
  }
}
