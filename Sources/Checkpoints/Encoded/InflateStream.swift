// Raw deflated bytes of a file (RFC 1951), inflated a piece at a time: memory stays bounded whatever
// they expand to.
internal import CZlib
internal import Diagnostics

final class InflateStream {
  private let file: InputFile
  private let place: String
  private var offset: Int
  private var left: Int
  private var input: [UInt8] = []
  private var used = 0
  /// At an address that does not move: zlib's own state points back to it.
  private let stream: UnsafeMutablePointer<z_stream>
  private static let pieceBytes = 1 << 18

  init(_ file: InputFile, at offset: Int, count: Int, place: String) throws(Problem) {
    self.file = file
    self.place = place
    self.offset = offset
    left = count
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let bytes = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(stream, Deflate.Wrapping.raw.rawValue, zlibVersion(), bytes) == Z_OK else {
      throw Problem("bad-deflate", at: place, "zlib does not start", remedy: "check zlib's version")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Fills the whole buffer. Errors: `bad-deflate`.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    var done = 0
    while done < buffer.count {
      if used == input.count, left > 0 {
        input = try file.bytes(at: offset, count: min(left, Self.pieceBytes))
        offset += input.count
        left -= input.count
        used = 0
      }
      let room = min(buffer.count - done, Int(UInt32.max))
      let offered = input.count - used
      let target = buffer.baseAddress.map { ($0 + done).assumingMemoryBound(to: UInt8.self) }
      var status = Z_OK
      input.withUnsafeMutableBufferPointer { source in
        stream.pointee.next_in = source.baseAddress.map { $0 + used }
        stream.pointee.avail_in = UInt32(offered)
        stream.pointee.next_out = target
        stream.pointee.avail_out = UInt32(room)
        status = inflate(stream, Z_NO_FLUSH)
      }
      let produced = room - Int(stream.pointee.avail_out)
      let consumed = offered - Int(stream.pointee.avail_in)
      used += consumed
      done += produced
      let isStuck = produced == 0 && consumed == 0 && (offered > 0 || left == 0)
      guard status == Z_OK || status == Z_BUF_ERROR && !isStuck || status == Z_STREAM_END,
        !isStuck, status != Z_STREAM_END || done == buffer.count
      else {
        throw Problem(
          "bad-deflate", at: place, "it does not inflate to as many bytes as its header says",
          remedy: "copy the file again")
      }
    }
  }

  func bytes(_ count: Int) throws(Problem) -> [UInt8] {
    try [UInt8](count: count, filledBy: read(into:))
  }

  func skip(_ count: Int) throws(Problem) { _ = try bytes(count) }
}
