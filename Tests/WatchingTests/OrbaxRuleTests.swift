import Foundation
import TestSupport
import Testing

@testable import Watching

@Suite struct OrbaxRuleTests {
  let folder: TestFolder
  let patience = Completeness.Patience(trainerState: .seconds(2), hole: .seconds(9))
  private static let manifest: [UInt8] =
    [0x0C, 0xDB, 0x3A, 0x2A] + FileBytes.little(20, 8)
    + [UInt8](repeating: 1, count: 8)

  init() throws { folder = try TestFolder() }

  private func check(_ name: String = "300") throws -> Completeness {
    let found = try Scanner(root: folder.path).scan().candidates
    let candidate = try #require(found.first { $0.path == folder.path + "/" + name })
    #expect(try #require(Scanner(root: folder.path).look(at: candidate)) == candidate)
    return Completeness.check(candidate, patience: patience)
  }

  @Test func aStepIsOneCheckpoint() throws {
    try folder.text("300/_CHECKPOINT_METADATA", #"{"commit_timestamp_nsecs": 17}"#)
    try folder.file("300/default/ocdbt.process_0/d/0a1b")
    #expect(
      try check() == .incomplete("default/manifest.ocdbt is not there yet, which is written last"))
    try folder.file("300/default/manifest.ocdbt", Array(Self.manifest.dropLast()))
    #expect(
      try check()
        == .incomplete("default/manifest.ocdbt: it says that it has 20 bytes, and has 19"))
    try folder.file("300/default/manifest.ocdbt", [0x0C, 0xDB, 0x3A])
    guard case .incomplete = try check() else {
      Issue.record("a manifest without its mark was taken")
      return
    }
    try folder.file("300/default/manifest.ocdbt", Self.manifest)
    #expect(try check() == .complete)
    try folder.text("300/default/_METADATA", "{")
    #expect(try check() == .incomplete("default/_METADATA does not end with a brace"))
    try folder.text("300/default/_METADATA", "{}")
    #expect(try check() == .complete)
    let found = try Scanner(root: folder.path).scan().candidates
    #expect(found.map(\.name) == ["300"])
    #expect(found.first?.fingerprint.members.count == 4)
  }

  @Test func withoutACommitItIsDoubted() throws {
    try folder.text("300/_METADATA", "{}")
    let doubt = Completeness.doubtful(
      "neither commit_success.txt nor its metadata says that it is committed",
      patience: .seconds(2))
    #expect(try check() == doubt)
    try folder.text("300/_CHECKPOINT_METADATA", #"{"commit_timestamp_nsecs": null}"#)
    #expect(try check() == doubt)
    try folder.text("300/commit_success.txt", "yes")
    #expect(try check() == .complete)
  }

  @Test func temporaryFoldersAreNoCheckpoints() throws {
    try folder.text("300.orbax-checkpoint-tmp-17/_CHECKPOINT_METADATA", "{}")
    try folder.file("300.orbax-checkpoint-tmp-17/default/manifest.ocdbt", Self.manifest)
    try folder.file("7.orbax-checkpoint-tmp/default/manifest.ocdbt", Self.manifest)
    #expect(try Scanner(root: folder.path).scan().candidates.isEmpty)
  }
}
