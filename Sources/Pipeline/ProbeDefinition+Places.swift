// What reading a probe may open, for a sandbox that is closed before anything is read.
import Glibc

extension ProbeDefinition {
  /// The folder, and the files that links in it lead to: large graphs and batches are often linked.
  public static func places(of directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [directory] }
    defer { closedir(stream) }
    var places = [resolvingLinks(directory)]
    while places.count <= 256, let entry = readdir(stream) {
      guard entry.pointee.d_type == DT_LNK || entry.pointee.d_type == DT_UNKNOWN else { continue }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      // A link to a folder would open all of it.
      let target = resolvingLinks("\(directory)/\(name)")
      var status = stat()
      guard lstat(target, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      places.append(target)
    }
    return places
  }
}

/// The path that links lead to; the path itself when there is nothing.
func resolvingLinks(_ path: String) -> String {
  guard let resolved = realpath(path, nil) else { return path }
  defer { free(resolved) }
  return String(cString: resolved)
}
