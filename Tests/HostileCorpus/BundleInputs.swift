// TensorFlow bundles that lie: about sizes, places, checksums, and who is whose child.

extension HostileInput {
  private static func bundle(
    _ name: String, _ index: [UInt8], data: [UInt8] = floats(4), _ outcome: Outcome
  ) -> HostileInput {
    HostileInput(
      "bundle-\(name)",
      files: [
        ("ckpt-1.index", .bytes(index)), ("ckpt-1.data-00000-of-00001", .bytes(data)),
      ], checkpoint: "ckpt-1.index", outcome)
  }

  /// A bundle whose graph of objects is this message.
  private static func graph(_ name: String, _ graph: [UInt8], _ outcome: Outcome) -> HostileInput {
    let text = Bundle.text(graph)
    let key = Bundle.pair(
      "_CHECKPOINTABLE_OBJECT_GRAPH",
      Bundle.entry(
        type: 7, [], offset: 16, bytes: UInt64(text.count), checksum: Bundle.checksum(ofText: graph)
      ))
    let index = Bundle.table(
      Bundle.pair("", Bundle.header()) + key + Bundle.pair("a", Bundle.good))
    return bundle("graph-\(name)", index, data: floats(4) + text, outcome)
  }

  /// A bundle whose table has one block, compressed to these bytes.
  private static func snappy(_ name: String, _ stored: [UInt8], _ outcome: Outcome) -> HostileInput
  {
    bundle("snappy-\(name)", Bundle.table(stored: stored, compression: 1), outcome)
  }

  /// The content of a table with one good tensor.
  private static let one = Bundle.content(
    Bundle.pair("", Bundle.header()) + Bundle.pair("a", Bundle.good))

  private static func child(_ node: UInt64, _ name: String) -> [UInt8] {
    Bundle.field(1, Bundle.field(1, node) + Bundle.field(2, Array(name.utf8)))
  }

  private static let variable = Bundle.field(
    2,
    Bundle.field(1, Array("VARIABLE_VALUE".utf8)) + Bundle.field(2, Array("w".utf8))
      + Bundle.field(3, Array("a".utf8)))

  private static let damagedGraph: HostileInput = {
    let text = Bundle.text(Bundle.field(1, child(0, "me") + variable))
    let key = Bundle.pair(
      "_CHECKPOINTABLE_OBJECT_GRAPH",
      Bundle.entry(type: 7, [], offset: 16, bytes: UInt64(text.count), checksum: 1))
    return bundle(
      "graph-damaged",
      Bundle.table(Bundle.pair("", Bundle.header()) + key + Bundle.pair("a", Bundle.good)),
      data: floats(4) + text, .refused("bit-rot"))
  }()

