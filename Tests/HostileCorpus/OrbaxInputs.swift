// Orbax checkpoints that lie: trees of keys that lead elsewhere, chunks that are not what they claim.

extension HostileInput {
  private static let data = "d/0"

  /// A database with this leaf (or inner node) as its root.
  private static func tree(
    _ name: String, _ root: [UInt8], height: UInt8 = 0, manifest: [UInt8]? = nil,
    more: [(path: String, content: Content)] = [], _ outcome: Outcome
  ) -> HostileInput {
    let whole =
      manifest ?? OrbaxBytes.manifest(file: data, count: UInt64(root.count), height: height)
    return HostileInput(
      "orbax-\(name)",
      files: [("7/manifest.ocdbt", .bytes(whole)), ("7/\(data)", .bytes(root))] + more,
      checkpoint: "7", outcome)
  }

  /// One array in a database.
  private static func array(
    _ name: String, _ description: [UInt8], chunk: [UInt8] = floats(4), version: Int = 2,
    key: String = "0", _ outcome: Outcome
  ) -> HostileInput {
    let document = version == 2 ? ".zarray" : "zarr.json"
    return tree(
      name, OrbaxBytes.leaf([("w/\(document)", description), ("w/\(key)", chunk)]), outcome)
  }

  private static let good = OrbaxBytes.leaf([
    ("w/.zarray", OrbaxBytes.zarray()), ("w/0", floats(4)),
  ])
  /// A node whose child is itself.
  private static let circle: [UInt8] = {
    let count = OrbaxBytes.inner(height: 5, file: data, offset: 0, count: 1).count
    return OrbaxBytes.inner(height: 5, file: data, offset: 0, count: UInt64(count))
  }()
  private static let shards = """
    [{"name":"sharding_indexed","configuration":{"chunk_shape":[2],"codecs":[{"name":"bytes",\
    "configuration":{"endian":"little"}}],"index_codecs":[{"name":"bytes","configuration":\
    {"endian":"little"}},{"name":"crc32c"}]}}]
    """
  private static func shard(_ index: [UInt64], checksum: UInt32? = nil) -> [UInt8] {
    let bytes = index.flatMap { little($0, 8) }
    return floats(4) + bytes + little(UInt64(checksum ?? crc32c(bytes)), 4)
  }

  /// Arrays of 1 GiB of which no chunk is there: each of them alone would be believed.
  private static let manyUnwritten: [UInt8] = {
    let gibibyte = OrbaxBytes.zarray(shape: "[268435456]", chunks: "[1048576]")
    return OrbaxBytes.leaf((0..<5).map { ("w\($0)/.zarray", gibibyte) })
  }()

  /// A frame of Zstandard with four floats as they are, which says another length (RFC 8878 §3.1.1).
  private static func zstandard(saying bytes: UInt64) -> [UInt8] {
    [0x28, 0xB5, 0x2F, 0xFD, 0xE0] + little(bytes, 8) + little(16 << 3 | 1, 3) + floats(4)
  }

