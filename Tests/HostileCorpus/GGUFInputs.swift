// GGUF files whose counts, lengths and offsets are not those of the file (ggml/docs/gguf.md): readers in
// other languages were made to allocate or to read beyond it by each of these (CVE-2024-21802,
// CVE-2024-23496 and its neighbours).

/// A file field by field.
private struct GGUFFile {
  var version: UInt64 = 3
  var tensorCount: UInt64?
  var keyCount: UInt64?
  var keys: [[UInt8]] = []
  var tensors = [GGUFFile.tensor()]
  var data = floats(4)

  static func text(_ text: String) -> [UInt8] {
    little(UInt64(text.utf8.count), 8) + Array(text.utf8)
  }

  static func key(_ name: String, type: UInt64, _ value: [UInt8]) -> [UInt8] {
    text(name) + little(type, 4) + value
  }

  static func tensor(
    _ name: [UInt8] = text("w"), _ extents: [UInt64] = [4], rank: UInt64? = nil, type: UInt64 = 0,
    offset: UInt64 = 0
  ) -> [UInt8] {
    name + little(rank ?? UInt64(extents.count), 4) + extents.flatMap { little($0, 8) }
      + little(type, 4) + little(offset, 8)
  }

  var encoded: [UInt8] {
    var bytes = Array("GGUF".utf8) + little(version, 4)
    bytes += little(tensorCount ?? UInt64(tensors.count), 8)
    bytes += little(keyCount ?? UInt64(keys.count), 8)
    bytes += keys.flatMap { $0 } + tensors.flatMap { $0 }
    return bytes + [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32) + data
  }
}

extension HostileInput {
  private static func gguf(
    _ name: String, _ outcome: Outcome = .refused("bad-gguf"), _ change: (inout GGUFFile) -> Void
  ) -> HostileInput {
    var file = GGUFFile()
    change(&file)
    return HostileInput("gguf-\(name)", ".gguf", file.encoded, outcome)
  }

  private static func key(
    _ name: String, type: UInt64, _ value: [UInt8], _ outcome: Outcome = .refused("bad-gguf")
  ) -> HostileInput {
    gguf("key-\(name)", outcome) { $0.keys = [GGUFFile.key("k", type: type, value)] }
  }

  private static func alignment(_ value: UInt64) -> HostileInput {
    gguf("alignment-\(value)") {
      $0.keys = [GGUFFile.key("general.alignment", type: 4, little(value, 4))]
    }
  }

  private static let listsInLists: [UInt8] =
    Array([[UInt8]](repeating: little(9, 4) + little(1, 8), count: 1_000).joined()) + little(0, 12)

  static let ggufInputs: [HostileInput] = [
    gguf("good", .read(finding: "no-moments")) { _ in },
    gguf("version-1", .refused("unsupported-gguf")) { $0.version = 1 },
    gguf("version-2^32-1", .refused("unsupported-gguf")) { $0.version = 0xFFFF_FFFF },
    gguf("tensors-2^64-1") { $0.tensorCount = .max },
    gguf("tensors-2^40", .refused("too-large")) { $0.tensorCount = 1 << 40 },
    gguf("keys-2^40", .refused("too-large")) { $0.keyCount = 1 << 40 },
    gguf("keys-too-many", .notYet("incomplete-gguf")) {
      $0.keyCount = 1_000
      $0.tensors = []
      $0.data = []
    },
    gguf("no-tensors", .refused("unsupported-gguf")) { $0.tensors = [] },
    key("text-2^62", type: 8, little(1 << 62, 8), .notYet("incomplete-gguf")),
    key("text-2^64-1", type: 8, little(.max, 8)),
    key("list-2^62-bytes", type: 9, little(0, 4) + little(1 << 62, 8), .notYet("incomplete-gguf")),
    key("list-2^62-doubles", type: 9, little(12, 4) + little(1 << 62, 8)),
    key(
      "list-2^62-texts", type: 9, little(8, 4) + little(1 << 62, 8), .notYet("incomplete-gguf")),
    key("lists-in-lists", type: 9, listsInLists),
    key("type-99", type: 99, [], .refused("unsupported-gguf")),
    gguf("key-name-2^40") { $0.keys = [little(1 << 40, 8)] },
    alignment(0), alignment(3), alignment(1 << 31),
    gguf("alignment-is-text") {
      $0.keys = [GGUFFile.key("general.alignment", type: 8, GGUFFile.text("32"))]
    },
    // The first reader takes the one, the second the other.
    gguf("alignment-twice") {
      $0.keys = [32, 64].map { GGUFFile.key("general.alignment", type: 4, little($0, 4)) }
    },
    gguf("tensors-overlap") {
      $0.tensors = [GGUFFile.tensor(), GGUFFile.tensor(GGUFFile.text("v"))]
    },
    gguf("offset-unaligned") {
      $0.tensors = [GGUFFile.tensor(GGUFFile.text("w"), [2], offset: 4)]
    },
    gguf("tensors-10^6", .refused("too-large")) { $0.tensorCount = 1_000_000 },
    gguf("tensor-twice") { $0.tensors = [GGUFFile.tensor(), GGUFFile.tensor()] },
    gguf("name-2^40") { $0.tensors = [little(1 << 40, 8)] },
    gguf("name-not-utf8") { $0.tensors = [GGUFFile.tensor(little(1, 8) + [0xFF])] },
    gguf("rank-9") { $0.tensors = [GGUFFile.tensor(rank: 9)] },
    gguf("rank-2^32-1") { $0.tensors = [GGUFFile.tensor(rank: 0xFFFF_FFFF)] },
    gguf("shape-wraps") {
      $0.tensors = [
        GGUFFile.tensor(GGUFFile.text("w"), [4_194_305, 4_194_305, 211_106_198_978_564])
      ]
    },
    gguf("shape-2^62") { $0.tensors = [GGUFFile.tensor(GGUFFile.text("w"), [1 << 62])] },
    gguf("shape-2^63") { $0.tensors = [GGUFFile.tensor(GGUFFile.text("w"), [1 << 63])] },
    gguf("offset-2^62", .notYet("incomplete-gguf")) {
      $0.tensors = [GGUFFile.tensor(offset: 1 << 62)]
    },
    gguf("offset-2^63-1") { $0.tensors = [GGUFFile.tensor(offset: UInt64(Int.max))] },
    gguf("data-short", .notYet("incomplete-gguf")) { $0.data = floats(3) },
    gguf("type-200", .refused("unsupported-gguf")) {
      $0.tensors = [GGUFFile.tensor(type: 200)]
    },
    // Half a block of Q4_0, which has 32 elements.
    gguf("block-cut") { $0.tensors = [GGUFFile.tensor(GGUFFile.text("w"), [16], type: 2)] },
    HostileInput(
      "gguf-header-cut", ".gguf", Array(GGUFFile().encoded.prefix(40)),
      .notYet("incomplete-gguf")),
  ]
}
