// Inflating deflated bytes (RFC 1950 to 1952) to a size that the caller knows beforehand.
internal import CZlib
internal import Diagnostics

enum Deflate {
  /// What stands around the deflated bytes; zlib's code for it.
  enum Wrapping: Int32 {
    /// Nothing: zip records.
    case raw = -15
    /// zlib's own header and Adler-32: HDF5.
    case zlib = 15
    case gzip = 31
  }

  /// Inflates exactly `bytes` bytes, or fewer when `isPrefix`. The output can never outgrow what
  /// the caller asked for. Errors: `bad-deflate`, `expansion` (more than deflate can produce).
  static func inflate(
    _ stored: [UInt8], bytes: Int, isPrefix: Bool = false, wrapping: Wrapping = .raw, place: String
  ) throws(Problem) -> [UInt8] {
    // Deflate cannot expand beyond 1032 : 1.
    guard bytes / 1_100 <= stored.count else {
      throw Problem(
        "expansion", at: place, "\(stored.count) bytes claim to inflate to \(bytes)",
        remedy: "do not trust this file")
    }
    var stream = z_stream()
    let version = zlibVersion()
    let streamBytes = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, wrapping.rawValue, version, streamBytes) == Z_OK else {
      throw Problem("bad-deflate", at: place, "zlib does not start", remedy: "check zlib's version")
    }
    defer { inflateEnd(&stream) }
    var input = stored
    var status = Z_OK
    var produced = 0
    let output = [UInt8](unsafeUninitializedCapacity: bytes + 1) { buffer, count in
      input.withUnsafeMutableBufferPointer { source in
        stream.next_in = source.baseAddress
        stream.next_out = buffer.baseAddress
        var sourceLeft = source.count
        // One byte more than wanted, so that a stream that is too long shows.
        var roomLeft = isPrefix ? bytes : bytes + 1
        repeat {
          let offered = min(sourceLeft, Int(UInt32.max))
          let room = min(roomLeft, Int(UInt32.max))
          stream.avail_in = UInt32(offered)
          stream.avail_out = UInt32(room)
          status = CZlib.inflate(&stream, Z_NO_FLUSH)
          sourceLeft -= offered - Int(stream.avail_in)
          roomLeft -= room - Int(stream.avail_out)
          produced += room - Int(stream.avail_out)
        } while status == Z_OK && roomLeft > 0 && sourceLeft > 0
      }
      count = produced
    }
    let ended = status == Z_STREAM_END || isPrefix && status == Z_OK
    guard ended, isPrefix || produced == bytes else {
      throw Problem(
        "bad-deflate", at: place, "it inflates to \(produced) bytes, not to \(bytes)",
        remedy: "copy the file again")
    }
    return output
  }
}
