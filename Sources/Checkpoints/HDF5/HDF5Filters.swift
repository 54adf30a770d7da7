// What was done to chunks before they were stored (specification §IV.A.2.l): shuffle, deflate and
// Fletcher's checksum; all other filters are refused by name.
internal import Diagnostics

struct HDF5Filters: Sendable {
  private enum Filter: Sendable {
    case deflate
    case shuffle(width: Int)
    case fletcher32
  }

  private let filters: [Filter]
  private let complaint: Complaint
  var isEmpty: Bool { filters.isEmpty }

  static func none(_ complaint: Complaint) -> HDF5Filters {
    HDF5Filters(filters: [], complaint: complaint)
  }

  private init(filters: [Filter], complaint: Complaint) {
    self.filters = filters
    self.complaint = complaint
  }

  init(_ fields: inout ByteCursor) throws(Problem) {
    complaint = fields.complaint
    let version = try fields.byte()
    let count = Int(try fields.byte())
    if version == 1 { try fields.skip(6) }
    guard version == 1 || version == 2, count <= 32 else {
      throw complaint.bad("a filter pipeline has version \(version) and \(count) filters")
    }
    var filters: [Filter] = []
    for _ in 0..<count {
      let identifier = try fields.number(2)
      let nameBytes = version == 1 || identifier >= 256 ? try fields.size(2) : 0
      try fields.skip(2)
      let values = try fields.size(2)
      try fields.skip(version == 1 ? (nameBytes + 7) / 8 * 8 : nameBytes)
      var first: Int?
      for _ in 0..<values {
        let value = try fields.size(4)
        if first == nil { first = value }
      }
      if version == 1, values % 2 == 1 { try fields.skip(4) }
      switch identifier {
      case 1: filters.append(.deflate)
      case 2: filters.append(.shuffle(width: first ?? 1))
      case 3: filters.append(.fletcher32)
      default: throw complaint.unsupported("its chunks passed filter \(Self.name(identifier))")
      }
    }
    var deflates = 0
    for case .deflate in filters { deflates += 1 }
    guard deflates <= 1 else { throw complaint.unsupported("its chunks are compressed twice") }
    self.filters = filters
  }

  private static func name(_ identifier: UInt64) -> String {
    let names: [UInt64: String] = [
      4: "szip", 5: "nbit", 6: "scaleoffset", 32_000: "lzf", 32_001: "blosc", 32_004: "lz4",
      32_008: "bitshuffle", 32_015: "zstd",
    ]
    return names[identifier] ?? "\(identifier)"
  }

  /// Undoes the filters, in reverse; a bit in `mask` says that one was left out.
  func undo(_ stored: [UInt8], mask: UInt32, bytes: Int, place: String) throws(Problem) -> [UInt8] {
    var data = stored
    for (index, filter) in filters.enumerated().reversed()
    where index >= 32 || mask & (1 << UInt32(index)) == 0 {
      switch filter {
      case .deflate:
        // A checksum that was taken before compressing makes the output 4 bytes longer.
        let extra = filters[..<index].contains { if case .fletcher32 = $0 { true } else { false } }
        try MemoryAllowance.check(bytes, at: place)
        data = try Deflate.inflate(
          data, bytes: bytes + (extra ? 4 : 0), wrapping: .zlib, place: place)
      case .shuffle(let width): data = Self.unshuffle(data, width)
      case .fletcher32:
        guard data.count >= 4, let stored = data.littleEndian(at: data.count - 4, width: 4) else {
          throw complaint.bad("a chunk is shorter than its checksum")
        }
        data.removeLast(4)
        guard stored == UInt64(Self.fletcher32(data)) else { throw complaint.damaged("a chunk") }
      }
    }
    guard data.count == bytes else {
      throw complaint.bad("a chunk has \(data.count) bytes, and should have \(bytes)")
    }
    return data
  }

  /// The bytes of one significance stand together; the rest that fills no element stays as it is.
  private static func unshuffle(_ data: [UInt8], _ width: Int) -> [UInt8] {
    guard width > 1, data.count >= width else { return data }
    let count = data.count / width
    var result = data
    for byte in 0..<width {
      for element in 0..<count { result[element * width + byte] = data[byte * count + element] }
    }
    return result
  }

  /// Fletcher's checksum over big-endian 16-bit words, as HDF5 computes it.
  static func fletcher32(_ data: [UInt8]) -> UInt32 {
    var (a, b): (UInt32, UInt32) = (0, 0)
    var at = 0
    var left = data.count / 2
    while left > 0 {
      let run = min(left, 360)
      left -= run
      for _ in 0..<run {
        a += UInt32(data[at]) << 8 | UInt32(data[at + 1])
        b += a
        at += 2
      }
      a = (a & 0xFFFF) + (a >> 16)
      b = (b & 0xFFFF) + (b >> 16)
    }
    if data.count % 2 == 1 {
      a += UInt32(data[at]) << 8
      b += a
      a = (a & 0xFFFF) + (a >> 16)
      b = (b & 0xFFFF) + (b >> 16)
    }
    a = (a & 0xFFFF) + (a >> 16)
    b = (b & 0xFFFF) + (b >> 16)
    return b << 16 | a
  }
}
