// What opening a checkpoint may read, for a sandbox that is closed before the first byte.
internal import Glibc

extension Checkpoint {
  /// Paths of everything that opening the checkpoint at a path may read: files, and folders with all
  /// that lies below them. Names are looked at, and nothing is opened.
  public static func places(of path: String) -> [String] {
    // A TensorFlow bundle is an index and the data files beside it.
    let suffix = ".index"
    guard path.hasSuffix(suffix) else { return [path] }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let name = parts.last.map(String.init) ?? path
    let folder = parts.dropLast().joined(separator: "/")
    let data = "\(name.dropLast(suffix.count)).data-"
    guard let stream = opendir(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder) else {
      return [path]
    }
    defer { closedir(stream) }
    var places = [path]
    while places.count <= 1_024, let entry = readdir(stream) {
      let other = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if other.hasPrefix(data) { places.append(path.dropLast(name.count) + other) }
    }
    return places
  }
}
