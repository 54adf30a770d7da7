// Bytes compressed with Zstandard (RFC 8878), decompressed a piece at a time: memory stays bounded
// whatever they expand to.
internal import CZstd
internal import Diagnostics

final class ZstandardStream {
  private let source: StoredValue
  private let complaint: Complaint
  private var at: Int
  private let end: Int
  private var input: [UInt8] = []
  private var used = 0
  private let context: OpaquePointer
  /// 0 at the end of the frame.
  private var hint = 1
  private static let pieceBytes = 1 << 18
  /// 2²⁷ bytes, what the command-line tool takes by default: no file chooses our memory.
  private static let windowLog: Int32 = 27

  /// - Parameter range: the compressed bytes in the value, which the caller has checked.
  init(_ source: StoredValue, range: Range<Int>, _ complaint: Complaint) throws(Problem) {
    self.source = source
    self.complaint = complaint
    (at, end) = (range.lowerBound, range.upperBound)
    guard let context = ZSTD_createDCtx() else { throw complaint.tooLarge("zstd gets no memory") }
    self.context = context
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog)
  }

  deinit { ZSTD_freeDCtx(context) }

  /// How many bytes the first frame says that it holds; nil when it does not say.
  func statedBytes() throws(Problem) -> Int? {
    // The longest header of a frame has 18 bytes.
    let head = try source.bytes(at: at, count: min(end - at, 18))
    let bytes = head.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    // The two largest numbers stand for "unknown" and for "no frame", which reading it will tell.
    return bytes < UInt64.max - 1 ? Int(clamping: bytes) : nil
  }

  /// Fills as much of the buffer as there is; fewer bytes than it holds only at the end of the frame.
  /// Errors: `bad-…` when the bytes are not what zstd writes, `incomplete-…` when they end too early.
  func readUpTo(_ buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
    var done = 0
    while done < buffer.count, hint != 0 {
      if used == input.count, at < end {
        input = try source.bytes(at: at, count: min(end - at, Self.pieceBytes))
        at += input.count
        used = 0
      }
      var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: done)
      let consumed = input.withUnsafeBytes { bytes in
        var piece = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: used)
        hint = ZSTD_decompressStream(context, &output, &piece)
        return piece.pos - used
      }
      guard ZSTD_isError(hint) == 0 else {
        throw complaint.bad("its compressed bytes are damaged")
      }
      guard output.pos > done || consumed > 0 || hint == 0 || at < end else {
        throw complaint.incomplete("compressed bytes end too early")
      }
      used += consumed
      done = output.pos
    }
    return done
  }

  /// Fills the whole buffer. Errors: also `bad-…` when the frame holds less.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) {
    guard try readUpTo(buffer) == buffer.count else {
      throw complaint.bad("compressed bytes hold less than they should")
    }
  }

  /// The next `count` bytes.
  func bytes(_ count: Int) throws(Problem) -> [UInt8] {
    try [UInt8](count: count, filledBy: read(into:))
  }

  /// A frame of unknown length, whole. Errors: also `too-large` beyond `limit` bytes.
  func all(limit: Int) throws(Problem) -> [UInt8] {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
    while true {
      var problem: Problem?
      var count = 0
      piece.withUnsafeMutableBytes { buffer in
        do throws(Problem) { count = try readUpTo(buffer) } catch { problem = error }
      }
      if let problem { throw problem }
      all += piece[..<count]
      guard all.count <= limit else {
        throw complaint.tooLarge("a compressed part that holds more than \(limit) bytes")
      }
      try MemoryAllowance.check(all.count, at: complaint.path)
      if count < piece.count { return all }
    }
  }
}
