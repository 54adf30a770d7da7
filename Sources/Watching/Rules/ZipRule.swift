// Zip archives: the end record, and a directory inside the file (PKWARE APPNOTE 6.3 §4.3.14 to §4.3.16).

enum ZipRule: FileRule {
  static func claims(_ file: FileEnds, name: String) -> Bool {
    file.read(at: 0, count: 4) == [0x50, 0x4B, 0x03, 0x04]
  }

  static func missing(_ file: FileEnds) -> String? {
    hasEnd(file) ? nil : "the zip archive's end record is not there yet"
  }

  /// Whether the file ends with an end record whose directory lies inside the file. A comment,
  /// which PyTorch never writes, may follow it.
  private static func hasEnd(_ file: FileEnds) -> Bool {
    let tail = file.last(65_557)
    guard tail.count >= 22 else { return false }
    var position = tail.count - 22
    while position >= 0 {
      if tail[position] == 0x50, tail[position + 1] == 0x4B, tail[position + 2] == 0x05,
        tail[position + 3] == 0x06,
        FileEnds.littleEndian(tail[(position + 20)..<(position + 22)])
          == UInt64(tail.count - position - 22)
      {
        return isDirectoryInside(file, tail, position)
      }
      position -= 1
    }
    return false
  }

  private static func isDirectoryInside(
    _ file: FileEnds, _ tail: [UInt8], _ position: Int
  ) -> Bool {
    let endRecord = file.bytes - Int64(tail.count) + Int64(position)
    var size = FileEnds.littleEndian(tail[(position + 12)..<(position + 16)])
    var offset = FileEnds.littleEndian(tail[(position + 16)..<(position + 20)])
    if size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      let locator = file.read(at: endRecord - 20, count: 20)
      guard locator.count == 20, locator[0..<4].elementsEqual([0x50, 0x4B, 0x06, 0x07]),
        let at = Int64(exactly: FileEnds.littleEndian(locator[8..<16])), at <= endRecord - 76
      else { return false }
      let record = file.read(at: at, count: 56)
      guard record.count == 56, record[0..<4].elementsEqual([0x50, 0x4B, 0x06, 0x06]) else {
        return false
      }
      size = FileEnds.littleEndian(record[40..<48])
      offset = FileEnds.littleEndian(record[48..<56])
    }
    let (end, overflow) = offset.addingReportingOverflow(size)
    return !overflow && end <= UInt64(max(0, endRecord))
  }
}
