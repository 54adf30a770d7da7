// What reading a probe may open, for a sandbox that is closed before anything is read.
internal import Checkpoints
import Glibc

extension ProbeDefinition {
  /// The folder, and the files that links in it lead to: large graphs and batches are often linked.
  public static func places(of directory: String) -> [String] {
    var places = [resolvingLinks(directory)]
    for name in Folder.visibleNames(in: directory).prefix(ProbeFolderState.mostFiles)
    where kind(of: "\(directory)/\(name)") == S_IFLNK {
      // A link to a folder would open all of it.
      let target = resolvingLinks("\(directory)/\(name)")
      if kind(of: target) == S_IFREG { places.append(target) }
    }
    return places
  }

  private static func kind(of path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}

/// The path that links lead to; the path itself when there is nothing.
func resolvingLinks(_ path: String) -> String {
  guard let resolved = realpath(path, nil) else { return path }
  defer { free(resolved) }
  return String(cString: resolved)
}
