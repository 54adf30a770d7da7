// How one zarr array is stored (zarr-specs.readthedocs.io, versions 2 and 3), as TensorStore writes them
// for Orbax: extents, chunks, element type, the codecs of a chunk, and the keys of the chunks.
internal import Diagnostics
internal import Tensors

struct ZarrArray: Sendable {
  /// What a chunk went through after its elements became bytes, in the order of writing.
  enum Codec: Sendable {
    case zstd
    case gzip
    case zlib
    case crc32c
  }

  let shape: Shape
  let type: ElementType
  let isBigEndian: Bool
  /// Extents of the chunks that are decoded one by one.
  let chunk: [Int]
  let codecs: [Codec]
  /// Where several chunks share one value: the extents of what it holds, and how its index went
  /// through codecs.
  let shard: Shard?
  /// One element, for what was never written.
  let fill: [UInt8]
  private let prefix: String
  private let separator: String

  struct Shard: Sendable {
    let extents: [Int]
    let indexHasChecksum: Bool
    let indexIsFirst: Bool
  }

  /// The key of the value at these coordinates in the grid of chunks (of shards, where there are any).
  func key(_ coordinates: [Int]) -> String {
    if coordinates.isEmpty { return prefix == "c" ? "c" : "0" }
    let numbers = coordinates.map(String.init).joined(separator: separator)
    return prefix == "c" ? "c\(separator)\(numbers)" : numbers
  }

  // MARK: Version 2

  /// `.zarray`. Nil, and what it has, when it is of a kind that is not read.
  static func version2(
    _ json: JSONValue, _ name: String, _ complaint: Complaint
  ) throws(Problem) -> (array: ZarrArray?, what: String) {
    guard let shape = shape(json["shape"]), let chunk = extents(json["chunks"]),
      let typeName = json["dtype"]?.text
    else { throw complaint.bad("array \"\(name)\" says no shape, chunks or type") }
    guard let (type, isBigEndian) = Self.type(version2: typeName) else {
      return (nil, "elements of type \(typeName)")
    }
    guard json["zarr_format"]?.int == 2, let order = json["order"]?.text,
      ["C", "F"].contains(order)
    else { throw complaint.bad("array \"\(name)\" is not of version 2, or says no order") }
    guard order == "C" || shape.rank < 2 else { return (nil, "chunks in column order") }
    guard json["filters"]?.elements.isEmpty ?? true else { return (nil, "filters") }
    var codecs: [Codec] = []
    if let compressor = json["compressor"], !compressor.isNull {
      guard let codec = compressor["id"]?.text else {
        throw complaint.bad("array \"\(name)\" has a compressor without a name")
      }
      switch codec {
      case "zstd": codecs = [.zstd]
      case "gzip": codecs = [.gzip]
      case "zlib": codecs = [.zlib]
      default: return (nil, "chunks compressed with \(codec)")
      }
    }
    let separator = json["dimension_separator"]?.text ?? "."
    guard separator == "." || separator == "/" else {
      throw complaint.bad("array \"\(name)\" separates its keys with \"\(separator)\"")
    }
    return (
      ZarrArray(
        shape: shape, type: type, isBigEndian: isBigEndian, chunk: chunk, codecs: codecs,
        shard: nil, fill: fill(json["fill_value"], type, isBigEndian), prefix: "",
        separator: separator), ""
    )
  }

  /// `<f4`, `|i1`, `bfloat16`.
  private static func type(version2 name: String) -> (ElementType, Bool)? {
    if let type = ElementType(rawValue: name), type != .bool { return (type, false) }
    let types: [String: ElementType] = [
      "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16,
      "i1": .int8, "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
    ]
    guard let order = name.first, ["<", ">", "|"].contains(order),
      let type = types[String(name.dropFirst())]
    else { return nil }
    return (type, order == ">")
  }

  // MARK: Version 3

