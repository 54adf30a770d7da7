// Files that a parser under test opens; in memory where the system has a place for that.
import Glibc

enum Scratch {
  /// A folder of this process, made at first use.
  private static let folder: String = {
    var template = Array("/dev/shm/fuzz-XXXXXX".utf8CString)
    if mkdtemp(&template) == nil {
      template = Array("/tmp/fuzz-XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { fatalError("no folder for inputs") }
    }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    removedAtEnd = path
    atexit { Scratch.remove(Scratch.removedAtEnd) }
    return path
  }()
  private nonisolated(unsafe) static var removedAtEnd = ""

  /// Writes a file below the folder; returns its path.
  static func write(_ bytes: [UInt8], as name: String) -> String {
    let path = "\(folder)/\(name)"
    for slash in name.indices where name[slash] == "/" {
      mkdir("\(folder)/\(name[..<slash])", 0o700)
    }
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { fatalError("\(path) cannot be written") }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      guard count > 0 else { fatalError("\(path) cannot be written") }
      done += count
    }
    close(file)
    return path
  }

  private static func remove(_ path: String) {
    if let stream = opendir(path) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { remove("\(path)/\(name)") }
      }
      closedir(stream)
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}
