// A span of a file that is read as if it were one: an archive of its own inside a larger file.
internal import Diagnostics

struct FileWindow: Sendable {
  let file: InputFile
  /// Where it begins in the file, and its bytes; checked against the file's size by whoever made it.
  let start: Int
  let size: Int

  init(_ file: InputFile) {
    self.file = file
    start = 0
    size = file.size
  }

  /// Nil when the span does not lie in the file.
  init?(_ file: InputFile, start: Int, size: Int) {
    guard start >= 0, size >= 0, start <= file.size, size <= file.size - start else { return nil }
    self.file = file
    self.start = start
    self.size = size
  }

  var path: String { file.path }

  /// The bytes `offset ..< offset + count` of the span, which the caller has checked against its size.
  func bytes(at offset: Int, count: Int) throws(Problem) -> [UInt8] {
    try file.bytes(at: start + offset, count: count)
  }
}