  /// `zarr.json`. Nil, and what it has, when it is of a kind that is not read.
  static func version3(
    _ json: JSONValue, _ name: String, _ complaint: Complaint
  ) throws(Problem) -> (array: ZarrArray?, what: String) {
    guard let shape = shape(json["shape"]),
      var chunk = extents(json["chunk_grid"]?["configuration"]?["chunk_shape"]),
      let typeName = json["data_type"]?.text
    else { throw complaint.bad("array \"\(name)\" says no shape, chunks or type") }
    guard json["zarr_format"]?.int == 3, json["chunk_grid"]?["name"]?.text == "regular" else {
      return (nil, "chunks in no regular grid")
    }
    guard let type = ElementType(rawValue: typeName) else {
      return (nil, "elements of type \(typeName)")
    }
    var list = json["codecs"]?.elements ?? []
    var shard: Shard?
    if list.count == 1, list[0]["name"]?.text == "sharding_indexed",
      let settings = list[0]["configuration"]
    {
      guard let inner = extents(settings["chunk_shape"]), inner.count == chunk.count,
        zip(chunk, inner).allSatisfy({ $0 > 0 && $1 > 0 && $0 % $1 == 0 })
      else { throw complaint.bad("array \"\(name)\" has chunks that do not divide its shards") }
      let index = settings["index_codecs"]?.elements.compactMap { $0["name"]?.text } ?? []
      guard index == ["bytes"] || index == ["bytes", "crc32c"],
        settings["index_codecs"]?.elements.first?["configuration"]?["endian"]?.text == "little"
      else { return (nil, "an index of shards of another kind") }
      shard = Shard(
        extents: chunk, indexHasChecksum: index.count == 2,
        indexIsFirst: settings["index_location"]?.text == "start")
      chunk = inner
      list = settings["codecs"]?.elements ?? []
    }
    guard let first = list.first, first["name"]?.text == "bytes" else {
      return (nil, "the codec \(list.first?["name"]?.text ?? "of none")")
    }
    let isBigEndian = first["configuration"]?["endian"]?.text == "big"
    var codecs: [Codec] = []
    for codec in list.dropFirst() {
      let name = codec["name"]?.text ?? ""
      switch name {
      case "zstd": codecs.append(.zstd)
      case "gzip": codecs.append(.gzip)
      case "crc32c": codecs.append(.crc32c)
      default: return (nil, "the codec \"\(name)\"")
      }
    }
    guard codecs.count <= 4 else { throw complaint.bad("array \"\(name)\" has too many codecs") }
    let encoding = json["chunk_key_encoding"]
    let isDefault = encoding?["name"]?.text != "v2"
    let separator = encoding?["configuration"]?["separator"]?.text ?? (isDefault ? "/" : ".")
    guard separator == "." || separator == "/" else {
      throw complaint.bad("array \"\(name)\" separates its keys with \"\(separator)\"")
    }
    return (
      ZarrArray(
        shape: shape, type: type, isBigEndian: isBigEndian, chunk: chunk, codecs: codecs,
        shard: shard, fill: fill(json["fill_value"], type, isBigEndian),
        prefix: isDefault ? "c" : "", separator: separator), ""
    )
  }

  // MARK: Parts of both

  private static func shape(_ value: JSONValue?) -> Shape? {
    extents(value).flatMap { Shape(checking: $0) }
  }

  private static func extents(_ value: JSONValue?) -> [Int]? {
    guard let value else { return nil }
    let extents = value.elements.compactMap(\.int)
    return extents.count == value.elements.count ? extents : nil
  }

  /// Zero where the fill value is not a plain finite number: TensorStore leaves out only chunks of it.
  private static func fill(_ value: JSONValue?, _ type: ElementType, _ isBigEndian: Bool) -> [UInt8]
  {
    let zero = [UInt8](repeating: 0, count: type.byteWidth)
    guard let number = value?.double ?? value?.bool.map({ $0 ? 1 : 0 }), number != 0 else {
      return zero
    }
    let bits: UInt64
    switch type {
    case .float64: bits = number.bitPattern
    case .float32: bits = UInt64(Float(number).bitPattern)
    case .bfloat16: bits = UInt64(Float(number).bitPattern >> 16)
    default:
      guard !type.isFloatingPoint, let whole = Int64(exactly: number) else { return zero }
      bits = UInt64(bitPattern: whole)
    }
    let little = (0..<type.byteWidth).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
    return isBigEndian ? little.reversed() : little
  }
}
