// Archives in which two readers would see different content, or more than there is
// (reliability.md §1.9; duplicate names, case twins, flags and checksums are how scanners of models
// were passed by).

extension HostileInput {
  private static let good = Pickle.whole(Pickle.dictionary([("w", Pickle.tensor())]))
  private static let evil = Pickle.whole(
    Pickle.call(Pickle.global("posix", "system"), Pickle.tuple(Pickle.text("id"))))

  private static func archive(
    _ name: String, _ outcome: Outcome = .refused("ambiguous-zip"), _ change: (inout Zip) -> Void
  ) -> HostileInput {
    HostileInput("zip-\(name)", ".pt", Zip.torch(good).changed(change).encoded, outcome)
  }

  static let zipInputs: [HostileInput] = [
    archive("pickle-twice") { $0.records.append(Zip.Record("archive/data.pkl", evil)) },
    archive("pickle-case-twin") { $0.records.append(Zip.Record("archive/DATA.PKL", evil)) },
    archive("overlap-same-data") {
      var twin = $0.records[2]
      twin.name = "archive/data/1"
      twin.offset = 0
      $0.records.append(twin)
    },
    archive("overlap-quoted") {
      // One record's data is the next one's header, as in the bombs of D. Fifield (2019).
      $0.records[1].offset = 0
    },
    archive("flag-encrypted") { $0.records[0].flags = 1 },
    archive("flag-patched") { $0.records[0].flags = 0x20 },
    archive("flag-strong-encryption") { $0.records[0].flags = 0x40 },
    archive("flag-masked") { $0.records[0].flags = 0x2000 },
    archive("flags-differ") { $0.records[0].localFlags = 0x0800 },
    archive("name-differs") { $0.records[0].localName = "archive/dato.pkl" },
    archive("size-differs") { $0.records[2].localBytes = 15 },
    archive("method-deflated") {
      $0.records[0] = .deflated("archive/data.pkl", good)
    },
    archive("method-unknown", .refused("unsupported-zip")) { $0.records[0].method = 99 },
    archive("prefix", .refused("unsupported-format")) { $0.prefix = Array("#!/bin/sh\n".utf8) },
    archive("prefix-adjusted", .refused("ambiguous-zip")) {
      $0.prefix = Array("PK\u{3}\u{4} and more".utf8)
    },
    archive("comment") { $0.comment = Array("a comment".utf8) },
    archive("comment-with-archive") { $0.comment = Zip.torch(evil).encoded },
    archive("suffix", .notYet("incomplete-zip")) { $0.suffix = [0, 0, 0] },
    archive("two-archives") { $0.prefix = Zip.torch(evil).encoded },
    archive("count-too-small") { $0.count = 3 },
    archive("count-too-large") { $0.count = 9 },
    archive("count-65534") { $0.count = 65_534 },
    archive("directory-elsewhere") { $0.directoryOffset = 0 },
    archive("wide-size-2^63") { $0.wide = (1 << 63, nil, nil) },
    archive("wide-offset-2^63-1") { $0.wide = (nil, (1 << 63) - 1, nil) },
    archive("wide-locator-astray") { $0.wide = (nil, nil, 0) },
    archive("wide-locator-beyond") { $0.wide = (nil, nil, .max) },
    archive("extra-runs-out") { $0.records[0].extra = little(1, 2) + little(64, 2) },
    archive("extra-wide-twice") {
      $0.records[0].extra = little(1, 2) + little(0, 2) + little(1, 2) + little(0, 2)
    },
    archive("name-leads-out") { $0.records[2].name = "archive/data/../../../etc/passwd" },
    archive("name-absolute") { $0.records[2].name = "/etc/passwd" },
    archive("name-with-nul") { $0.records[2].name = "archive/data/0\u{0}.txt" },
    archive("name-with-backslash") { $0.records[2].name = "archive\\data\\0" },
    archive("name-empty") { $0.records[2].name = "" },
    archive("record-missing", .notYet("incomplete-archive")) { $0.records.remove(at: 2) },
    archive("version-missing", .notYet("incomplete-archive")) { $0.records.removeLast() },
    archive("byteorder-middle", .refused("bad-byteorder")) {
      $0.records[1] = Zip.Record("archive/byteorder", Array("middle".utf8))
    },
    archive("checksum-wrong", .read(finding: "bit-rot")) { $0.records[2].checksum ^= 1 },
    archive("checksums-left-out", .read(finding: "crc-not-computed")) {
      for index in $0.records.indices { $0.records[index].checksum = 1 }
    },
    archive("torchscript", .refused("unsupported-torchscript")) {
      $0.records.append(Zip.Record("archive/constants.pkl", Pickle.whole(Pickle.code(")"))))
    },
  ]
}
