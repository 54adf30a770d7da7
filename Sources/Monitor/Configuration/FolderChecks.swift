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
    let roots = configuration.roots.map { Place($0.path) }
    let ours = [
      ("state", Place(configuration.state)), ("reports", Place(configuration.reports)),
    ]
    for (number, root) in roots.enumerated() {
      var status = stat()
      // What is not there yet is waited for.
      if stat(root.path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
        throw top.source.problem(
          "root-no-folder", at: marks[number], "\(root.path) is no folder",
          remedy: "watch the folder that the training writes to")
      }
      for (key, folder) in ours {
        if folder.isInside(root) {
          throw top.problem(
            "folder-inside-root", key: key,
            "the \(key) folder \(folder.path) lies in the watched folder \(root.path)",
            remedy: "put it somewhere else: nothing is ever written into a watched folder")
        }
        if root.isInside(folder) {
          throw top.source.problem(
            "root-inside-folder", at: marks[number],
            "the watched folder \(root.path) lies in the \(key) folder \(folder.path)",
            remedy: "watch the folder that the training writes to")
        }
      }
      for other in roots[..<number] {
        if root.isInside(other) || other.isInside(root) {
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
}

/// A folder by its path and by what the kernel calls it and those above it.
private struct Place {
  let path: String
  private let own: [UInt64]?
  private let above: Set<[UInt64]>

  /// Looks at a folder; one on a dead mount is known by its path only.
  init(_ path: String) {
    self.path = path
    let found = BoundedCalls.ofConfiguration.answer {
      (own: RealPath.identity(path), above: RealPath.identities(path))
    }
    (own, above) = (found?.own, found?.above ?? [])
  }

  /// Whether it is the folder or lies in it.
  func isInside(_ folder: Place) -> Bool {
    Path.relative(path, to: folder.path) != nil || folder.own.map { above.contains($0) } ?? false
  }
}
