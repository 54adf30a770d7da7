// What opening a checkpoint may read, for a sandbox that is closed before the first byte.
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
    let others = Folder.visibleNames(
      in: folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder, beginning: start)
    return [path] + others.prefix(mostPlaces).map { path.dropLast(name.utf8.count) + $0 }
  }
}
