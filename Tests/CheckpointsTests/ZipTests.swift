// Archives that two readers could understand differently are refused (reliability.md).
import Diagnostics
import Foundation
import Testing

@testable import Checkpoints

@Suite struct ZipTests {
  private static let weights = Pickled.dict([
    ("w", .tensor(count: 4, shape: [2, 2], strides: [2, 1]))
  ])
  private static let again =
    "write the checkpoint again; if it was not damaged, do not trust it"

  /// The message for an archive after `change`.
  private func refusal(_ change: (inout ZipBuilder) -> Void) throws -> String {
    let folder = try TemporaryFolder()
    var zip = ZipBuilder.torch(Self.weights)
    change(&zip)
    let path = try folder.write(zip.bytes, as: "x.pt")
    do {
      _ = try Checkpoint.open(path)
      return "accepted"
    } catch { return folder.short(error) }
  }

  @Test func anHonestArchiveIsRead() throws {
    #expect(try refusal { _ in } == "accepted")
    #expect(try refusal { $0.isWide = true } == "accepted")
    #expect(try refusal { $0.entries.append(.init("a/data/é", [])) } == "accepted")
  }

  @Test func namesMustBeUniqueCaseAside() throws {
    #expect(
      try refusal { $0.entries.append(.init("a/data.pkl", [])) }
        == "ambiguous-zip: x.pt: two records are named a/data.pkl, case aside; \(Self.again)")
    #expect(
      try refusal { $0.entries.append(.init("a/DATA.PKL", [])) }
        == "ambiguous-zip: x.pt: two records are named a/DATA.PKL, case aside; \(Self.again)")
  }

  @Test(arguments: ["a/../b", "..", "a\\b", "a/x\u{0}y", "/etc/passwd"])
  func namesMustStayInside(name: String) throws {
    let shown = escapedForTerminal(name)
    #expect(
      try refusal { $0.entries.append(.init(name, [])) }
        == "ambiguous-zip: x.pt: record \(shown) has a name that leads out of the archive; "
        + Self.again)
  }

  @Test func namesMustBeReadable() throws {
    let long = String(repeating: "n", count: 1_025)
    for name in ["", long] {
      #expect(
        try refusal { $0.entries.append(.init(name, [])) }
          == "ambiguous-zip: x.pt: a record's name is empty, too long or not UTF-8; \(Self.again)")
    }
  }

  @Test(arguments: [0, 4, 5, 6, 13, 15]) func flagsMustBeKnown(bit: UInt64) throws {
    #expect(
      try refusal { $0.entries[0].flags = 1 << bit }
        == "ambiguous-zip: x.pt: record a/data.pkl has flags \(1 << bit); \(Self.again)")
  }

  @Test func localHeadersMustAgree() throws {
    let message =
      "ambiguous-zip: x.pt: record a/data.pkl has a local header that differs from the directory; "
      + Self.again
    #expect(try refusal { $0.entries[0].localName = "a/data.pkk" } == message)
    #expect(try refusal { $0.entries[0].localFlags = 2 } == message)
  }

  @Test func recordsMustNotOverlap() throws {
    // The version record claims to begin inside the pickle, where a second header is hidden.
    #expect(
      try refusal { zip in
        var hidden = ZipBuilder()
        hidden.entries = [.init("a/version", [])]
        let inner = Array(hidden.bytes.prefix(30 + 9))
        zip.entries[0].data += inner
        zip.entries.removeLast()
        var version = ZipBuilder.Entry("a/version", [])
        version.offset = UInt64(30 + 10 + zip.entries[0].data.count - inner.count)
        zip.entries.append(version)
      } == "ambiguous-zip: x.pt: record a/version overlaps another one; \(Self.again)")
    #expect(
      try refusal { zip in
        let offset = 30 + UInt64(zip.entries[0].data.count) + 10
        zip.entries[1].offset = offset + 1
      }.hasPrefix("ambiguous-zip: x.pt: record a/byteorder has a local header"))
  }

  @Test func sizesMustFit() throws {
    #expect(
      try refusal { $0.entries[2].bytes = 17 }
        == "ambiguous-zip: x.pt: record a/data/0 is stored but has two sizes; \(Self.again)")
    #expect(
      try refusal {
        $0.entries[3].bytes = 1 << 30
        $0.entries[3].storedBytes = 1 << 30
      } == "ambiguous-zip: x.pt: record a/version overlaps another one; \(Self.again)")
    #expect(
      try refusal { $0.entries[0].offset = 1 << 31 }
        == "ambiguous-zip: x.pt: record a/data.pkl lies beyond the end of the file; \(Self.again)")
    #expect(
      try refusal { $0.entries[0].offset = 0xFFFF_FFFF }
        == "ambiguous-zip: x.pt: a ZIP64 size is missing; \(Self.again)")
  }

  @Test func extraFieldsMustFit() throws {
    #expect(
      try refusal { $0.entries[0].extra = [9, 9, 200, 0] }
        == "ambiguous-zip: x.pt: an extra field runs out of its record; \(Self.again)")
    #expect(
      try refusal { $0.entries[0].extra = [1, 0, 0, 0, 1, 0, 0, 0] }
        == "ambiguous-zip: x.pt: a record has two ZIP64 fields; \(Self.again)")
    #expect(
      try refusal { $0.entries[0].extra = [1, 0, 8, 0] + [UInt8](repeating: 255, count: 8) }
        == "ambiguous-zip: x.pt: a ZIP64 size exceeds what a file can have; \(Self.again)")
  }

  @Test func theDirectoryMustEndTheFile() throws {
    let end = "its directory does not end where the end record begins"
    #expect(
      try refusal { $0.prefix = [0x50, 0x4B, 3, 4] }
        == "ambiguous-zip: x.pt: unknown bytes stand before record a/data.pkl; \(Self.again)")
    #expect(
      try refusal { $0.directoryOffsetLie = 1 } == "ambiguous-zip: x.pt: \(end); \(Self.again)")
    #expect(
      try refusal { $0.comment = Array("hello".utf8) }
        == "ambiguous-zip: x.pt: the archive ends in a comment, which no checkpoint writer leaves; "
        + Self.again)
    // A second, shorter end record inside the comment: the last one does not lead to a directory.
    #expect(
      try refusal { zip in
        zip.comment = little(0x0605_4b50, 4) + [UInt8](repeating: 0, count: 18)
      } == "ambiguous-zip: x.pt: \(end); \(Self.again)")
  }

  @Test func countsMustAgree() throws {
    #expect(
      try refusal { $0.countLie = 3 }.hasPrefix("ambiguous-zip: x.pt: the directory has"))
    #expect(
      try refusal { $0.countLie = 60 }.hasPrefix("ambiguous-zip: x.pt: 60 records in"))
    #expect(
      try refusal {
        $0.entries.append(.init("a/data/" + String(repeating: "1", count: 60), []))
        $0.countLie = 6
      }.hasPrefix("ambiguous-zip: x.pt: its directory cannot be read at byte"))
    #expect(
      try refusal { $0.countLie = 0xFFFF }
        == "ambiguous-zip: x.pt: its end record points to a ZIP64 record that is not there; "
        + Self.again)
  }

  @Test func wideEndRecordsMustAgree() throws {
    #expect(
      try refusal {
        $0.isWide = true
        $0.wideLocatorLie = 7
      } == "ambiguous-zip: x.pt: its ZIP64 locator points elsewhere; \(Self.again)")
    #expect(
      try refusal {
        $0.isWide = true
        $0.wideCountLie = 2
      } == "ambiguous-zip: x.pt: its two end records disagree; \(Self.again)")
    #expect(
      try refusal {
        $0.isWide = true
        $0.countLie = 0xFFFF
        $0.wideCountLie = 2_000_000
      }.hasPrefix("too-many-records: x.pt: 2000000 records in a directory of"))
  }

  /// A directory of 65 MiB whose end record is true.
  @Test func largeDirectoriesAreNotHeld() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([0x50, 0x4B, 3, 4], as: "x.pt")
    let size = 65 << 20
    let end: [UInt8] =
      [0x50, 0x4B, 5, 6] + little(0, 4) + little(1, 2) + little(1, 2)
      + little(UInt64(size), 4) + little(0, 4) + little(0, 2)
    try #require(truncate(path, size) == 0)
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    _ = try file.seekToEnd()
    try file.write(contentsOf: Data(end))
    try file.close()
    let problem = try #require(
      #expect(throws: Problem.self) { _ = try Checkpoint.open(path) } as Problem?)
    #expect(
      folder.short(problem)
        == "too-many-records: x.pt: 1 records in a directory of \(size) bytes; "
        + "at most 1000000 records and 64 MiB are read")
  }

  @Test func torchNeverCompresses() throws {
    #expect(
      try refusal { $0.entries[2].method = 8 }
        == "ambiguous-zip: x.pt: record a/data/0 is compressed, which torch never does; "
        + "save the checkpoint again with torch.save")
    #expect(
      try refusal { $0.entries[2].method = 12 }
        == "unsupported-zip: x.pt: record a/data/0: compression method 12; "
        + "write it stored or deflated")
  }

  @Test func missingRecordsAreIncomplete() throws {
    let remedy = "wait until its writer has finished; a save that failed midway must be repeated"
    #expect(
      try refusal { $0.entries.remove(at: 3) }
        == "incomplete-archive: x.pt: record a/version is missing; \(remedy)")
    #expect(
      try refusal { $0.entries.remove(at: 2) }
        == "incomplete-archive: x.pt: record a/data/0 is missing; \(remedy)")
  }

  @Test func wrongChecksumsAreRemarked() throws {
    let folder = try TemporaryFolder()
    var zip = ZipBuilder.torch(Self.weights)
    zip.entries[2].checksum = 1
    let rotten = try Checkpoint.open(try folder.write(zip.bytes, as: "x.pt"))
    #expect(
      try rotten.survey().findings.map(folder.short) == [
        "bit-rot: x.pt: record a/data/0: its bytes do not have the checksum that the archive gives"
          + " for them; the file is damaged"
      ])
    for index in zip.entries.indices { zip.entries[index].checksum = 0 }
    let without = try Checkpoint.open(try folder.write(zip.bytes, as: "y.pt"))
    #expect(
      try without.survey().findings.map(folder.short) == [
        "crc-not-computed: y.pt: no record has the checksum that the archive gives for it: its"
          + " writer left them out"
      ])
  }
}

extension TemporaryFolder {
  func short(_ finding: Finding) -> String {
    finding.description.replacingOccurrences(of: "\(path)/", with: "")
  }
}
