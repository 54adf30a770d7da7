// Elements that do not lie in a file as they are: compressed, quantised, or in pieces.
internal import Diagnostics

/// Where bytes come from: a file, or memory.
protocol ByteSource: Sendable {
  /// Fills the buffer with the bytes from `offset` on, all of them; the caller stays in bounds.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Problem)
}

extension InputFile: ByteSource {}

/// How the elements of a stored tensor are brought into plain form; knows its own files.
protocol TensorEncoding: Sendable {
  /// Begins at the first element.
  func stream(of tensor: StoredTensor) throws(Problem) -> any ElementStream
}

/// A tensor's elements in logical row-major order, packed, in the byte order of its location.
protocol ElementStream {
  /// Fills the buffer with the next `count` elements. Never called beyond the last one.
  mutating func read(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Problem)
}

/// Bytes that were brought into memory whole.
struct MemoryBytes: ByteSource {
  let bytes: [UInt8]

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Problem) {
    guard offset >= 0, buffer.count <= bytes.count, offset <= bytes.count - buffer.count else {
      throw Problem(
        "truncated", at: "byte \(offset)", "the decoded bytes end before it",
        remedy: "copy the file again")
    }
    bytes.withUnsafeBytes {
      buffer.copyMemory(from: .init(rebasing: $0[offset...].prefix(buffer.count)))
    }
  }
}

/// Elements one after the other in any byte source.
struct PackedStream: ElementStream {
  let source: any ByteSource
  let width: Int
  var offset: Int

  mutating func read(
    _ count: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Problem) {
    try source.read(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * width)]), at: offset)
    offset += count * width
  }
}
