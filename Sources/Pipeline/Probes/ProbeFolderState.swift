// Whether a probe's folder is still as it was when it was read.
internal import Checkpoints
import Glibc

/// Size, times and inode of every file of a probe's folder, links followed.
public struct ProbeFolderState: Sendable, Hashable {
  private struct File: Hashable {
    let name: String
    let device: UInt
    let inode: UInt
    let bytes: Int
    let times: [Int]
  }
  private let files: Set<File>
  /// How many names of a probe's folder are looked at.
  static let mostFiles = 1_024

  /// Looks at a folder; one that cannot be looked at has no files.
  public init(of directory: String) {
    files = Self.files(in: directory)
  }

  private static func files(in directory: String) -> Set<File> {
    var files: Set<File> = []
    for name in Folder.visibleNames(in: directory).prefix(mostFiles) {
      var status = stat()
      guard stat("\(directory)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG
      else { continue }
      files.insert(
        File(
          name: name, device: UInt(status.st_dev), inode: UInt(status.st_ino),
          bytes: Int(status.st_size),
          times: [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
            status.st_ctim.tv_nsec,
          ]))
    }
    return files
  }
}
