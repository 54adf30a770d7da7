// Orbax's checkpoints, made from nothing: nodes of a tree of keys, and zarr's descriptions.

package enum OrbaxBytes {
  private static func framed(_ mark: [UInt8], _ body: [UInt8]) -> [UInt8] {
    let all = mark + little(UInt64(body.count + 18), 8) + [0, 0] + body
    return all + little(UInt64(crc32c(all)), 4)
  }

  /// A node of any body, and a manifest of any body, uncompressed, with right length and checksum.
  package static func node(_ body: [UInt8]) -> [UInt8] { framed([0x0C, 0xDB, 0x20, 0xDE], body) }
  package static func manifest(_ body: [UInt8]) -> [UInt8] {
    framed([0x0C, 0xDB, 0x3A, 0x2A], body)
  }

  /// A manifest whose one version has its root in a file.
  package static func manifest(
    file: String, offset: UInt64 = 0, count: UInt64, height: UInt8 = 0
  ) -> [UInt8] {
    let name = Array(file.utf8)
    var body = [UInt8](repeating: 7, count: 16) + [0] + varint(1_024) + varint(1 << 20) + [4, 0]
    body += [1] + varint(UInt64(name.count)) + [0] + name
    body += [1, 1, height, 0] + varint(offset) + varint(count) + [0, 0, 0] + little(1, 8) + [0]
    return manifest(body)
  }

  /// A leaf with its values in it.
  package static func leaf(_ values: [(key: String, value: [UInt8])]) -> [UInt8] {
    var body: [UInt8] = [0, 0] + varint(UInt64(values.count))
    body += values.dropFirst().flatMap { _ in varint(0) }
    body += values.flatMap { varint(UInt64($0.key.utf8.count)) }
    body += values.flatMap { Array($0.key.utf8) }
    body += values.flatMap { varint(UInt64($0.value.count)) }
    body += values.map { _ in 0 }
    return node(body + values.flatMap(\.value))
  }

  /// A leaf with one value, in another file.
  package static func leaf(
    key: String, file: String, offset: UInt64, count: UInt64
  ) -> [UInt8] {
    let name = Array(file.utf8)
    var body: [UInt8] = [0, 1] + varint(UInt64(name.count)) + [0] + name + [1]
    body += varint(UInt64(key.utf8.count)) + Array(key.utf8) + varint(count) + [1, 0]
    return node(body + varint(offset))
  }

  /// An inner node with one child.
  package static func inner(
    height: UInt8, file: String, offset: UInt64, count: UInt64, common: UInt64 = 0
  ) -> [UInt8] {
    let name = Array(file.utf8)
    var body: [UInt8] = [height, 1] + varint(UInt64(name.count)) + [0] + name + [1]
    body += varint(1) + varint(common) + Array("a".utf8) + [0] + varint(offset) + varint(count)
    return node(body + [1, 1, 1])
  }

  /// Zarr's description, version 2, of four float32 in one chunk.
  package static func zarray(
    shape: String = "[4]", chunks: String = "[4]", type: String = "<f4",
    compressor: String = "null", order: String = "C", more: String = ""
  ) -> [UInt8] {
    Array(
      """
      {"chunks":\(chunks),"compressor":\(compressor),"dtype":"\(type)","fill_value":null,\
      "filters":null,"order":"\(order)","shape":\(shape),"zarr_format":2\(more)}
      """.utf8)
  }

  /// Zarr's description, version 3, with these codecs.
  package static func zarr3(_ codecs: String, shape: String = "[4]", chunks: String = "[4]")
    -> [UInt8]
  {
    Array(
      """
      {"shape":\(shape),"data_type":"float32","chunk_grid":{"name":"regular","configuration":\
      {"chunk_shape":\(chunks)}},"chunk_key_encoding":{"name":"default"},"fill_value":0.0,\
      "codecs":\(codecs),"zarr_format":3,"node_type":"array"}
      """.utf8)
  }
}
