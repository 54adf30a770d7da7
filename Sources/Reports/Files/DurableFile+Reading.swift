// Reading a small file whole, with a limit, and never anything but an ordinary file.

public import Diagnostics
internal import Glibc

extension DurableFile {
  /// The bytes of a file, or nil when there is none.
  ///
  /// - Throws: `file-too-large` beyond `limit`, `not-a-file`, or what reading says.
  public static func read(
    _ path: String, limit: Int, on fileSystem: any FileSystem
  ) throws(Problem) -> [UInt8]? {
    let file: OpenFile
    do {
      file = try repeating { () throws(SystemCallError) in try fileSystem.open(path, for: .read) }
    } catch {
      if error.number == ENOENT { return nil }
      throw error.problem(at: path)
    }
    defer { close(file, on: fileSystem) }
    let kind: FileStatus.Kind
    let bytes: [UInt8]
    do {
      kind = try fileSystem.status(of: file).kind
      bytes = kind == .regular ? try contents(of: file, limit: limit, on: fileSystem) : []
    } catch {
      throw error.problem(at: path)
    }
    guard kind == .regular else {
      throw Problem(
        "not-a-file", at: path, "expected an ordinary file",
        remedy: "name a file, or remove what stands in its place")
    }
    guard bytes.count <= limit else {
      throw Problem(
        "file-too-large", at: path, "more than \(limit) bytes",
        remedy: "check that this is the file you mean")
    }
    return bytes
  }

  // Stops soon after the limit: what lies beyond is refused, not read.
  private static func contents(
    of file: OpenFile, limit: Int, on fileSystem: any FileSystem
  ) throws(SystemCallError) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= limit {
      let count = try buffer.withUnsafeMutableBufferPointer {
        (part) throws(SystemCallError) -> Int in
        let raw = UnsafeMutableRawBufferPointer(part)
        return try repeating { () throws(SystemCallError) in
          try fileSystem.read(into: raw, from: file)
        }
      }
      if count == 0 { break }
      bytes.append(contentsOf: buffer[..<count])
    }
    return bytes
  }
}
