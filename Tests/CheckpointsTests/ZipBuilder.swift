// Zip archives written by hand, with every lie that a directory can tell.
import CKernels

struct ZipBuilder {
  struct Entry {
    var name: String
    var data: [UInt8]
    var method: UInt64 = 0
    var flags: UInt64 = 0
    /// What the headers claim, where it is not the truth.
    var checksum: UInt32?
    var bytes: UInt64?
    var storedBytes: UInt64?
    var localName: String?
    var localFlags: UInt64?
    var offset: UInt64?
    var extra: [UInt8] = []

    init(_ name: String, _ data: [UInt8]) {
      self.name = name
      self.data = data
    }

    var trueChecksum: UInt32 {
      data.withUnsafeBufferPointer { ck_crc32(0, $0.baseAddress, $0.count) }
    }
  }

  var entries: [Entry] = []
  var prefix: [UInt8] = []
  var comment: [UInt8] = []
  var countLie: UInt64?
  var directoryOffsetLie: UInt64?
  var isWide = false
  var wideLocatorLie: UInt64?
  var wideCountLie: UInt64?

  /// An archive as torch.save lays it out.
  static func torch(
    _ root: Pickled, storages: [(String, [UInt8])] = [("0", floats(1, 2, 3, 4))]
  ) -> ZipBuilder {
    torch(pickle: root.pickle, storages: storages)
  }

  static func torch(pickle: [UInt8], storages: [(String, [UInt8])] = []) -> ZipBuilder {
    ZipBuilder(
      entries: [Entry("a/data.pkl", pickle), Entry("a/byteorder", Array("little".utf8))]
        + storages.map { Entry("a/data/\($0.0)", $0.1) } + [Entry("a/version", Array("3\n".utf8))])
  }

  var bytes: [UInt8] {
    var file = prefix
    var directory: [UInt8] = []
    for entry in entries {
      let offset = entry.offset ?? UInt64(file.count)
      let checksum = UInt64(entry.checksum ?? entry.trueChecksum)
      let sizes =
        little(checksum, 4) + little(entry.storedBytes ?? UInt64(entry.data.count), 4)
        + little(entry.bytes ?? UInt64(entry.data.count), 4)
      let local = Array((entry.localName ?? entry.name).utf8)
      file += little(0x0403_4b50, 4) + little(20, 2) + little(entry.localFlags ?? entry.flags, 2)
      file += little(entry.method, 2) + little(0, 4) + sizes
      file += little(UInt64(local.count), 2) + little(0, 2) + local + entry.data
      directory += little(0x0201_4b50, 4) + little(20, 2) + little(20, 2) + little(entry.flags, 2)
      directory += little(entry.method, 2) + little(0, 4) + sizes
      directory += little(UInt64(entry.name.utf8.count), 2) + little(UInt64(entry.extra.count), 2)
      directory += little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(offset, 4)
      directory += Array(entry.name.utf8) + entry.extra
    }
    let offset = directoryOffsetLie ?? UInt64(file.count)
    let start = UInt64(file.count)
    file += directory
    let count = countLie ?? UInt64(entries.count)
    if isWide {
      let end = wideLocatorLie ?? UInt64(file.count)
      file += little(0x0606_4b50, 4) + little(44, 8) + little(45, 2) + little(45, 2)
      file += little(0, 4) + little(0, 4) + little(wideCountLie ?? count, 8)
      file += little(wideCountLie ?? count, 8) + little(UInt64(directory.count), 8)
      file += little(start, 8)
      file += little(0x0706_4b50, 4) + little(0, 4) + little(end, 8) + little(1, 4)
    }
    file += little(0x0605_4b50, 4) + little(0, 4) + little(count, 2) + little(count, 2)
    file += little(UInt64(directory.count), 4) + little(offset, 4)
    return file + little(UInt64(comment.count), 2) + comment
  }
}
