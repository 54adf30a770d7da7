// What opening a checkpoint may read, for a sandbox that is closed before the first byte.
internal import Glibc

extension Checkpoint {
  /// Indexes that name files beside them: how the names end that they stand for.
  private static let indexes: [(suffix: String, part: String)] = [
    (TensorFlowBundle.suffix, ".data-"), (KerasShards.suffix, "_"),
  ]
  private static let mostPlaces = 10_000

  /// Paths of everything that opening the checkpoint at a path may read: files, and folders with all
  /// that lies below them. Names are looked at, and nothing is opened.
  public static func places(of path: String) -> [String] {
    guard let index = indexes.first(where: { path.hasSuffix($0.suffix) }) else { return [path] }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let name = parts.last.map(String.init) ?? path
    let folder = parts.dropLast().joined(separator: "/")
    let start = "\(name.dropLast(index.suffix.utf8.count))\(index.part)"
    guard let stream = opendir(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder) else {
      return [path]
    }
    defer { closedir(stream) }
    var places = [path]
    while places.count <= mostPlaces, let entry = readdir(stream) {
      let other = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if other.hasPrefix(start) { places.append(path.dropLast(name.utf8.count) + other) }
    }
    return places
  }
}