  static let bundleInputs: [HostileInput] = [
    damagedGraph,
    bundle("good", Bundle.index(), .read(finding: "no-moments")),
    bundle(
      "damaged-data", Bundle.index(), data: [1] + floats(4).dropFirst(), .read(finding: "bit-rot")),
    bundle("no-data", Bundle.index(), data: [], .notYet("incomplete-tensorflow")),
    bundle("no-footer", Array(Bundle.index().dropLast()), .notYet("incomplete-tensorflow")),
    bundle("zeros", [UInt8](repeating: 0, count: 200), .notYet("incomplete-tensorflow")),
    bundle(
      "block-checksum", [Bundle.index()[0] ^ 1] + Bundle.index().dropFirst(), .refused("bit-rot")),
    snappy(
      "literals", varint(UInt64(one.count)) + Bundle.literals(one), .read(finding: "no-moments")),
    // It ends with 0, 0, 0, 0, 1, 0, 0, 0: three and two of the zeros are copies of the one before.
    snappy(
      "copies",
      varint(UInt64(one.count)) + Bundle.literals(Array(one.dropLast(7))) + [2 << 2 | 2, 1, 0]
        + Bundle.literals([1, 0]) + [1 << 2 | 2, 1, 0], .read(finding: "no-moments")),
    snappy("empty", [], .refused("bad-tensorflow")),
    snappy("holds-nothing", varint(0), .refused("bad-tensorflow")),
    snappy(
      "longer", varint(UInt64(one.count)) + Bundle.literals(one + [0]), .refused("bad-tensorflow")),
    snappy(
      "shorter", varint(UInt64(one.count)) + Bundle.literals(Array(one.dropLast())),
      .refused("bad-tensorflow")),
    snappy("copy-from-before", varint(5) + [0, 1, 1, 2], .refused("bad-tensorflow")),
    snappy("copy-of-itself", varint(5) + [0, 1, 1, 0], .refused("bad-tensorflow")),
    snappy("2^28-bytes", varint(1 << 28) + [0, 1], .refused("bad-tensorflow")),
    snappy("2^40-bytes", varint(1 << 40) + [0, 1], .refused("too-large")),
    bundle(
      "unknown-compression", Bundle.table(stored: Bundle.content([]), compression: 4),
      .refused("unsupported-tensorflow")),
    bundle("no-header", Bundle.table(Bundle.pair("a", Bundle.good)), .refused("bad-tensorflow")),
    bundle(
      "10^12-data-files", Bundle.index(header: Bundle.header(shards: 1_000_000_000_000)),
      .refused("too-large")),
    bundle(
      "data-file-2^63", Bundle.index(header: Bundle.header(shards: 1 << 63)),
      .refused("bad-tensorflow")),
    bundle(
      "missing-data-file", Bundle.index(header: Bundle.header(shards: 2)),
      .notYet("incomplete-tensorflow")),
    bundle(
      "shape-wraps",
      Bundle.index(
        Bundle.pair("b", Bundle.entry([4_194_305, 4_194_305, 211_106_198_978_564], bytes: 16))),
      .refused("bad-tensorflow")),
    bundle(
      "negative-extent", Bundle.index(Bundle.pair("b", Bundle.entry([UInt64.max], bytes: 16))),
      .refused("bad-tensorflow")),
    bundle(
      "wrong-size", Bundle.index(Bundle.pair("b", Bundle.entry([3], bytes: 16))),
      .refused("bad-tensorflow")),
    bundle(
      "offset-wraps",
      Bundle.index(Bundle.pair("b", Bundle.entry([4], offset: UInt64.max - 8, bytes: 16))),
      .refused("bad-tensorflow")),
    bundle(
      "offset-beyond",
      Bundle.index(Bundle.pair("b", Bundle.entry([4], offset: 8, bytes: 16))),
      .notYet("incomplete-tensorflow")),
    bundle(
      "other-data-file", Bundle.index(Bundle.pair("b", Bundle.entry([4], bytes: 16, shard: 9))),
      .refused("bad-tensorflow")),
    bundle(
      "keys-unordered", Bundle.index(Bundle.pair("A", Bundle.good)), .refused("bad-tensorflow")),
    bundle("keys-twice", Bundle.index(Bundle.pair("a", Bundle.good)), .refused("bad-tensorflow")),
    bundle(
      "key-of-2^62", Bundle.index(varint(0) + varint(1 << 62) + varint(0)),
      .refused("bad-tensorflow")),
    bundle(
      "shared-beyond", Bundle.index(varint(900) + varint(1) + varint(0) + [9]),
      .refused("bad-tensorflow")),
    bundle(
      "slice-missing",
      Bundle.index(
        Bundle.pair(
          "b", Bundle.entry([4], bytes: 0) + Bundle.field(7, Bundle.field(1, Bundle.field(2, 2))))),
      .refused("bad-tensorflow")),
    bundle(
      "group", Bundle.index(Bundle.pair("b", [0x0B, 0x0C])), .refused("bad-tensorflow")),
    bundle(
      "text-only",
      Bundle.table(
        Bundle.pair("", Bundle.header()) + Bundle.pair("a", Bundle.entry(type: 7, [], bytes: 3))),
      .refused("unsupported-tensorflow")),
    graph(
      "child-nowhere", Bundle.field(1, child(1 << 40, "w") + variable), .refused("bad-tensorflow")),
    graph(
      "circle", Bundle.field(1, child(1, "x")) + Bundle.field(1, child(0, "y") + variable),
      .read(finding: "no-moments")),
    graph(
      "itself", Bundle.field(1, child(0, "me") + variable), .read(finding: "no-moments")),
    graph(
      "name-not-utf8", Bundle.field(1, Bundle.field(1, Bundle.field(2, [0xFF]))),
      .refused("bad-tensorflow")),
    graph("cut", [0x0A, 0x7F], .refused("bad-tensorflow")),
  ]
}
