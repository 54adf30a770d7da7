// What we write must not lie in what we watch, or the daemon would watch itself; roots must not
// lie in each other, or a checkpoint would have two runs. Checked by path and by (device, inode)
// of every folder above, which sees through bind mounts (reliability.md).

internal import Diagnostics
internal import Glibc
internal import Watching
internal import YAML

enum FolderChecks {
  static func check(
    _ configuration: Configuration, _ marks: [Mark], _ top: MappingReader
  ) throws(Problem) {
    for (number, root) in configuration.roots.enumerated() {
      for (key, folder) in [("state", configuration.state), ("reports", configuration.reports)] {
        if isInside(folder, root.path) {
          throw top.problem(
            "folder-inside-root", key: key,
            "the \(key) folder \(folder) lies in the watched folder \(root.path)",
            remedy: "put it somewhere else: nothing is ever written into a watched folder")
        }
        if isInside(root.path, folder) {
          throw top.source.problem(
            "root-inside-folder", at: marks[number],
            "the watched folder \(root.path) lies in the \(key) folder \(folder)",
            remedy: "watch the folder that the training writes to")
        }
      }
      for other in configuration.roots[..<number] {
        if isInside(root.path, other.path) || isInside(other.path, root.path) {
          throw top.source.problem(
            "root-inside-root", at: marks[number],
            "the watched folders \(root.path) and \(other.path) lie in each other",
            remedy: "keep the outer one")
        }
      }
    }
  }

  /// Folders in which everyone may put what we would take for our own are refused.
  static func checkRights(
    _ configuration: Configuration, _ top: MappingReader
  ) throws(Problem) {
    for (key, folder) in [("state", configuration.state), ("reports", configuration.reports)] {
      var status = stat()
      guard stat(folder, &status) == 0, status.st_mode & S_IWOTH != 0,
        status.st_mode & S_ISVTX == 0
      else { continue }
      throw top.problem(
        "insecure-folder", key: key, "everyone may write into the \(key) folder \(folder)",
        remedy: "chmod o-w it, or say allow_insecure_dirs: true")
    }
  }

  /// Whether a path is the folder or lies in it.
  private static func isInside(_ path: String, _ folder: String) -> Bool {
    if Path.relative(path, to: folder) != nil { return true }
    var status = stat()
    guard stat(folder, &status) == 0 else { return false }
    return RealPath.identities(path).contains([UInt64(status.st_dev), UInt64(status.st_ino)])
  }
}
