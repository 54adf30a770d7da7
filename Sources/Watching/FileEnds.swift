// The first and last bytes of a file: bounded reads by pread, never a mapping.

internal import Glibc

struct FileEnds {
  let descriptor: Int32
  let bytes: Int64

  /// The last bytes, at most `count`.
  func last(_ count: Int) -> [UInt8] {
    read(at: max(0, bytes - Int64(count)), count: count)
  }

  static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Fewer bytes than asked for when the file is shorter or cannot be read.
  func read(at offset: Int64, count: Int) -> [UInt8] {
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
