import Foundation
import TestSupport
import Testing

@testable import Watching

@Suite struct KerasSplitRuleTests {
  let folder: TestFolder
  let patience = Completeness.Patience(trainerState: .seconds(2), hole: .seconds(9))

  init() throws { folder = try TestFolder() }

  private func check(_ name: String) throws -> Completeness {
    let found = try Scanner(root: folder.path).scan().candidates
    let candidate = try #require(found.first { $0.path == folder.path + "/" + name })
    #expect(try #require(Scanner(root: folder.path).look(at: candidate)) == candidate)
    return Completeness.check(candidate, patience: patience)
  }

  /// The superblock of an HDF5 file of 48 bytes.
  private static let part: [UInt8] =
    [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 2, 8, 8, 0] + FileBytes.little(0, 8)
    + FileBytes.little(.max, 8) + FileBytes.little(48, 8) + [UInt8](repeating: 0, count: 12)

  @Test func theMapIsTheCheckpoint() throws {
    try folder.file("m_00000.weights.h5", Self.part)
    #expect(
      try check("m_00000.weights.h5")
        == .doubtful(
          "it may be a part of weights whose m.weights.json is not there yet",
          patience: .seconds(2)))
    try folder.text("m.weights.json", "{")
    try folder.file("m_00002.weights.h5", Self.part)
    let found = try Scanner(root: folder.path).scan().candidates
    #expect(found.map(\.name) == ["m.weights.json"])
    #expect(found.first?.fingerprint.members.count == 3)
    #expect(
      try check("m.weights.json") == .incomplete("m.weights.json: it does not end with a brace"))
    try folder.text("m.weights.json", "{}\n")
    #expect(try check("m.weights.json") == .incomplete("part 1 is not there"))
    try folder.file("m_00001.weights.h5", Self.part)
    #expect(try check("m.weights.json") == .complete)
  }

  /// A sign is no digit: the parts would count from -1 to 0.
  @Test func partsHaveNoSign() throws {
    try folder.text("m.weights.json", "{}\n")
    for name in ["m_-0001.weights.h5", "m_+0009.weights.h5"] {
      try folder.file(name, Self.part)
      #expect(try check("m.weights.json") == .complete)
    }
  }

  @Test func numberedWeightsOfTheirOwnAreCheckpoints() throws {
    try folder.file("epoch_00.weights.h5", Self.part)
    #expect(try check("epoch_00.weights.h5") == .complete)
  }
}
