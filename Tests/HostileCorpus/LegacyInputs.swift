// The layout of torch.save before 1.6: five pickles, of which scanners read one, and storages whose
// sizes come before anything that would bound them.

extension HostileInput {
  private static let magic: [UInt8] =
    [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

  private static func legacy(
    _ name: String, root: [UInt8]? = nil, protocolVersion: Int64 = 1001, keys: [String] = ["0"],
    storages: [UInt8] = little(4, 8) + floats(4), _ outcome: Outcome
  ) -> HostileInput {
    let system = Pickle.dictionary([("little_endian", [0x88])])
    let list = Pickle.code("](") + keys.flatMap(Pickle.text) + Pickle.code("e")
    return HostileInput(
      "legacy-\(name)", ".pt",
      magic + Pickle.whole(Pickle.int(protocolVersion)) + Pickle.whole(system)
        + Pickle.whole(root ?? Pickle.dictionary([("w", tensor())])) + Pickle.whole(list)
        + storages, outcome)
  }

  /// As before 1.6: the identifier has a sixth element.
  private static func tensor(count: Int64 = 4, view: [UInt8] = Pickle.code("N")) -> [UInt8] {
    let identifier = Pickle.tuple(
      Pickle.text("storage"), Pickle.global("torch", "FloatStorage"), Pickle.text("0"),
      Pickle.text("cpu"), Pickle.int(count), view)
    return Pickle.call(
      Pickle.global("torch._utils", "_rebuild_tensor_v2"),
      Pickle.tuple(
        identifier + Pickle.code("Q"), Pickle.int(0),
        Pickle.tuple(Pickle.int(2), Pickle.int(2)), Pickle.tuple(Pickle.int(2), Pickle.int(1)),
        [0x89], Pickle.call(Pickle.global("collections", "OrderedDict"), Pickle.code(")"))))
  }

  static let legacyInputs: [HostileInput] = [
    legacy("good", .read(finding: nil)),
    legacy("protocol-1002", protocolVersion: 1002, .refused("bad-legacy")),
    legacy("protocol-negative", protocolVersion: -1, .refused("bad-legacy")),
    // 334 bytes that ask for 4 GiB.
    legacy("storage-2^30", storages: little(1 << 30, 8), .notYet("incomplete-legacy")),
    legacy("storage-2^62", storages: little(1 << 62, 8), .refused("bad-legacy")),
    legacy("storage-negative", storages: little(.max, 8), .refused("bad-legacy")),
    legacy("storage-short", storages: little(5, 8) + floats(4), .notYet("incomplete-legacy")),
    legacy("storage-missing", storages: [], .notYet("incomplete-legacy")),
    legacy(
      "trailing-bytes", storages: little(4, 8) + floats(4) + [0], .refused("trailing-bytes")),
    legacy(
      "storage-and-tensor", root: Pickle.dictionary([("w", tensor(count: 5))]),
      .refused("tensor-bounds")),
    legacy("key-twice", keys: ["0", "0"], .refused("bad-legacy")),
    legacy("key-unknown", keys: ["0", "1"], .refused("bad-legacy")),
    legacy(
      "calls",
      root: Pickle.dictionary([
        ("model", Pickle.dictionary([("w", tensor())])),
        (
          "extra",
          Pickle.call(Pickle.global("posix", "system"), Pickle.tuple(Pickle.text("id")))
        ),
      ]), .read(finding: "foreign-global")),
    HostileInput(
      "legacy-first-pickle-only", ".pt", magic, .notYet("incomplete-legacy")),
  ]
}
