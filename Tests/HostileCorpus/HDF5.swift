// The smallest HDF5 files (HDF5 file format specification 3.0): superblock of version 0, object
// headers of version 1 with links in them. libhdf5 reads them too.

struct HDF5 {
  /// Object headers: each is what it begins at, padded; addresses follow from their order.
  struct Object {
    var messages: [(type: UInt64, body: [UInt8])]
  }

  var objects: [Object]
  /// What follows the headers; contiguous datasets lie in it.
  var data: [UInt8] = []
  /// What the superblock says that the file's end is, where it is not the truth.
  var end: UInt64?

  /// Bytes of each object: enough for the messages of any here.
  static let objectBytes = 1_024
  static let superblockBytes = 96

  static func address(of object: Int) -> UInt64 {
    UInt64(superblockBytes + object * objectBytes)
  }

  /// Where the data begin.
  var dataAddress: UInt64 { Self.address(of: objects.count) }

  static let undefined = UInt64.max

  /// A group's messages: link info, then one link each.
  static func group(_ links: [[UInt8]]) -> Object {
    let info = [UInt8](arrayLiteral: 0, 0) + little(undefined, 8) + little(undefined, 8)
    return Object(messages: [(2, info), (0x0A, [0, 0])] + links.map { (6, $0) })
  }

  static func hardLink(_ name: String, to object: Int) -> [UInt8] {
    [1, 0, UInt8(name.utf8.count)] + Array(name.utf8) + little(address(of: object), 8)
  }

  static func softLink(_ name: String, to path: String) -> [UInt8] {
    [1, 8, 1, UInt8(name.utf8.count)] + Array(name.utf8) + little(UInt64(path.utf8.count), 2)
      + Array(path.utf8)
  }

  static func externalLink(_ name: String, file: String, path: String) -> [UInt8] {
    let value = [0] + Array(file.utf8) + [0] + Array(path.utf8) + [0]
    return [1, 8, 64, UInt8(name.utf8.count)] + Array(name.utf8) + little(UInt64(value.count), 2)
      + value
  }

  /// Dataspace of version 1.
  static func space(_ extents: [UInt64]) -> (UInt64, [UInt8]) {
    (1, [1, UInt8(extents.count), 0, 0, 0, 0, 0, 0] + extents.flatMap { little($0, 8) })
  }

  /// IEEE float32, little-endian.
  static let float32: (UInt64, [UInt8]) = (
    3,
    [0x11, 0x20, 31, 0] + little(4, 4) + little(0, 2) + little(32, 2) + [23, 8, 0, 23]
      + little(127, 4)
  )

  /// Contiguous layout of version 3.
  static func contiguous(_ address: UInt64, _ bytes: UInt64) -> (UInt64, [UInt8]) {
    (8, [3, 1] + little(address, 8) + little(bytes, 8))
  }

  var encoded: [UInt8] {
    var file: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0, 0, 8, 8, 0]
    file += little(4, 2) + little(16, 2) + little(0, 4) + little(0, 8) + little(Self.undefined, 8)
    file += little(end ?? dataAddress + UInt64(data.count), 8) + little(Self.undefined, 8)
    // The root group's entry: nothing cached.
    file += little(0, 8) + little(Self.address(of: 0), 8) + little(0, 8) + little(0, 16)
    for object in objects {
      var messages: [UInt8] = []
      for (type, body) in object.messages {
        let padding = [UInt8](repeating: 0, count: (8 - body.count % 8) % 8)
        messages += little(type, 2) + little(UInt64(body.count + padding.count), 2)
        messages += little(0, 4) + body + padding
      }
      let head =
        [1, 0] + little(UInt64(object.messages.count), 2) + little(1, 4)
        + little(UInt64(messages.count), 4) + little(0, 4)
      file += head + messages
      file += [UInt8](repeating: 0, count: Self.objectBytes - head.count - messages.count)
    }
    return file + data
  }
}