  static let orbaxInputs: [HostileInput] = [
    tree("good", good, .read(finding: "no-moments")),
    tree("node-damaged", Array(good.dropLast()) + [good[good.count - 1] ^ 1], .refused("bit-rot")),
    tree(
      "node-cut", Array(good.dropLast()),
      manifest: OrbaxBytes.manifest(file: data, count: UInt64(good.count)),
      .notYet("incomplete-orbax")),
    tree("manifest-empty", good, manifest: [], .notYet("incomplete-orbax")),
    tree(
      "manifest-zeros", good, manifest: [UInt8](repeating: 0, count: 99),
      .notYet("incomplete-orbax")),
    tree(
      "manifest-damaged", good,
      manifest: OrbaxBytes.manifest(file: data, count: UInt64(good.count)).dropLast() + [1],
      .refused("bit-rot")),
    tree(
      "manifest-short-body", good, manifest: OrbaxBytes.manifest([1, 2, 3]), .refused("bad-orbax")),
    tree(
      "data-leads-out", good,
      manifest: OrbaxBytes.manifest(file: "../../../etc/passwd", count: 100),
      .refused("bad-orbax")),
    tree(
      "data-absolute", good, manifest: OrbaxBytes.manifest(file: "/etc/passwd", count: 100),
      .refused("bad-orbax")),
    tree(
      "data-is-a-link", good, manifest: OrbaxBytes.manifest(file: "d/l", count: 100),
      more: [("7/d/l", .link("/etc/passwd"))], .refused("not-a-regular-file")),
    tree(
      "folder-is-a-link", good, manifest: OrbaxBytes.manifest(file: "e/passwd", count: 100),
      more: [("7/e", .link("/etc"))], .refused("bad-orbax")),
    tree(
      "data-missing", good, manifest: OrbaxBytes.manifest(file: "d/1", count: 100),
      .notYet("incomplete-orbax")),
    tree(
      "root-beyond", good, manifest: OrbaxBytes.manifest(file: data, offset: 1 << 62, count: 100),
      .notYet("incomplete-orbax")),
    tree(
      "root-2^63", good, manifest: OrbaxBytes.manifest(file: data, offset: 1 << 63, count: 100),
      .refused("bad-orbax")),
    tree("heights-differ", good, height: 3, .refused("bad-orbax")),
    tree("node-in-itself", circle, height: 5, .refused("bad-orbax")),
    tree(
      "value-beyond", OrbaxBytes.leaf(key: "w/0", file: data, offset: 9, count: 1 << 50),
      .notYet("incomplete-orbax")),
    tree(
      "value-leads-out", OrbaxBytes.leaf(key: "w/0", file: "../x", offset: 0, count: 1),
      .refused("bad-orbax")),
    tree("entries-10^9", OrbaxBytes.node([0, 0] + varint(1_000_000_000)), .refused("bad-orbax")),
    tree("keys-twice", OrbaxBytes.leaf([("w", []), ("w", [])]), .refused("bad-orbax")),
    tree(
      "no-arrays", OrbaxBytes.leaf([("w/0", floats(4))]), .notYet("incomplete-orbax")),
    array(
      "shape-wraps", OrbaxBytes.zarray(shape: "[4194305,4194305,211106198978564]"),
      .refused("bad-orbax")),
    array("chunk-zero", OrbaxBytes.zarray(chunks: "[0]"), .refused("bad-orbax")),
    array("chunk-rank", OrbaxBytes.zarray(chunks: "[2,2]"), .refused("bad-orbax")),
    array("chunk-short", OrbaxBytes.zarray(), chunk: floats(3), .notYet("incomplete-orbax")),
    array(
      "expansion", OrbaxBytes.zarray(shape: "[8589934592]", chunks: "[1048576]"),
      .refused("expansion")),
    tree("expansion-of-all", manyUnwritten, .refused("expansion")),
    array("chunk-longer", OrbaxBytes.zarray(), chunk: floats(5), .refused("bad-orbax")),
    // A frame that says 2^40 bytes, and one that says 8, of a chunk of 16.
    array(
      "zstd-says-2^40", OrbaxBytes.zarray(compressor: #"{"id":"zstd"}"#),
      chunk: zstandard(saying: 1 << 40), .refused("bad-orbax")),
    array(
      "zstd-says-8", OrbaxBytes.zarray(compressor: #"{"id":"zstd"}"#),
      chunk: zstandard(saying: 8), .refused("bad-orbax")),
    array(
      "zstd", OrbaxBytes.zarray(compressor: #"{"id":"zstd"}"#), chunk: zstandard(saying: 16),
      .read(finding: "no-moments")),
    // More in one piece than the worker may hold, though it could be true of these bytes.
    array(
      "gzip-1GiB",
      OrbaxBytes.zarray(
        shape: "[268435456]", chunks: "[268435456]", compressor: #"{"id":"gzip"}"#),
      chunk: [UInt8](repeating: 0, count: 1 << 20), .refused("memory-limit")),
    array(
      "format-9", OrbaxBytes.zarray(more: #","zarr_format":9"#), .refused("bad-json")),
    array(
      "order-X", OrbaxBytes.zarray(order: "X"), .refused("bad-orbax")),
    array(
      "compressor-is-text", OrbaxBytes.zarray(compressor: #""zstd""#), .refused("bad-orbax")),
    array(
      "blosc", OrbaxBytes.zarray(compressor: #"{"id":"blosc"}"#),
      .refused("unsupported-orbax")),
    array("zstd-damaged", OrbaxBytes.zarray(compressor: #"{"id":"zstd"}"#), .refused("bad-orbax")),
    array("type-object", OrbaxBytes.zarray(type: "|O"), .refused("unsupported-orbax")),
    array(
      "json-nested-10^5", [UInt8](repeating: 0x5B, count: 100_000) + [0x7D], .refused("bad-json")),
    array("json-cut", Array(OrbaxBytes.zarray().dropLast()), .notYet("incomplete-orbax")),
    array(
      "shards", OrbaxBytes.zarr3(shards), chunk: shard([0, 8, 8, 8]), version: 3, key: "c/0",
      .read(finding: "no-moments")),
    array(
      "shards-damaged", OrbaxBytes.zarr3(shards), chunk: shard([0, 8, 8, 8], checksum: 1),
      version: 3,
      key: "c/0", .refused("bit-rot")),
    array(
      "shard-outside", OrbaxBytes.zarr3(shards), chunk: shard([0, 8, UInt64.max - 4, 8]),
      version: 3,
      key: "c/0", .refused("bad-orbax")),
    array(
      "shards-without-extent", OrbaxBytes.zarr3(shards, chunks: "[0]"), version: 3, key: "c/0",
      .refused("bad-orbax")),
    array(
      "shards-uneven", OrbaxBytes.zarr3(shards, shape: "[3]", chunks: "[3]"), version: 3,
      key: "c/0", .refused("bad-orbax")),
    array(
      "codec-unknown", OrbaxBytes.zarr3(#"[{"name":"gpu"}]"#), version: 3, key: "c/0",
      .refused("unsupported-orbax")),
    HostileInput(
      "orbax-temporary-name",
      files: [
        ("7.orbax-checkpoint-tmp-9/manifest.ocdbt", .bytes([]))
      ], checkpoint: "7.orbax-checkpoint-tmp-9", .notYet("incomplete-orbax")),
  ]
}
