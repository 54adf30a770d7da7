// Zip archives with the lies that their two directories can tell (PKWARE APPNOTE 6.3).
import CZlib

package struct Zip {
  package struct Record {
    package var name: String
    package var data: [UInt8]
    package var method: UInt64 = 0
    package var flags: UInt64 = 0
    package var bytes: UInt64
    package var checksum: UInt32
    package var offset: UInt64?
    package var localName: String?
    package var localFlags: UInt64?
    package var localBytes: UInt64?
    package var extra: [UInt8] = []

    package init(_ name: String, _ data: [UInt8]) {
      self.name = name
      self.data = data
      bytes = UInt64(data.count)
      checksum = crc32(data)
    }

    /// Compressed, with the size and the checksum of what was compressed.
    package static func deflated(_ name: String, _ content: [UInt8]) -> Record {
      var record = Record(name, deflate(content))
      record.method = 8
      record.bytes = UInt64(content.count)
      record.checksum = crc32(content)
      return record
    }
  }

  package var records: [Record]
  package var prefix: [UInt8] = []
  package var comment: [UInt8] = []
  package var suffix: [UInt8] = []
  package var count: UInt64?
  package var directoryOffset: UInt64?
  /// A ZIP64 end record and its locator, with the directory's size and offset in them.
  package var wide: (size: UInt64?, offset: UInt64?, locator: UInt64?)?

  package init(_ records: [Record]) { self.records = records }

  /// An archive as torch.save lays it out.
  package static func torch(_ pickle: [UInt8], storages: [[UInt8]] = [floats(4)]) -> Zip {
    Zip(
      [Record("archive/data.pkl", pickle), Record("archive/byteorder", Array("little".utf8))]
        + storages.enumerated().map { Record("archive/data/\($0.offset)", $0.element) }
        + [Record("archive/version", Array("3\n".utf8))])
  }

  /// The same with one change.
  package func changed(_ change: (inout Zip) -> Void) -> Zip {
    var zip = self
    change(&zip)
    return zip
  }

  package var encoded: [UInt8] {
    var file = prefix
    var directory: [UInt8] = []
    for record in records {
      let offset = record.offset ?? UInt64(file.count)
      let name = Array((record.localName ?? record.name).utf8)
      let stored = little(UInt64(record.checksum), 4) + little(UInt64(record.data.count), 4)
      file += little(0x0403_4b50, 4) + little(20, 2) + little(record.localFlags ?? record.flags, 2)
      file += little(record.method, 2) + little(0, 4) + stored
      file += little(record.localBytes ?? record.bytes, 4) + little(UInt64(name.count), 2)
      file += little(0, 2) + name + record.data
      directory += little(0x0201_4b50, 4) + little(20, 2) + little(20, 2) + little(record.flags, 2)
      directory += little(record.method, 2) + little(0, 4) + stored + little(record.bytes, 4)
      directory += little(UInt64(record.name.utf8.count), 2)
      directory += little(UInt64(record.extra.count), 2) + little(0, 10)
      directory += little(offset, 4) + Array(record.name.utf8) + record.extra
    }
    let start = directoryOffset ?? UInt64(file.count)
    file += directory
    if let wide {
      let end = wide.locator ?? UInt64(file.count)
      file += little(0x0606_4b50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8)
      file += little(UInt64(records.count), 8) + little(UInt64(records.count), 8)
      file += little(wide.size ?? UInt64(directory.count), 8) + little(wide.offset ?? start, 8)
      file += little(0x0706_4b50, 4) + little(0, 4) + little(end, 8) + little(1, 4)
    }
    let count = little(count ?? UInt64(records.count), 2)
    file += little(0x0605_4b50, 4) + little(0, 4) + count + count
    file += little(UInt64(directory.count), 4) + little(start, 4)
    return file + little(UInt64(comment.count), 2) + comment + suffix
  }
}

/// Raw deflate, as zip stores it.
package func deflate(_ content: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  let size = Int32(MemoryLayout<z_stream>.size)
  guard
    deflateInit2_(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
  else { return [] }
  defer { deflateEnd(&stream) }
  var input = content
  return [UInt8](unsafeUninitializedCapacity: content.count / 1_000 + content.count + 64) {
    output, count in
    let room = output.count
    input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(room)
      _ = CZlib.deflate(&stream, Z_FINISH)
    }
    count = room - Int(stream.avail_out)
  }
}
