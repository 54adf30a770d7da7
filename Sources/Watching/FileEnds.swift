// The first and last bytes of a checkpoint file: the zip's end record (PKWARE APPNOTE 6.3 §4.3.14
// to §4.3.16) and the header length of safetensors. Bounded reads by pread, never a mapping.

internal import Glibc

struct FileEnds {
  let descriptor: Int32
  let bytes: Int64

  /// What is missing at the ends, or nil when they look whole, or unlike anything we know: the
  /// worker then tells better than we could.
  func missing(isSafetensors: Bool) -> String? {
    guard bytes > 0 else { return "it is empty" }
    if isSafetensors { return missingOfSafetensors() }
    let start = read(at: 0, count: 4)
    guard start.count == 4 else { return "it has \(bytes) bytes" }
    guard start == [0x50, 0x4B, 0x03, 0x04] else { return nil }
    return hasZipEnd() ? nil : "the zip archive's end record is not there yet"
  }

  /// The last bytes, at most `count`.
  func last(_ count: Int) -> [UInt8] {
    read(at: max(0, bytes - Int64(count)), count: count)
  }

  private func missingOfSafetensors() -> String? {
    let start = read(at: 0, count: 8)
    guard start.count == 8 else { return "it has \(bytes) bytes, and the header length takes 8" }
    let length = littleEndian(start[...])
    // Longer headers are not allowed: that is for the worker to refuse, not for us to wait for.
    guard length <= 100_000_000 else { return nil }
    let end = Int64(length) + 8
    return end <= bytes ? nil : "the header ends at byte \(end), the file at \(bytes)"
  }

  /// Whether the file ends with an end record whose directory lies inside the file. A comment,
  /// which PyTorch never writes, may follow it.
  private func hasZipEnd() -> Bool {
    let tail = last(65_557)
    guard tail.count >= 22 else { return false }
    var position = tail.count - 22
    while position >= 0 {
      if tail[position] == 0x50, tail[position + 1] == 0x4B, tail[position + 2] == 0x05,
        tail[position + 3] == 0x06,
        littleEndian(tail[(position + 20)..<(position + 22)]) == UInt64(tail.count - position - 22)
      {
        return isDirectoryInside(tail, position)
      }
      position -= 1
    }
    return false
  }

  private func isDirectoryInside(_ tail: [UInt8], _ position: Int) -> Bool {
    let endRecord = bytes - Int64(tail.count) + Int64(position)
    var size = littleEndian(tail[(position + 12)..<(position + 16)])
    var offset = littleEndian(tail[(position + 16)..<(position + 20)])
    if size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      let locator = read(at: endRecord - 20, count: 20)
      guard locator.count == 20, locator[0..<4].elementsEqual([0x50, 0x4B, 0x06, 0x07]),
        let at = Int64(exactly: littleEndian(locator[8..<16])), at <= endRecord - 76
      else { return false }
      let record = read(at: at, count: 56)
      guard record.count == 56, record[0..<4].elementsEqual([0x50, 0x4B, 0x06, 0x06]) else {
        return false
      }
      size = littleEndian(record[40..<48])
      offset = littleEndian(record[48..<56])
    }
    let (end, overflow) = offset.addingReportingOverflow(size)
    return !overflow && end <= UInt64(max(0, endRecord))
  }

  private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Fewer bytes than asked for when the file is shorter or cannot be read.
  private func read(at offset: Int64, count: Int) -> [UInt8] {
    guard offset >= 0 else { return [] }
    var buffer = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = buffer.withUnsafeMutableBytes { raw in
        pread(
          descriptor, raw.baseAddress.map { $0 + filled }, count - filled,
          off_t(offset) + off_t(filled))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      filled += got
    }
    return Array(buffer[..<filled])
  }
}
