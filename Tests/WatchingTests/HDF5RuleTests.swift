import Foundation
import TestSupport
import Testing

@testable import Watching

@Suite struct HDF5RuleTests {
  let folder: TestFolder
  let patience = Completeness.Patience(trainerState: .seconds(2), hole: .seconds(9))
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  init() throws { folder = try TestFolder() }

  private func check(_ bytes: [UInt8], as name: String = "model.h5") throws -> Completeness {
    try folder.file(name, bytes)
    let found = try Scanner(root: folder.path).scan().candidates
    let candidate = try #require(found.first { $0.path == folder.path + "/" + name })
    return Completeness.check(candidate, patience: patience)
  }

  /// A superblock and as many bytes behind it as make `total`.
  private static func file(
    version: UInt8, end: UInt64, total: Int, flags: UInt8 = 0, width: UInt8 = 8
  ) -> [UInt8] {
    var bytes = signature + [version]
    if version < 2 {
      bytes += [0, 0, 0, 0, width, 8, 0] + [UInt8](repeating: 0, count: 8)
      if version == 1 { bytes += [0, 0, 0, 0] }
      bytes += FileBytes.little(0, 8) + FileBytes.little(.max, 8) + FileBytes.little(end, 8)
    } else {
      bytes += [width, 8, flags] + FileBytes.little(0, 8) + FileBytes.little(.max, 8)
      bytes += FileBytes.little(end, 8)
    }
    return bytes + [UInt8](repeating: 0, count: max(0, total - bytes.count))
  }

  @Test(arguments: [0, 1, 2, 3] as [UInt8]) func theSuperblockSaysWhereTheFileEnds(
    version: UInt8
  ) throws {
    #expect(try check(Self.file(version: version, end: 300, total: 300)) == .complete)
    #expect(
      try check(Self.file(version: version, end: 301, total: 300))
        == .incomplete(
          "model.h5: its superblock says that it ends at byte 301, the file ends at 300"))
    // Addresses of other widths are for the worker.
    #expect(try check(Self.file(version: version, end: 301, total: 300, width: 4)) == .complete)
  }

  /// No power of two below the largest size of a file is the last.
  @Test func theLargestFileHasAnEnd() throws {
    try folder.file("model.h5", [])
    let file = open(folder.path + "/model.h5", O_RDONLY)
    defer { close(file) }
    #expect(
      HDF5Rule.missing(FileEnds(descriptor: file, bytes: .max))
        == "its HDF5 signature is not there yet")
  }

  @Test func openFilesAreNotWhole() throws {
    for flags in [1, 4, 5] as [UInt8] {
      #expect(
        try check(Self.file(version: 3, end: 300, total: 300, flags: flags))
          == .incomplete("model.h5: its writer has not closed it"))
    }
    // Version 2 has no such mark.
    #expect(try check(Self.file(version: 2, end: 300, total: 300, flags: 1)) == .complete)
  }

  @Test func aUserBlockMayStandBefore() throws {
    let block = [UInt8](repeating: 0, count: 1_024)
    #expect(try check(block + Self.file(version: 2, end: 1_324, total: 300)) == .complete)
    #expect(try check(block) == .incomplete("model.h5: its HDF5 signature is not there yet"))
  }

  @Test func beginningsAreIncomplete() throws {
    let whole = Self.file(version: 0, end: 300, total: 300)
    for count in [4, 8, 12, 47] {
      guard case .incomplete = try check(Array(whole[..<count])) else {
        Issue.record("\(count) bytes were taken for a whole file")
        continue
      }
    }
  }

  @Test(arguments: ["weights.hdf5", "epoch_3.weights.h5"]) func byName(name: String) throws {
    #expect(
      try check([1, 2, 3, 4, 5], as: name)
        == .incomplete("\(name): its HDF5 signature is not there yet"))
  }

  @Test func byTheFirstBytes() throws {
    #expect(
      try check(Self.file(version: 2, end: 301, total: 300), as: "model.ckpt")
        == .incomplete(
          "model.ckpt: its superblock says that it ends at byte 301, the file ends at 300"))
  }
}
