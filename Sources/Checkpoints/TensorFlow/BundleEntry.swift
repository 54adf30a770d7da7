// What a bundle's index says of one tensor (tensorflow/core/protobuf/tensor_bundle.proto).
internal import Diagnostics
internal import Tensors

struct BundleEntry {
  /// One axis of a part of a partitioned variable; the whole axis when `length` is nil.
  struct Extent {
    var start = 0
    var length: Int?
  }

  /// TensorFlow's number of the element type.
  var type = 0
  var dimensions: [Int] = []
  var shard = 0
  var offset = 0
  var bytes = 0
  /// The masked CRC-32C of its bytes.
  var checksum: UInt32 = 0
  /// The parts that a partitioned variable was written in, each with an entry of its own.
  var slices: [[Extent]] = []

  private static let mostAxes = 64

  init(_ fields: ProtobufFields) throws(Problem) {
    var fields = fields
    while let (number, value) = try fields.next() {
      switch (number, value) {
      case (1, .number(let type)): self.type = try fields.size(type)
      case (2, .bytes(let range)): dimensions = try Self.dimensions(fields.nested(range))
      case (3, .number(let shard)): self.shard = try fields.size(shard)
      case (4, .number(let offset)): self.offset = try fields.size(offset)
      case (5, .number(let bytes)): self.bytes = try fields.size(bytes)
      case (6, .fixed(let checksum)): self.checksum = UInt32(truncatingIfNeeded: checksum)
      case (7, .bytes(let range)): slices.append(try Self.slice(fields.nested(range)))
      default: break
      }
    }
  }

  private static func dimensions(_ fields: ProtobufFields) throws(Problem) -> [Int] {
    var fields = fields
    var dimensions: [Int] = []
    while let (number, value) = try fields.next() {
      guard number == 2, case .bytes(let range) = value, dimensions.count <= mostAxes else {
        continue
      }
      var axis = fields.nested(range)
      var extent = 0
      while let (number, value) = try axis.next() {
        if number == 1, case .number(let size) = value { extent = try axis.size(size) }
      }
      dimensions.append(extent)
    }
    return dimensions
  }

  private static func slice(_ fields: ProtobufFields) throws(Problem) -> [Extent] {
    var fields = fields
    var slice: [Extent] = []
    while let (number, value) = try fields.next() {
      guard number == 1, case .bytes(let range) = value, slice.count <= mostAxes else { continue }
      var axis = fields.nested(range)
      var extent = Extent()
      while let (number, value) = try axis.next() {
        guard case .number(let size) = value else { continue }
        if number == 1 { extent.start = try axis.size(size) }
        if number == 2 { extent.length = try axis.size(size) }
      }
      slice.append(extent)
    }
    return slice
  }

  /// Element types by TensorFlow's numbers (tensorflow/core/framework/types.proto).
  static let types: [Int: ElementType] = [
    1: .float32, 2: .float64, 3: .int32, 4: .uint8, 5: .int16, 6: .int8, 9: .int64, 10: .bool,
    14: .bfloat16, 17: .uint16, 19: .float16, 22: .uint32, 23: .uint64, 24: .float8E5M2,
    25: .float8E4M3FN, 26: .float8E4M3FNUZ, 27: .float8E4M3B11FNUZ, 28: .float8E5M2FNUZ,
  ]

  static let textType = 7

  static let unread: [Int: String] = [
    7: "text", 8: "complex64", 11: "qint8", 12: "quint8", 13: "qint32", 15: "qint16",
    16: "quint16", 18: "complex128", 20: "resource", 21: "variant", 29: "int4", 30: "uint4",
  ]
}

/// The key of one part of a partitioned variable (tensorflow/core/util/saved_tensor_slice_util.cc), in
/// an encoding that keeps the order of what it encodes (tensorflow/core/lib/strings/ordered_code.cc).
enum SliceKey {
  static func encode(_ name: [UInt8], _ slice: [BundleEntry.Extent]) -> [UInt8] {
    var key = number(0)
    for byte in name {
      switch byte {
      case 0: key += [0, 0xFF]
      case 0xFF: key += [0xFF, 0]
      default: key.append(byte)
      }
    }
    key += [0, 1]
    key += number(UInt64(slice.count))
    for extent in slice { key += signed(extent.start) + signed(extent.length ?? -1) }
    return key
  }

  /// A length, and as many bytes, the most significant first.
  private static func number(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var left = value
    while left > 0 {
      bytes.insert(UInt8(left & 0xFF), at: 0)
      left >>= 8
    }
    return [UInt8(bytes.count)] + bytes
  }

  /// Big-endian, as many bytes as the number takes at 7 bits each, their count in the leading bits.
  private static func signed(_ value: Int) -> [UInt8] {
    let magnitude = UInt64(value < 0 ? ~value : value)
    let bits = 64 - magnitude.leadingZeroBitCount
    let count = bits / 7 + 1
    let sign: UInt8 = value < 0 ? 0xFF : 0
    let all =
      [sign, sign]
      + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    var bytes = Array(all.suffix(count))
    let header: [[UInt8]] = [
      [0, 0], [0x80, 0], [0xC0, 0], [0xE0, 0], [0xF0, 0], [0xF8, 0], [0xFC, 0], [0xFE, 0],
      [0xFF, 0], [0xFF, 0x80], [0xFF, 0xC0],
    ]
    for index in 0..<min(count, 2) { bytes[index] ^= header[count][index] }
    return bytes
  }
}
