// msgpack documents as Flax writes them (flax/serialization.py), with the sizes that its own reader
// takes at their word.

private enum MessagePack {
  static func text(_ text: String) -> [UInt8] {
    [0xDA] + big(text.utf8.count, 2) + Array(text.utf8)
  }

  static func map(_ members: [(String, [UInt8])]) -> [UInt8] {
    [0xDF] + big(members.count, 4) + members.flatMap { text($0.0) + $0.1 }
  }

  static func list(_ values: [[UInt8]]) -> [UInt8] {
    [0xDD] + big(values.count, 4) + values.flatMap { $0 }
  }

  static func number(_ value: Int64) -> [UInt8] {
    [0xD3] + big(Int(value), 8)
  }

  /// An array as extension 1.
  static func array(
    _ shape: [Int64] = [4], type: String = "float32", _ bytes: [UInt8] = floats(4)
  ) -> [UInt8] {
    let body: [UInt8] =
      [0x93] + list(shape.map(number)) + text(type) + [0xC6] + big(bytes.count, 4) + bytes
    return [0xC9] + big(body.count, 4) + [1] + body
  }

  static func big(_ value: Int, _ width: Int) -> [UInt8] {
    little(UInt64(bitPattern: Int64(value)), width).reversed()
  }
}

extension HostileInput {
  private static func flax(
    _ name: String, _ document: [UInt8], _ outcome: Outcome = .refused("bad-flax")
  ) -> HostileInput {
    HostileInput("flax-\(name)", ".msgpack", document, outcome)
  }

  private static func params(
    _ name: String, _ value: [UInt8], _ outcome: Outcome = .refused("bad-flax")
  ) -> HostileInput {
    flax(name, MessagePack.map([("params", MessagePack.map([("w", value)]))]), outcome)
  }

  private static func chunked(
    _ name: String, shape: [Int64] = [8], _ chunks: [(String, [UInt8])],
    _ outcome: Outcome = .refused("bad-flax")
  ) -> HostileInput {
    let extents = shape.enumerated().map { ("\($0.offset)", MessagePack.number($0.element)) }
    return params(
      "chunks-\(name)",
      MessagePack.map([
        ("__msgpack_chunked_array__", [0xC3]), ("shape", MessagePack.map(extents)),
        ("chunks", MessagePack.map(chunks)),
      ]), outcome)
  }

  static let flaxInputs: [HostileInput] = [
    params("good", MessagePack.array(), .read(finding: "no-moments")),
    params("shape-wraps", MessagePack.array([4_194_305, 4_194_305, 211_106_198_978_564])),
    params("shape-2^63-1", MessagePack.array([.max])),
    params("shape-negative", MessagePack.array([-4])),
    params("bytes-short", MessagePack.array([5])),
    params("shape-is-text", [0xC7, 6, 1, 0x93, 0x91, 0xA1, 0x61, 0xA0, 0xC0]),
    params("extension-empty", [0xC7, 0, 1], .notYet("incomplete-flax")),
    params("type-object", MessagePack.array(type: "object"), .refused("unsupported-flax")),
    params(
      "extension-2^32-1", [0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 1], .notYet("incomplete-flax")),
    params("no-arrays", [0xC0], .refused("unsupported-flax")),
    flax("map-2^32-1", [0xDF, 0xFF, 0xFF, 0xFF, 0xFF], .notYet("incomplete-flax")),
    params("list-2^32-1", [0xDD, 0xFF, 0xFF, 0xFF, 0xFF], .notYet("incomplete-flax")),
    params("text-2^32-1", [0xDB, 0xFF, 0xFF, 0xFF, 0xFF]),
    params("text-not-utf8", [0xA1, 0xFF]),
    flax(
      "nested-10^5", [UInt8](repeating: 0x91, count: 100_000) + [0xC0], .refused("too-large")),
    flax("key-twice", MessagePack.map([("w", MessagePack.array()), ("w", MessagePack.array())])),
    flax("key-is-a-list", [0x81, 0x90, 0xC0]),
    flax("trailing-bytes", MessagePack.map([("w", MessagePack.array())]) + [0]),
    flax("no-map", MessagePack.list([MessagePack.array()])),
    chunked(
      "good", [("0", MessagePack.array()), ("1", MessagePack.array())],
      .read(finding: "no-moments")),
    chunked("one-missing", [("0", MessagePack.array()), ("2", MessagePack.array())]),
    chunked("short", [("0", MessagePack.array())]),
    chunked(
      "mixed",
      [("0", MessagePack.array()), ("1", MessagePack.array([2], type: "float64", floats(4)))]),
    chunked("no-array", [("0", [0xC0])]),
    chunked("shape-2^62", shape: [1 << 62], [("0", MessagePack.array())]),
    // Each is looked up by its number: must not take their square.
    chunked("10^5", (0..<100_000).map { ("\($0)", [0xC0]) }),
  ]
}
