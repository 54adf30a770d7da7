// Pickles written by hand, protocol 2, for cases that Python would not write.

indirect enum Pickled: Sendable {
  case none
  case int(Int)
  case float(Double)
  case text(String)
  case list([Pickled])
  case tuple([Pickled])
  case dict([(String, Pickled)])
  case global(String, String)
  case reduce(Pickled, Pickled)
  case build(Pickled, Pickled)
  case persistent(Pickled)
  /// Opcodes as they are.
  case raw([UInt8])

  /// A whole pickle.
  var pickle: [UInt8] { [0x80, 2] + opcodes + Array(".".utf8) }

  var opcodes: [UInt8] {
    switch self {
    case .none: Array("N".utf8)
    case .int(let value): [0x8A, 8] + little(UInt64(bitPattern: Int64(value)), 8)
    case .float(let value): Array("G".utf8) + little(value.bitPattern, 8).reversed()
    case .text(let text):
      Array("X".utf8) + little(UInt64(text.utf8.count), 4) + Array(text.utf8)
    case .list(let values): Array("](".utf8) + values.flatMap(\.opcodes) + Array("e".utf8)
    case .tuple(let values): Array("(".utf8) + values.flatMap(\.opcodes) + Array("t".utf8)
    case .dict(let entries):
      Array("}(".utf8) + entries.flatMap { Pickled.text($0.0).opcodes + $0.1.opcodes }
        + Array("u".utf8)
    case .global(let module, let name): Array("c\(module)\n\(name)\n".utf8)
    case .reduce(let callee, let arguments): callee.opcodes + arguments.opcodes + Array("R".utf8)
    case .build(let object, let state): object.opcodes + state.opcodes + Array("b".utf8)
    case .persistent(let id): id.opcodes + Array("Q".utf8)
    case .raw(let bytes): bytes
    }
  }

  /// A tensor as torch pickles it.
  static func tensor(
    key: String = "0", storage: String = "FloatStorage", count: Int, offset: Int = 0,
    shape: [Int], strides: [Int]
  ) -> Pickled {
    .reduce(
      .global("torch._utils", "_rebuild_tensor_v2"),
      .tuple([
        .persistent(
          .tuple([
            .text("storage"), .global("torch", storage), .text(key), .text("cpu"), .int(count),
          ])),
        .int(offset), .tuple(shape.map(Pickled.int)), .tuple(strides.map(Pickled.int)),
        .raw([0x89]), .reduce(.global("collections", "OrderedDict"), .tuple([])),
      ]))
  }
}

/// The lowest `width` bytes, least significant first.
func little(_ value: UInt64, _ width: Int) -> [UInt8] {
  (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

/// Float32 elements as they stand in a file.
func floats(_ values: Float...) -> [UInt8] { values.flatMap { little(UInt64($0.bitPattern), 4) } }
